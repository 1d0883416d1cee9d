import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { type Clock, systemClock } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { callOutside } from '../maybe-promise.ts';
import { checkedFault } from './checked-fault.ts';
import type { Fault } from './fault.ts';
import { numberOf } from './numbered-event.ts';
import { type FaultPlan, transientFaults } from './plan.ts';
import { type Outcome, Player } from './player.ts';
import { randomOf } from './random.ts';
import { script } from './script.ts';
import { ChaosStream } from './stream.ts';

export interface ChaosOptions {
  /**
   * The fault of a connection follows from the seed, the plan, the stream and the number of the
   * connection. Default: a random seed; `server.seed` tells it.
   */
  readonly seed?: number;
  /** The fault of each connection. Default: `transientFaults`. */
  readonly plan?: FaultPlan;
  /** How many events each stream makes by the clock, besides those of `produce`. Default: 10. */
  readonly eventsPerSecond?: number;
  /** How many of its last events a stream can send again. Default: 10,000. */
  readonly history?: number;
  /** The clock of events and delays. Default: the system's. */
  readonly clock?: Clock;
  /**
   * Called with each new entry of the log. An error that it throws, or that its promise rejects
   * with, is an uncaught exception of the program; the server goes on.
   */
  readonly onEntry?: (entry: ChaosEntry) => void;
}

const chaosKeys: KeysOf<ChaosOptions> = {
  seed: true,
  plan: true,
  eventsPerSecond: true,
  history: true,
  clock: true,
  onEntry: true,
};

/** An action of the server; `at` is the time on its clock. */
export type ChaosEntry =
  | {
      readonly type: 'request';
      readonly at: number;
      readonly stream: string;
      /** The number of the request in its stream, from 1 on. */
      readonly connection: number;
      readonly headers: IncomingHttpHeaders;
      readonly fault: Fault | undefined;
      /** The number of the first event to send: after its Last-Event-ID, or the oldest one kept. */
      readonly first: number;
      /** How many events between the Last-Event-ID and `first` are no longer kept. */
      readonly missed: number;
    }
  | ({
      readonly type: 'closed';
      readonly at: number;
      readonly stream: string;
      readonly connection: number;
    } & Outcome);

/** A running server. */
export interface ChaosServer extends AsyncDisposable {
  readonly seed: number;
  /** The URL of its root: `${url}prices` is the stream `prices`. */
  readonly url: string;
  /**
   * The stream of this name, which begins to make events now if it has had no request yet.
   * @throws RangeError if the name is not made of letters, digits, `-`, `.`, `_` and `~`.
   */
  stream(name: string): ChaosStream;
  /** How many connections are open now. */
  readonly connections: number;
  /** Its last 10,000 actions, in order. */
  readonly log: readonly ChaosEntry[];
  /** Ends all connections and timers. */
  close(): Promise<void>;
}

/**
 * Starts a real HTTP server on a free port of 127.0.0.1 that plays the faults of networks, proxies
 * and servers, as a seed decides: a run in which a client failed can be repeated. Each path is a
 * stream of numbered events, which continues after the Last-Event-ID of a request; a request
 * without one gets the oldest event first. A client that has handled all of `stream.produced` has
 * lost nothing.
 *
 * All times, and the dates in headers, are those of `clock`, which can be a `jumpingClock`.
 * @example
 * ```ts
 * import { events } from '@reprise/sse';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const plan = inOrder([{ type: 'status', status: 503 }, { type: 'cut', afterBytes: 100 }]);
 * await using server = await chaos({ plan, eventsPerSecond: 0 });
 * const stream = server.stream('prices');
 * stream.produce(3);
 * const handled: string[] = [];
 * for await (const event of events(stream.url, { minDelay: 1 })) {
 *   handled.push(event.lastEventId);
 *   if (handled.length === 3) {
 *     break;
 *   }
 * }
 * console.log(handled.join() === stream.produced.join(), stream.connections); // true 3
 * ```
 * @throws RangeError if a number is not finite or below 0, or `history` is not a whole number from
 * 1 on; TypeError if `plan` is not a function.
 */
export async function chaos(options: ChaosOptions = {}): Promise<ChaosServer> {
  assertKnownKeys('chaos', options, chaosKeys);
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
      this.#track(socket);
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
        `Expected a name of letters, digits, "-", ".", "_", "~", got ${describe(name)}`,
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

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A client may break off at any time.
    socket.on('error', () => undefined);
  }

  #answer(request: IncomingMessage, stream: ChaosStream): void {
    const { socket, headers } = request;
    const { plan = transientFaults } = this.#options;
    const { name } = stream;
    const connection = stream.connect();
    const random = randomOf(`${this.seed}/${name}/${connection}`);
    let fault: Fault | undefined;
    try {
      fault = checkedFault(plan({ stream: name, connection, random }));
    } catch (error) {
      // The error has no caller to catch it: at least the client must not wait for ever.
      socket.destroy();
      throw error;
    }
    const position = positionOf(headers, stream);
    this.#record({
      type: 'request',
      ...this.#place(name, connection),
      headers,
      fault,
      ...position,
    });
    const { first } = position;
    const now = this.#clock.date?.() ?? Date.now();
    const steps = script(fault, { stream: name, connection, first, random, now });
    const closed = (outcome: Outcome): void => {
      this.#record({ type: 'closed', ...this.#place(name, connection), ...outcome });
    };
    // Reads the body and drops it: unread bytes would turn a close into a reset.
    request.resume();
    new Player(steps, socket, stream, this.#clock).start(closed);
  }

  #place(stream: string, connection: number) {
    return { at: this.#clock.now(), stream, connection };
  }

  #record(entry: ChaosEntry): void {
    this.log.push(entry);
    if (this.log.length > logSize) {
      this.log.shift();
    }
    callOutside(() => this.#options.onEntry?.(entry));
  }
}

const streamName = /^[\w.~-]+$/;
const logSize = 10_000;

/** Where a stream continues. An id that it has not made counts as none. */
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
    throw new TypeError(`Expected plan to be a function, got ${describe(plan)}`);
  }
  if (!Number.isFinite(seed)) {
    throw new RangeError(`Expected seed to be a number, got ${describe(seed)}`);
  }
  if (!(Number.isFinite(eventsPerSecond) && eventsPerSecond >= 0)) {
    throw new RangeError(
      `Expected eventsPerSecond to be a number from 0 on, got ${describe(eventsPerSecond)}`,
    );
  }
  if (!(Number.isSafeInteger(history) && history >= 1)) {
    throw new RangeError(
      `Expected history to be a whole number from 1 on, got ${describe(history)}`,
    );
  }
}
