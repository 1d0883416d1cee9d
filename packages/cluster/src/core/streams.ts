import { heldOf } from '../held.ts';
import type {
  Claim,
  DeclaredStream,
  FreeStream,
  Held,
  NodeRow,
  Outcome,
  OwnedStream,
  ParkedStream,
  SavedRow,
  View,
} from '../store.ts';
import type { Agenda } from './agenda.ts';
import { Crashes } from './crashes.ts';
import { FormerStreams } from './former-streams.ts';
import { Holdings } from './holdings.ts';
import { Listed } from './listed.ts';
import type { NodeAction, NodeEvent, Request } from './messages.ts';
import { Parking } from './parking.ts';
import { Placement } from './placement.ts';
import type { KnownFacts } from './renewals.ts';
import { Suspects } from './suspects.ts';
import type { Times } from './times.ts';

type Stopped = Extract<NodeEvent, { type: 'stopped' }>;

export interface StreamsOptions {
  readonly times: Times;
  readonly agenda: Agenda;
  readonly act: (action: NodeAction) => void;
  readonly maxStrikes: number;
  /** When a stream that runs here handled its first event; `Infinity` while that is at work. */
  readonly firstHandledAt: (key: string) => number | undefined;
}

/** A node that drains stops so many streams at a look, or a twentieth if that is more. */
const leastStops = 50;
const looksOfDrain = 20;
const mostClaims = 100;
/** A stream that stops so says nothing of itself. One may have left the list as it was claimed. */
const isOfNode: readonly Outcome[] = ['drained', 'removed'];

/** The streams of a node: which to start and to stop, to claim and to release. */
export class Streams {
  readonly #times: Times;
  readonly #agenda: Agenda;
  readonly #act: (action: NodeAction) => void;
  readonly #holdings: Holdings = new Holdings();
  readonly #crashes: Crashes = new Crashes();
  readonly #suspects: Suspects;
  readonly #parking: Parking;
  readonly #placement: Placement;
  readonly #former: FormerStreams;
  #listed: Listed = new Listed([]);
  #parked: readonly ParkedStream[] = [];
  #wanted: readonly FreeStream[] = [];
  /** The streams of the last claim whose owners had died. */
  #orphans: ReadonlySet<string> = new Set();
  /** The rows of the last release. */
  #sent: readonly SavedRow[] = [];
  /** How many clients a node that drains stops at a look; `undefined` if it does not drain. */
  #drain: number | undefined = undefined;

  constructor({ times, agenda, act, maxStrikes, firstHandledAt }: StreamsOptions) {
    this.#times = times;
    this.#agenda = agenda;
    this.#act = act;
    this.#placement = new Placement(times);
    this.#former = new FormerStreams(times.ttl / 2);
    this.#parking = new Parking(maxStrikes);
    this.#suspects = new Suspects({ most: maxStrikes, firstHandledAt });
  }

  get isEmpty(): boolean {
    return this.#holdings.isEmpty;
  }

  get owned(): number {
    return this.#holdings.owned;
  }

  get declared(): readonly DeclaredStream[] {
    return this.#listed.declared;
  }

