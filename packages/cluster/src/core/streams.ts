import { heldOf } from '../held.ts';
import type { Claim, FreeStream, Held, NodeRow, OwnedStream, View } from '../store.ts';
import type { Agenda } from './agenda.ts';
import { Crashes } from './crashes.ts';
import { FormerStreams } from './former-streams.ts';
import { Holdings } from './holdings.ts';
import type { NodeAction, NodeEvent, Request } from './messages.ts';
import { Placement } from './placement.ts';
import type { Times } from './times.ts';

type Stopped = Extract<NodeEvent, { type: 'stopped' }>;

export interface StreamsOptions {
  readonly times: Times;
  readonly agenda: Agenda;
  readonly act: (action: NodeAction) => void;
}

/** A node that drains stops so many streams at a look, or a twentieth if that is more. */
const leastStops = 50;
const looksOfDrain = 20;
const mostClaims = 100;

/** The streams of a node: which to start and to stop, to claim and to release. */
export class Streams {
  readonly #times: Times;
  readonly #agenda: Agenda;
  readonly #act: (action: NodeAction) => void;
  readonly #holdings: Holdings = new Holdings();
  readonly #crashes: Crashes = new Crashes();
  readonly #ended: Set<string> = new Set();
  readonly #placement: Placement;
  readonly #former: FormerStreams;
  #keys: ReadonlySet<string> = new Set();
  #wanted: readonly FreeStream[] = [];
  /** How many clients a node that drains stops at a look; `undefined` if it does not drain. */
  #drain: number | undefined = undefined;

  constructor({ times, agenda, act }: StreamsOptions) {
    this.#times = times;
    this.#agenda = agenda;
    this.#act = act;
    this.#placement = new Placement(times);
    this.#former = new FormerStreams(times.ttl / 2);
  }

  get isEmpty(): boolean {
    return this.#holdings.isEmpty;
  }

  get owned(): number {
    return this.#holdings.owned;
  }

  get keys(): readonly string[] {
    return [...this.#keys];
  }

  get held(): Held {
    return heldOf(this.#holdings.all);
  }

  get isDraining(): boolean {
    return this.#drain !== undefined;
  }

  list(keys: readonly string[]): void {
    this.#keys = new Set(keys);
    this.#ended.clear();
  }

  /** `isAlone`: no other node will take the streams, so there is nothing to wait for. */
  drain(isAlone: boolean): void {
    const { owned } = this.#holdings;
    this.#drain = isAlone ? owned : Math.max(leastStops, Math.ceil(owned / looksOfDrain));
    this.#wanted = [];
    this.#releaseIdle();
    if (isAlone) {
      this.#stop(this.#holdings.running, 'drained');
    }
  }

  /** A view has arrived: these are the nodes and streams of the store. */
  look({ nodes, mine, free }: View, id: string, now: number): void {
    for (const stream of mine === undefined ? [] : this.#holdings.reconcile(mine, now)) {
      this.#act({ type: 'stop', stream, how: 'atOnce' });
    }
    this.#holdings.retryIdle(now);
    this.#wanted = [];
    if (this.#drain === undefined) {
      this.#place(nodes, free, id, now);
      this.#agenda.set('observe', this.#placement.nextAt(now));
    } else {
      this.#releaseIdle();
      this.#stop(this.#holdings.running.slice(0, this.#drain), 'drained');
      this.#agenda.set('observe', now + this.#times.fastLook);
    }
  }

  claimed(claims: readonly Claim[], now: number): void {
    for (const claim of claims) {
      if (this.#drain === undefined) {
        this.#holdings.start(claim);
        this.#act({ type: 'start', claim });
      } else {
        this.#holdings.release(claim, 'drained');
      }
    }
    this.#moved(now);
  }

  released(now: number): void {
    this.#holdings.released();
    this.#moved(now);
  }

  stopped({ stream, outcome, cursor, recent }: Stopped, now: number): void {
    if (!this.#holdings.runs(stream)) {
      return;
    }
    const hasCrashed = outcome === 'crashed' && !this.#holdings.isStopping(stream.key);
    const from = hasCrashed ? this.#crashes.note(stream.key, now) : undefined;
    if (outcome === 'ended') {
      this.#ended.add(stream.key);
    }
    if (from !== undefined && this.#drain === undefined) {
      this.#holdings.claimAgain(stream, from);
    } else {
      this.#holdings.release(stream, outcome, { cursor, recent });
    }
  }

  /** A write was refused: the next view tells whether the stream is still of this node. */
  refused(stream: OwnedStream, now: number): void {
    if (this.#holdings.runs(stream)) {
      this.#holdings.forget(stream.key);
      this.#act({ type: 'stop', stream, how: 'atOnce' });
      this.#agenda.sooner('observe', now);
    }
  }

  /** The lease is over: nothing runs here. */
  clear(): void {
    this.#former.keep(this.#holdings.running);
    this.#holdings.clear();
    this.#wanted = [];
  }

  /** Makes due what is to be asked of the store. */
  schedule(now: number): void {
    if (this.#holdings.hasReleases) {
      this.#agenda.sooner('release', now);
    }
    const claimAt = this.#wanted.length > 0 ? now : this.#holdings.idleAt;
    if (claimAt < Infinity) {
      this.#agenda.sooner('claim', claimAt);
    }
    if (this.isDraining && this.isEmpty) {
      this.#agenda.sooner('leave', now);
    }
  }

  /** `undefined` if nothing is left to ask. */
  requestOf(kind: 'claim' | 'release', id: string, now: number): Request | undefined {
    if (kind === 'claim') {
      const wanted = this.#takeWanted(now);
      return wanted.length === 0 ? undefined : { type: 'claim', id, wanted };
    }
    const rows = this.#holdings.sendReleases();
    return rows.length === 0 ? undefined : { type: 'release', id, rows };
  }

  #takeWanted(now: number): readonly FreeStream[] {
    const again = this.#holdings
      .sendIdle(now)
      .map((stream) => ({ ...stream, deadFor: 0, strikes: 0 }));
    const wanted = [...again, ...this.#wanted].slice(0, mostClaims);
    this.#wanted = [];
    return wanted;
  }

  #place(nodes: readonly NodeRow[], free: readonly FreeStream[], id: string, now: number): void {
    const { running, owned } = this.#holdings;
    this.#former.look(now);
    const { claim, release } = this.#placement.plan(
      {
        id,
        nodes,
        free: free.filter((stream) => this.#mayTake(stream, now)),
        former: this.#former,
        running,
        owned,
        total: this.#keys.size,
      },
      now,
    );
    this.#wanted = claim;
    this.#stop(release, 'moved');
    this.#stop(
      running.filter((key) => !this.#keys.has(key)),
      'removed',
    );
  }

  #mayTake({ key }: FreeStream, now: number): boolean {
    return (
      this.#keys.has(key) &&
      this.#former.allows(key) &&
      !this.#ended.has(key) &&
      !this.#holdings.has(key) &&
      this.#crashes.waitsUntil(key) <= now
    );
  }

  #stop(keys: readonly string[], outcome: 'drained' | 'moved' | 'removed'): void {
    for (const key of keys) {
      const stream = this.#holdings.stop(key, outcome);
      if (stream !== undefined) {
        this.#act({ type: 'stop', stream, how: 'inOrder' });
      }
    }
  }

  #releaseIdle(): void {
    for (const stream of this.#holdings.idle(Infinity)) {
      this.#holdings.release(stream, 'drained');
    }
  }

  #moved(now: number): void {
    this.#placement.moved(now);
    this.#agenda.sooner('observe', now + this.#times.fastLook);
  }
}
