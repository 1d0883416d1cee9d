import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { machineTime } from './machine-time.ts';

/** A connection of a stream, by the machine's clock. */
export interface Connection {
  readonly stream: string;
  /** The life of the node that has made it, as its header `x-node` says. */
  readonly node: string;
  readonly from: number;
  /** `Infinity` while it is open. */
  to: number;
}

interface Numbered {
  readonly name: string;
  /** The last number that was made. */
  made: number;
  /** When each number was made, by the machine's clock. */
  readonly times: number[];
  readonly open: Set<ServerResponse>;
}

/** A request that was answered with a status and nothing else. */
export interface Refusal {
  readonly stream: string;
  readonly status: number;
  /** By the machine's clock. */
  readonly at: number;
}

export interface SourceOptions {
  /** How many numbers a stream makes in a second. */
  readonly rate: number;
}

/** The time between two looks at the connections, and at the numbers that are due, in ms. */
const beat = 20;

/**
 * An SSE server whose streams make numbered events at a rate, from their first request on, each at
 * moments of its own. A request goes on after its Last-Event-ID. It knows its connections over
 * time, by node.
 */
export class Source {
  readonly url: string;
  /** All connections so far, in the order of their beginnings. */
  readonly connections: Connection[] = [];
  /** The requests that were refused so far. */
  readonly refusals: Refusal[] = [];
  /** From now on the requests of these streams are refused, by their status. */
  readonly refuses = new Map<string, number>();
  readonly #server: Server;
  readonly #streams = new Map<string, Numbered>();
  readonly #timer: NodeJS.Timeout;
  readonly #looks = new Set<() => void>();
  /** Whether a connection was made or has ended since the last looks. */
  #hasChanged = false;
  #rate: number;
  /** Numbers that are due, and not yet made: a part of one. */
  #due = 0;
  #flood = { name: '', rate: 0, due: 0 };
  #beatAt = machineTime();
  #next = 0;

  static async start({ rate }: SourceOptions): Promise<Source> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Source(server, rate);
  }

  private constructor(server: Server, rate: number) {
    this.#server = server;
    this.#rate = rate;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on('request', (request, response) => {
      this.#answer(request, response);
    });
    this.#timer = setInterval(() => {
      this.#makeDue();
      this.#look();
    }, beat);
  }

  /** The last number of each stream. */
  get last(): ReadonlyMap<string, number> {
    return new Map([...this.#streams.values()].map(({ name, made }) => [name, made]));
  }

  /** From now on the streams make so many numbers in a second; 0: the source is quiet. */
  set rate(rate: number) {
    this.#makeDue();
    this.#rate = rate;
  }

  /** Makes so many numbers of a stream at once. */
  make(name: string, count: number): void {
    const stream = this.#of(name);
    const from = stream.made;
    const now = machineTime();
    stream.made += count;
    while (stream.times.length < stream.made) {
      stream.times.push(now);
    }
    const text = eventsAfter(from, stream.made);
    for (const response of stream.open) {
      response.write(text);
    }
  }

  /** From now on a stream makes so many numbers in a second besides; only one stream does. */
  flood(name: string, rate: number): void {
    this.#makeDue();
    this.#flood = { name, rate, due: 0 };
  }

  /** When a number of a stream was made, by the machine's clock. */
  madeAt(name: string, number: number): number {
    return this.#of(name).times[number - 1] ?? NaN;
  }

  /** The connections that are open now, or were at a time. */
  openAt(at: number = machineTime()): readonly Connection[] {
    return this.connections.filter(({ from, to }) => from <= at && at < to);
  }

  /** Resolves once `isSo` holds after a change of the connections; false after so many ms. */
  async until(isSo: () => boolean, ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (isSo()) {
        resolve(true);
      }
    };
    const limit = setTimeout(resolve, ms, false);
    this.#looks.add(look);
    look();
    const wasSo = await promise;
    clearTimeout(limit);
    this.#looks.delete(look);
    return wasSo;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const name = (request.url ?? '').slice(1);
    const status = this.refuses.get(name);
    if (status === undefined) {
      this.#open(this.#of(name), request, response);
    } else {
      this.refusals.push({ stream: name, status, at: machineTime() });
      response.writeHead(status).end();
    }
  }

  #open(stream: Numbered, request: IncomingMessage, response: ServerResponse): void {
    const connection = {
      stream: stream.name,
      node: String(request.headers['x-node']),
      from: machineTime(),
      to: Infinity,
    };
    this.connections.push(connection);
    response.on('close', () => {
      connection.to = machineTime();
      stream.open.delete(response);
      this.#hasChanged = true;
    });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(
      `: \n\n${eventsAfter(Number(request.headers['last-event-id'] ?? 0), stream.made)}`,
    );
    stream.open.add(response);
    this.#hasChanged = true;
  }

  /** Once for all changes of a beat: a look at thousands of connections would hold them up. */
  #look(): void {
    if (this.#hasChanged) {
      this.#hasChanged = false;
      for (const look of this.#looks) {
        look();
      }
    }
  }

  /** Streams take turns: no two make their numbers at one moment. */
  #makeDue(): void {
    const now = machineTime();
    const streams = [...this.#streams.keys()];
    const seconds = (now - this.#beatAt) / 1000;
    this.#due += seconds * this.#rate * streams.length;
    this.#flood.due += seconds * this.#flood.rate;
    this.#beatAt = now;
    for (; this.#due >= 1; this.#due -= 1) {
      this.#next = (this.#next + 1) % streams.length;
      this.make(streams[this.#next] ?? '', 1);
    }
    if (this.#flood.due >= 1) {
      const count = Math.floor(this.#flood.due);
      this.#flood.due -= count;
      this.make(this.#flood.name, count);
    }
  }

  #of(name: string): Numbered {
    const known = this.#streams.get(name);
    if (known !== undefined) {
      return known;
    }
    const stream = { name, made: 0, times: [], open: new Set<ServerResponse>() };
    this.#streams.set(name, stream);
    return stream;
  }
}

/** The events with the numbers after `from`, up to `to`. */
function eventsAfter(from: number, to: number): string {
  const numbers = Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index + 1);
  return numbers.map((number) => `id: ${number}\ndata: ${number}\n\n`).join('');
}