  /** What the other nodes plan by. */
  get facts(): KnownFacts {
    return { owned: this.owned, draining: this.isDraining, list: this.#listed.id };
  }

  /** Streams that no node runs for now, as the last view showed them. */
  get parked(): readonly ParkedStream[] {
    return this.#parked;
  }

  /** How many streams run here that may be the reason of deaths. */
  get suspects(): number {
    return this.#suspects.count;
  }

  get held(): Held {
    return heldOf(this.#holdings.all);
  }

  get isDraining(): boolean {
    return this.#drain !== undefined;
  }

  /**
   * `changed`: streams that are to start anew. They stay here, as far as they run here. Those that
   * have left the list stop now: one that was back before the next look would keep its old data.
   */
  list({ keys, specs, changed = [] }: Extract<NodeEvent, { type: 'listed' }>): void {
    this.#listed = new Listed(keys, specs);
    this.#stop(changed, undefined);
    this.#stopUnlisted();
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
  look({ nodes, mine, free, parked }: View, id: string, now: number): void {
    this.#parked = parked;
    for (const stream of mine === undefined ? [] : this.#holdings.reconcile(mine, now)) {
      this.#crashes.forget(stream.key);
      this.#act({ type: 'stop', stream, how: 'atOnce' });
    }
    this.#holdings.retryIdle(now);
    this.#wanted = [];
    if (this.#drain === undefined) {
      this.#place(nodes, free, id, now);
      const nextAt = Math.min(this.#placement.nextAt(now), this.#suspects.trialEndsAt);
      this.#agenda.set('observe', Math.max(nextAt, now + this.#times.fastLook));
    } else {
      this.#releaseIdle();
      this.#stop(this.#holdings.running.slice(0, this.#drain), 'drained');
      this.#agenda.set('observe', now + this.#times.fastLook);
    }
  }

  claimed(claims: readonly Claim[], now: number): void {
    for (const claim of claims) {
      if (this.#drain !== undefined) {
        this.#holdings.release(claim, 'drained');
      } else if (this.#orphans.has(claim.key) && this.#parking.isFull(claim.strikes)) {
        this.#holdings.release(claim, 'crashed', this.#parking.ofDeaths(claim.strikes));
      } else {
        this.#start(claim, now);
      }
    }
    this.#moved(now);
  }

  #start(claim: Claim, now: number): void {
    // A node that dies again and again would else have its streams moved twice each time.
    const staysUntil = this.#orphans.has(claim.key) ? now + this.#times.ttl : now;
    this.#holdings.start(claim, staysUntil);
    this.#suspects.started(claim, now);
    this.#act({ type: 'start', claim });
  }

  released(now: number): void {
    this.#suspects.acquitted(this.#sent);
    this.#holdings.released(this.#sent);
    if (this.isDraining) {
      // Those that were to start anew here.
      this.#releaseIdle();
    }
    this.#moved(now);
  }

  stopped(event: Stopped, now: number): void {
    const { stream, outcome, cursor, recent, firstHandledAt = Infinity } = event;
    if (!this.#holdings.runs(stream)) {
      return;
    }
    const { key } = stream;
    const isAsked = this.#holdings.isStopping(key);
    const from =
      outcome === 'crashed' && !isAsked
        ? this.#crashes.note(key, firstHandledAt < Infinity, now)
        : undefined;
    if (from !== undefined && this.#drain === undefined) {
      this.#suspects.crashed(key, now);
      this.#holdings.claimAgain(stream, from);
    } else {
      const isInOrder = isAsked || from !== undefined || isOfNode.includes(outcome);
      const verdict = isInOrder ? this.#acquitted(event, now) : this.#verdictOn(event);
      this.#crashes.forget(key);
      this.#holdings.release(stream, outcome, { cursor, recent, ...verdict });
    }
  }

  /** An order to stop is no merit: it clears strikes only if the stream was well before. */
  #acquitted({ stream: { key }, firstHandledAt }: Stopped, now: number): Pick<SavedRow, 'strikes'> {
    const isClear =
      this.#suspects.strikesOf(key) > 0 && this.#suspects.isWell(key, now, firstHandledAt);
    this.#suspects.stopped(key);
    return isClear ? { strikes: 0 } : {};
  }

  #verdictOn({ stream: { key }, outcome, reason }: Stopped): Partial<SavedRow> {
    const strikes = this.#suspects.strikesOf(key);
    this.#suspects.failed(key);
    return this.#parking.ofEnd(outcome, strikes, reason);
  }

  /** A write was refused: the next view tells whether the stream is still of this node. */
  refused(stream: OwnedStream, now: number): void {
    if (this.#holdings.runs(stream)) {
      this.#crashes.forget(stream.key);
      this.#holdings.forget(stream.key);
      this.#act({ type: 'stop', stream, how: 'atOnce' });
      this.#agenda.sooner('observe', now);
    }
  }

  /** The lease is over: nothing runs here. */
  clear(): void {
    this.#former.keep(this.#holdings.staying);
    this.#holdings.clear();
    this.#crashes.clear();
    this.#suspects.clear();
    this.#wanted = [];
  }

  /** Makes due the requests to the store. */
  schedule(now: number): void {
    this.#agenda.sooner('release', this.#holdings.hasReleases ? now : this.#suspects.acquitAt);
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
    const rows = [...this.#holdings.sendReleases(), ...this.#suspects.acquittals(now)];
    this.#sent = rows;
    return rows.length === 0 ? undefined : { type: 'release', id, rows };
  }

  #takeWanted(now: number): readonly FreeStream[] {
    const again = this.#holdings
      .sendIdle(now)
      .map((stream) => ({ ...stream, deadFor: 0, strikes: 0 }));
    const wanted = [...again, ...this.#wanted].slice(0, mostClaims);
    this.#wanted = [];
    this.#orphans = new Set(wanted.filter(({ deadFor }) => deadFor > 0).map(({ key }) => key));
    return wanted;
  }

  #place(nodes: readonly NodeRow[], free: readonly FreeStream[], id: string, now: number): void {
    const { owned } = this.#holdings;
    this.#former.look(now);
    const { claim, release } = this.#placement.plan(
      {
        id,
        nodes,
        list: this.#listed.id,
        free: this.#suspects.admit(
          free.filter((stream) => this.#mayTake(stream)),
          now,
        ),
        isSuspect: (stream) => this.#suspects.isSuspect(stream),
        former: this.#former,
        movable: this.#holdings.movable(now),
        owned,
        total: this.#total,
      },
      now,
    );
    this.#wanted = claim;
    this.#stop(release, 'moved');
    // One that was claimed for the list before.
    this.#stopUnlisted();
  }

  #stopUnlisted(): void {
    this.#stop(
      this.#holdings.running.filter((key) => !this.#listed.has(key)),
      'removed',
    );
  }

  /** How many streams of the list are to run: a parked one whose time has come is. */
  get #total(): number {
    const resting = this.#parked.filter((each) => each.retryIn !== 0 && this.#listed.has(each.key));
    return this.#listed.size - resting.length;
  }

  #mayTake({ key }: FreeStream): boolean {
    return this.#listed.has(key) && this.#former.allows(key) && !this.#holdings.has(key);
  }

  /** Without an outcome the streams stay here, and are claimed again. */
  #stop(keys: readonly string[], outcome: 'drained' | 'moved' | 'removed' | undefined): void {
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
