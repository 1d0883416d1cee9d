import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';

import { type Clock, systemClock } from '@reprise/actor';

import { checkedFault } from './checked-fault.ts';
import type { Fault } from './fault.ts';
import { numberOf } from './numbered-event.ts';
import { type FaultPlan, transientFaults } from './plan.ts';
import { type Outcome, Performance } from './player.ts';
import { randomOf } from './random.ts';
import { play } from './script.ts';
import { ChaosStream } from './stream.ts';

export interface ChaosOptions {
  /**
   * The same seed, plan and number of a connection make the same fault. Default: another one each
   * time; `server.seed` says which.
   */
  readonly seed?: number;
  /** Default: `transientFaults`. */
  readonly plan?: FaultPlan;
  /**
   * How many events the clock makes on each stream; 0 for none but those of `produce`. Default: 10.
   */
  readonly eventsPerSecond?: number;
  /** How many of its last events a stream can send again. Default: 10 000. */
  readonly history?: number;
  /** Default: the host's own time. */
  readonly clock?: Clock;
  /** Told of each entry of the log, as it is made. It must not throw. */
  readonly onEntry?: (entry: ChaosEntry) => void;
}

/** What the server did; `at` is the time on its clock. */
export type ChaosEntry =
  | {
      readonly type: 'request';
      readonly at: number;
      readonly stream: string;
      /** The number of the request among those of its stream, from 1 on. */
      readonly connection: number;
      readonly headers: IncomingHttpHeaders;
      /** What goes wrong with it. */
      readonly fault: Fault | undefined;
      /**
       * The number of the event that comes next for who has asked so: after its Last-Event-ID, or
       * the oldest there is.
       */
      readonly first: number;
      /** How many events lie between the Last-Event-ID and `first`: those can be had no more. */
      readonly missed: number;
    }
  | ({
      readonly type: 'closed';
      readonly at: number;
      readonly stream: string;
      readonly connection: number;
    } & Outcome);

/** A server that is running. */
export interface ChaosServer extends AsyncDisposable {
  readonly seed: number;
  /** Its root: `${url}prices` is the stream `prices`. */
  readonly url: string;
  /**
   * The stream of this name; it makes events from now on, if there was no request for it yet.
   * @throws RangeError for a name that is not made of letters, digits, `-`, `.`, `_` and `~`.
   */
  stream(name: string): ChaosStream;
  /** How many connections are open now. */
  readonly connections: number;
  /** What it did, in order: the last 10 000 entries. */
  readonly log: readonly ChaosEntry[];
  /** Ends every connection and every timer. */
  close(): Promise<void>;
}

/**
 * Starts a real HTTP server, on a free port of 127.0.0.1, that does to its clients what networks,
 * proxies and servers do, and from a seed: what a client did wrong can be shown again. Every path
 * is a stream of numbered events, which goes on after the Last-Event-ID it is given; a request
 * without one gets the oldest event there is first. So a client that has handled all of
 * `stream.produced` has lost nothing.
 *
 * Its dates are those of the host; all else is on the clock that is given, which can be a
 * `jumpingClock`.
 * @throws RangeError for a number that is none, or below 0; for a history that is no whole number
 * from 1 on. TypeError for a plan that is no function.
 */
export async function chaos(options: ChaosOptions = {}): Promise<ChaosServer> {
  assertOptions(options);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return new HttpChaos(server, options);
}

class HttpChaos implements ChaosServer {
  readonly seed: number;
  readonly url: string;
  readonly log: ChaosEntry[] = [];
  readonly #server: Server;
  readonly #options: ChaosOptions;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Map<string, ChaosStream>();
  #isClosed = false;

  constructor(server: Server, options: ChaosOptions) {
    const { seed = Math.floor(Math.random() * 2 ** 32), clock = systemClock() } = options;
    this.seed = seed;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    this.#server = server;
    this.#options = options;
    this.#clock = clock;
    server.on('connection', (socket: Socket) => {
      this.#keep(socket);
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('request', (request, response) => {
      const name = URL.parse(request.url ?? '', this.url)?.pathname.slice(1) ?? '';
      if (streamName.test(name)) {
        this.#answer(request, this.stream(name));
      } else {
        response.writeHead(404, { connection: 'close' }).end();
      }
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  stream(name: string): ChaosStream {
    if (!streamName.test(name)) {
      throw new RangeError(
        `Expected a name of letters, digits, "-", ".", "_", "~", got ${JSON.stringify(name)}`,
      );
    }
    const known = this.#streams.get(name);
    if (known !== undefined) {
      return known;
    }
    const { eventsPerSecond = 10, history = 10_000 } = this.#options;
    const url = `${this.url}${name}`;
    const stream = new ChaosStream({ name, url, clock: this.#clock, eventsPerSecond, history });
    if (this.#isClosed) {
      stream.stop();
    }
    this.#streams.set(name, stream);
    return stream;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#streams.values()) {
      stream.stop();
    }
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Its client breaks off as it likes.
    socket.on('error', () => undefined);
  }

  #answer(request: IncomingMessage, stream: ChaosStream): void {
    const { socket, headers } = request;
    const { plan = transientFaults } = this.#options;
    const { name } = stream;
    const connection = stream.connect();
    const random = randomOf(`${this.seed}/${name}/${connection}`);
    const fault = checkedFault(plan({ stream: name, connection, random }));
    const position = positionOf(headers, stream);
    this.#tell({ type: 'request', ...this.#place(name, connection), headers, fault, ...position });
    const { first } = position;
    const steps = play(fault, { stream: name, connection, first, random, now: Date.now() });
    const closed = (outcome: Outcome): void => {
      this.#tell({ type: 'closed', ...this.#place(name, connection), ...outcome });
    };
    // The body is not looked at, but has to be out of the way.
    request.resume();
    new Performance(steps, socket, stream, this.#clock).start(closed);
  }

  #place(stream: string, connection: number) {
    return { at: this.#clock.now(), stream, connection };
  }

  #tell(entry: ChaosEntry): void {
    this.log.push(entry);
    if (this.log.length > logSize) {
      this.log.shift();
    }
    this.#options.onEntry?.(entry);
  }
}

const streamName = /^[\w.~-]+$/;
const logSize = 10_000;

/** Where a stream goes on. An id that it has not made means nothing to it. */
function positionOf(
  headers: IncomingHttpHeaders,
  { made, oldest }: ChaosStream,
): { readonly first: number; readonly missed: number } {
  const id = headers['last-event-id'];
  const number = numberOf(typeof id === 'string' ? id : undefined);
  const next = number <= made ? number + 1 : 1;
  const first = Math.max(next, oldest);
  return { first, missed: first - next };
}

function assertOptions({ seed = 0, plan, eventsPerSecond = 0, history = 1 }: ChaosOptions): void {
  if (plan !== undefined && typeof plan !== 'function') {
    throw new TypeError(`Expected plan to be a function, got ${inspect(plan)}`);
  }
  if (!Number.isFinite(seed)) {
    throw new RangeError(`Expected seed to be a number, got ${inspect(seed)}`);
  }
  if (!(Number.isFinite(eventsPerSecond) && eventsPerSecond >= 0)) {
    throw new RangeError(
      `Expected eventsPerSecond to be a number from 0 on, got ${inspect(eventsPerSecond)}`,
    );
  }
  if (!(Number.isSafeInteger(history) && history >= 1)) {
    throw new RangeError(
      `Expected history to be a whole number from 1 on, got ${inspect(history)}`,
    );
  }
}
