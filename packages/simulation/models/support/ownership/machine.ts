import type { Claim, OwnedStream } from '@reprise/cluster';
import {
  type NodeAction,
  NodeCore,
  type NodeEvent,
  type Now,
  type Request,
  timeLimitOf,
} from '@reprise/cluster/core';

import { Client, type Host, type Way } from './client.ts';
import { listedEvent, type Listing } from './listing.ts';
import type { HostProcess } from './parents.ts';
import type { Shared } from './shared.ts';

/** The clocks of a machine beside the true time. */
interface Clocks {
  /** How fast they go. */
  readonly rate: number;
  readonly origin: number;
}

export interface MachineOptions {
  readonly name: string;
  readonly host: string;
  /** How fast its clock goes. */
  readonly rate: number;
}

/**
 * A machine that runs one node after the other: its clocks, its timer, what reaches it and when,
 * and the clients of its streams. What comes while it stands still waits, and then comes in any
 * order.
 */
export class Machine implements Host {
  readonly name: string;
  readonly host: string;
  readonly #shared: Shared;
  readonly #clocks: Clocks;
  readonly #clients: Map<string, Client> = new Map();
  #core: NodeCore | undefined = undefined;
  /** Counts the processes that this machine has had. */
  #process = 0;
  #pid = 0;
  #listing: Listing = new Map();
  #ids = 0;
  #timer = 0;
  #awaited: { readonly type: Request['type']; readonly asked: () => void } | undefined = undefined;
  /** Since the last look. */
  #claims = 0;
  #wallOffset = 0;
  #isFrozen = false;
  #waiting: (() => void)[] = [];
  /** Requests without an answer: they fail at once when the connection is reset. */
  readonly #open: Set<() => void> = new Set();

  constructor({ name, host, rate }: MachineOptions, shared: Shared) {
    this.name = name;
    this.host = host;
    this.#shared = shared;
    this.#clocks = { rate, origin: 1000 * shared.sim.below(10) };
  }

  /** `undefined` while it is down. */
  get core(): NodeCore | undefined {
    return this.#core;
  }

  /** Tells one process from all others. */
  get process(): string {
    return `${this.name} ${this.#process}`;
  }

