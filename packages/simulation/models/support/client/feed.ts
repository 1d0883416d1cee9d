import { exit, kill, type Pid, Supervisor } from '@reprise/actor';
import {
  FileStore,
  type Origin,
  type SimulatedNode,
  type Simulation,
  type Store,
} from '@reprise/simulation';
import { type CursorStore, type HandleContext, SseClient } from '@reprise/sse';

import { later } from '../later.ts';
import { Journal } from './journal.ts';

/** How the service of one run is made. */
export interface FeedShape {
  readonly store: 'store' | 'disk';
  readonly dedupe: boolean;
  /** After how many events the position is written. */
  readonly every: number;
  /** In ms: a handler takes up to so long. */
  readonly work: number;
  /** One of so many handlers fails; 0 for none. */
  readonly failures: number;
  /** Whether the client is started again at once, or after a delay. */
  readonly isRestartedAtOnce: boolean;
  /** Whether some events ask for a new connection. */
  readonly renews: boolean;
}

/** In ms. */
const idleTimeout = 30_000;
const url = 'http://feed/';

/**
 * A service on a node that handles the events of an origin under a supervisor, with a cursor in a
 * store or on its disk; and the rules for it.
 */
export class Feed {
  readonly journal = new Journal();
  readonly origin: Origin;
  readonly node: SimulatedNode;
  readonly #sim: Simulation;
  readonly #shape: FeedShape;
  readonly #store: Store<Record<string, string>>;
  #client: Pid | undefined = undefined;
  #isStopping = false;
  #kept: string | undefined = undefined;
  #keptId = 0;
  #requests = 0;
  #asked = 0;
  #reports = 0;
  /** Handlers whose promise has settled in this step. */
  #settled: { readonly event: number; readonly signal: AbortSignal }[] = [];

  constructor(sim: Simulation, shape: FeedShape) {
    this.#sim = sim;
    this.#shape = shape;
    this.origin = sim.origin('feed');
    this.#store = sim.store<Record<string, string>>();
    this.node = sim.node('service', (node) => this.#main(node));
    sim.always(() => {
      this.#check();
    });
  }

  /** Whether all events are handled. */
  get isDone(): boolean {
    return this.journal.handled === this.origin.made;
  }

  /** Kills the client alone. */
  kill(): void {
    const { node } = this;
    const client = this.#client;
    if (node.isUp && client !== undefined) {
      this.#sim.note('the client is killed');
      node.inside(() => {
        exit(node.system, client, kill);
      });
    }
  }

  /** Stops the service in good order: its position is written by then, and no connection left. */
  async stop(): Promise<void> {
    const { node, journal } = this;
    this.#isStopping = true;
    await node.inside(() => node.system.stop());
    if (this.#shape.store === 'store') {
      const { lastEventId } = parse(this.#store.peek('feed'));
      journal.verdict.expect(
        Number(lastEventId) === journal.handled,
        () => `after the stop the position is ${lastEventId}, not ${journal.handled}`,
      );
    }
    journal.verdict.expect(
      this.origin.streams.length === 0,
      () => 'a connection is open after the stop',
    );
    journal.verdict.check();
  }

  async #main(node: SimulatedNode): Promise<void> {
    const { system } = node;
    try {
      await Supervisor.startLink(system, {
        strategy: 'oneForOne',
        maxRestarts: 1_000_000,
        maxSeconds: 1,
        children: [this.#spec(node)],
      });
    } catch {
      // The program ends, and whatever runs it starts it again.
      node.crashForAWhile();
      return;
    }
    void system.whenExited.then(() => {
      if (!this.#isStopping) {
        node.crashForAWhile();
      }
    });
  }

  #spec(node: SimulatedNode) {
    const { dedupe, every, renews, isRestartedAtOnce } = this.#shape;
    return SseClient.resilient({
      id: 'feed',
      url,
      idleTimeout,
      responseTimeout: 20_000,
      // Of the start, in which a slow store is read.
      timeout: 3000,
      ...(isRestartedAtOnce
        ? {}
        : { restartDelay: { minDelay: 50, maxDelay: 5000, healthyAfter: 10_000 } }),
      cursor: {
        store: this.#cursorStore(node),
        dedupe,
        every,
        // A write without an answer is given up before the service is stopped.
        timeout: 10_000,
      },
      handle: (event, context) => this.#handle(Number(event.data), context),
      renew: ({ data }) => renews && this.#renew(Number(data)),
      onStatus: (_change, { self }) => {
        this.#client = self.pid;
      },
    });
  }

  #cursorStore(node: SimulatedNode): CursorStore {
    if (this.#shape.store === 'disk') {
      return new FileStore(node.disk);
    }
    // As with a pool of connections: a read may be there before a write that was begun earlier.
    const [reads, writes] = [this.#store.on(node), this.#store.on(node)];
    return { get: (key) => reads.get(key), set: (key, value) => writes.set(key, value) };
  }

  #renew(event: number): boolean {
    const isRenewal = event % 5 === 0;
    if (isRenewal) {
      this.journal.begins(event);
      this.journal.ends(event);
    }
    return isRenewal;
  }