  get clients(): readonly Client[] {
    return [...this.#clients.values()];
  }

  get #hostProcess(): HostProcess {
    return { host: this.host, pid: this.#pid };
  }

  clock(): Now {
    const now = this.#clocks.origin + this.#shared.agenda.now * this.#clocks.rate;
    return { now, date: now + this.#wallOffset };
  }

  start(): void {
    if (this.#core !== undefined) {
      return;
    }
    this.#process += 1;
    this.#pid = this.#shared.parents.newPid(this.host);
    const { times, isNear } = this.#shared.mix;
    this.#core = new NodeCore({
      name: this.name,
      weight: 1,
      host: this.host,
      pid: this.#pid,
      times,
      random: () => (isNear ? 0 : this.#shared.sim.below(8) / 8),
      firstHandledAt: (key) => this.#clients.get(key)?.firstHandledAt,
      newId: () => `${this.process} ${(this.#ids += 1)}`,
    });
    this.step(listedEvent(new Map(), this.#listing));
  }

  /** The streams that it may own, as far as it knows. */
  get listing(): Listing {
    return this.#listing;
  }

  list(listing: Listing): void {
    const before = this.#listing;
    this.#listing = listing;
    this.step(listedEvent(before, listing));
  }

  /** Power off: what it has sent is on its way all the same. */
  kill(): void {
    if (this.#core !== undefined) {
      this.#shared.parents.ended(this.#hostProcess);
    }
    this.#core = undefined;
    this.#isFrozen = false;
    this.#waiting = [];
    this.#clients.clear();
    this.#open.clear();
  }

  /** A stream ends the process, and a supervisor starts another one. */
  die(key: string): void {
    const { agenda, judge, mix, sim } = this.#shared;
    judge.ends(key);
    this.kill();
    agenda.after((mix.times.ttl * (1 + sim.below(8))) / 16, () => {
      this.start();
    });
  }

  /** Nothing runs until `thaw`, and the clocks go on. */
  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    const waiting = this.#waiting;
    this.#isFrozen = false;
    this.#waiting = [];
    while (waiting.length > 0) {
      const [run] = waiting.splice(this.#shared.sim.below(waiting.length), 1);
      run?.();
    }
  }

  setWallClock(offset: number): void {
    this.#wallOffset = offset;
  }

  /** Calls back when the node asks for this, the next time: the request is on its way. */
  onRequest(type: Request['type'], asked: () => void): void {
    this.#awaited = { type, asked };
  }

  /**
   * It runs from now on, and no fault waits for a request of it any more: the next release may be
   * seconds away, when strikes are cleared, and the fault would come in the middle of the calm.
   */
  calm(): void {
    this.#awaited = undefined;
    this.thaw();
    this.start();
  }

  /** Every open connection ends with an error. */
  reset(): void {
    const open = [...this.#open];
    for (const fail of open) {
      fail();
    }
  }

  /** The handler of some stream throws. */
  throwInHandler(): void {
    const { clients } = this;
    if (clients.length > 0) {
      this.#shared.sim.pick(clients).crash();
    }
  }

  step(event: NodeEvent): void {
    const core = this.#core;
    if (core !== undefined) {
      for (const action of core.step(event, this.clock())) {
        this.#act(action, core);
      }
    }
  }

  /**
   * Sends a request. `done` has its answer, or `undefined` if none came within `limit` ms, or the
   * connection was reset. Both are lost with the process.
   */
  ask<Answer>(
    { connection, limit }: Way,
    execute: () => Answer,
    done: (answer: Answer | undefined) => void,
  ): void {
    let isDone = false;
    const settle = (answer: Answer | undefined): void => {
      if (!isDone) {
        isDone = true;
        this.#open.delete(fail);
        done(answer);
      }
    };
    const fail = (): void => {
      settle(undefined);
    };
    this.#open.add(fail);
    this.afterOwn(limit, fail);
    const process = this.#process;
    const deliver = (delay: number, answer: Answer): void => {
      // The request may be executed after its process has ended.
      if (this.#process === process) {
        this.after(delay, () => {
          settle(answer);
        });
      }
    };
    this.#shared.links.send({ from: this.name, connection, execute, deliver });
  }

  /** After so many ms of the machine's own clock. */
  afterOwn(ms: number, run: () => void): void {
    this.after(ms / this.#clocks.rate, run);
  }

  /** After so many ms of true time, if this process is still there then. */
  after(ms: number, run: () => void): void {
    const process = this.#process;
    const live = (): void => {
      if (this.#core === undefined || this.#process !== process) {
        return;
      }
      if (this.#isFrozen) {
        this.#waiting.push(live);
      } else {
        run();
      }
    };
    this.#shared.agenda.after(ms, live);
  }

  #act(action: NodeAction, core: NodeCore): void {
    switch (action.type) {
      case 'ask':
        this.#request(action.request, core);
        break;
      case 'wake':
        this.#wake(action.at);
        break;
      case 'start':
        this.#start(action.claim, core);
        break;
      case 'stop':
        this.#stop(action.stream, action.how);
        break;
      case 'fence':
        this.#clients.clear();
        break;
      case 'left':
        this.kill();
        break;
      default:
    }
  }

  #request(request: Request, core: NodeCore): void {
    this.#claims = request.type === 'claim' ? this.#claims + 1 : this.#claims;
    this.#claims = request.type === 'observe' ? 0 : this.#claims;
    this.#shared.judge.asks(request.type, core, this.#claims);
    const sentAt = this.clock();
    const { database } = this.#shared.links;
    const { ttl } = this.#shared.mix.times;
    const limit = timeLimitOf(request.type === 'release' ? 'save' : request.type, ttl);
    this.ask(
      { connection: 'lease', limit },
      () => database.execute(request, sentAt),
      (answer) => {
        this.step(answer ?? { type: 'failed', request: request.type, error: 'no answer' });
      },
    );
    if (request.type === this.#awaited?.type) {
      this.#awaited.asked();
      this.#awaited = undefined;
    }
  }

  #wake(at: number): void {
    this.#timer += 1;
    const timer = this.#timer;
    // As a timer of the host, at least 1 ms.
    this.afterOwn(Math.max(1, at - this.clock().now), () => {
      if (timer === this.#timer) {
        this.step({ type: 'tick' });
      }
    });
  }

  #start(claim: Claim, core: NodeCore): void {
    const isFirst = !this.#clients.has(claim.key);
    this.#shared.judge.expect(isFirst, 'a client was started beside another one of its stream');
    const version = this.#listing.get(claim.key);
    const client = new Client(claim, version, { machine: this, core, shared: this.#shared });
    this.#clients.set(claim.key, client);
    client.start();
  }

  #stop({ key, epoch }: OwnedStream, how: 'inOrder' | 'atOnce'): void {
    const client = this.#clients.get(key);
    if (client === undefined || client.epoch !== epoch) {
      return;
    }
    if (how === 'inOrder') {
      client.stop();
    } else {
      this.#clients.delete(key);
      this.#shared.judge.stops(client.isRefused || !this.#isOwner({ key, epoch }));
    }
  }

  #isOwner({ key, epoch }: OwnedStream): boolean {
    const row = this.#shared.links.database.tables.owner(key);
    return row?.owner === this.#core?.id && row?.epoch === epoch;
  }

  /** Whether this client is still the one of its stream. */
  has(client: Client): boolean {
    return this.#clients.get(client.key) === client;
  }

  /** A client has stopped. */
  ended(client: Client, event: NodeEvent): void {
    this.#clients.delete(client.key);
    this.step(event);
  }
}