  #handle(event: number, context: HandleContext): void | Promise<void> {
    this.journal.begins(event);
    const { work } = this.#shape;
    if (work === 0 || this.#sim.below(2) === 0) {
      this.#finish(event, context);
      return undefined;
    }
    return this.#work(event, context, this.#sim.below(work));
  }

  async #work(event: number, context: HandleContext, ms: number): Promise<void> {
    await later(context.self, ms);
    // Its work is given up with its client, and must not count.
    if (!context.signal.aborted) {
      this.#finish(event, context);
    }
  }

  #finish(event: number, { signal }: HandleContext): void {
    const { failures } = this.#shape;
    if (failures > 0 && this.#sim.below(failures) === failures - 1) {
      throw new Error(`event ${event} fails`);
    }
    this.journal.ends(event);
    this.#settled.push({ event, signal });
  }

  /** After each step. */
  #check(): void {
    this.#acknowledge();
    this.#checkRequests();
    this.#checkKept();
    this.#checkReports();
    const { journal, origin } = this;
    const open = origin.streams.length;
    journal.verdict.expect(open <= 1, () => `${open} connections are open at a time`);
    journal.verdict.check();
  }

  #acknowledge(): void {
    for (const { event, signal } of this.#settled.splice(0)) {
      if (this.#shape.dedupe && !signal.aborted) {
        this.journal.acknowledge(event);
      }
    }
  }

  #checkRequests(): void {
    const { requests } = this.origin;
    for (; this.#requests < requests.length; this.#requests += 1) {
      const { lastEventId = '', isAwaited = false } = requests[this.#requests] ?? {};
      const asked = Number(lastEventId);
      this.journal.sees('the Last-Event-ID of a request', asked);
      // A late request of a client that has ended comes among those of the next one.
      if (isAwaited) {
        this.#goesOn('the Last-Event-ID of a request', this.#asked, asked);
        this.#asked = asked;
      }
    }
  }

  #checkKept(): void {
    const kept = this.#store.peek('feed');
    if (kept !== this.#kept) {
      const id = Number(parse(kept).lastEventId);
      this.journal.sees('the position that is kept', id);
      this.#goesOn('the position that is kept', this.#keptId, id);
      this.#kept = kept;
      this.#keptId = id;
    }
  }

  #goesOn(what: string, before: number, now: number): void {
    this.journal.verdict.expect(
      !this.#shape.dedupe || now >= before,
      () => `${what} moves back from ${before} to ${now}`,
    );
  }

  #checkReports(): void {
    const { reports } = this.node;
    for (; this.#reports < reports.length; this.#reports += 1) {
      const message = reports[this.#reports]?.message ?? '';
      this.journal.verdict.expect(!message.includes('to be free'), () => message);
    }
    this.#reports = reports.length;
  }
}

function parse(kept: string | undefined): { readonly lastEventId: string } {
  return kept === undefined ? { lastEventId: '0' } : (JSON.parse(kept) as { lastEventId: string });
}
