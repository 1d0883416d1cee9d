import { textOf } from '../shown.ts';
import type { JoiningNode, NodeRow, View } from '../store.ts';
import { Agenda } from './agenda.ts';
import { Alarm } from './alarm.ts';
import { Lease } from './lease.ts';
import { Lives } from './lives.ts';
import type { NodeAction, NodeEvent, Now, Request } from './messages.ts';
import { Others } from './others.ts';
import { Renewals } from './renewals.ts';
import { Streams } from './streams.ts';
import type { Times } from './times.ts';

/** In which part of its life a node is. */
export type Phase = 'joining' | 'member' | 'draining' | 'fenced' | 'left';

export interface NodeCoreOptions extends Omit<JoiningNode, 'id' | 'ttl'> {
  readonly times: Times;
  /** As `Math.random`. */
  readonly random: () => number;
  /** A new UUID each time: the id of a life, or the value of a renewal. */
  readonly newId: () => string;
  /** The part of the last while in which the thread was busy, from 0 to 1. Default: 0. */
  readonly busy?: (() => number) | undefined;
  /** With so many strikes a stream is parked. Default: 5. */
  readonly maxStrikes?: number | undefined;
  /**
   * When a stream that runs here handled its first event since its start; `Infinity` while that
   * is at work. Default: each at its start.
   */
  readonly firstHandledAt?: ((key: string) => number | undefined) | undefined;
}

/**
 * All decisions of a node, over all its lives. It has no clock, no timers and no I/O: `step` takes
 * an event, and returns actions.
 * ```text
 *   joining ──▶ member ──▶ draining ──▶ left
 *      ▲          │
 *      └─ fenced ◀┘ the lease is over, or the node was buried
 * ```
 */
export class NodeCore {
  readonly lease: Lease;
  readonly #times: Times;
  readonly #random: () => number;
  readonly #agenda: Agenda = new Agenda();
  readonly #lives: Lives;
  readonly #renewals: Renewals;
  readonly #streams: Streams;
  readonly #others: Others;
  readonly #alarm: Alarm;
  #phase: Phase = 'joining';
  /** The id of a life that is over, and whose row may be there. */
  #leftBehind = '';
  /** No look before this time: the others see this node first, or that it drains. */
  #looksFrom = -Infinity;
  #lastFailure = '';
  #actions: NodeAction[] = [];

  constructor({ times, random, newId, busy, ...options }: NodeCoreOptions) {
    const { maxStrikes = 5, firstHandledAt = atStart, ...node } = options;
    const act = (action: NodeAction): void => {
      this.#actions.push(action);
    };
    this.#times = times;
    this.#random = random;
    this.lease = new Lease(times);
    this.#lives = new Lives({ ...node, ttl: times.ttl, newId });
    this.#renewals = new Renewals(times, this.#agenda, busy);
    this.#others = new Others(times, random);
    this.#streams = new Streams({ times, agenda: this.#agenda, act, maxStrikes, firstHandledAt });
    this.#alarm = new Alarm(times.ttl / 8, act);
    this.#agenda.set('join', -Infinity);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Of this life. */
  get id(): string {
    return this.#lives.id;
  }

  /** How many streams run here, or are about to. */
  get owned(): number {
    return this.#streams.owned;
  }

  /** The streams that no node runs for now, and how many suspects run here. */
  get troubled(): Pick<Streams, 'parked' | 'suspects'> {
    return this.#streams;
  }

  /** The nodes that the last answer has shown, this one among them. */
  get nodes(): readonly NodeRow[] {
    return this.#others.nodes;
  }

  /** By how many ms the node was woken too late, the last time that it was. */
  get lateBy(): number {
    return this.#alarm.lateBy;
  }

  /** For how long the value of another node stands still, in ms. */
  seenFor(id: string, { now }: Now): number | undefined {
    return this.#others.seenFor(id, now);
  }

  /** Takes an event, at the time at which it is taken. Returns actions, in their order. */
  step(event: NodeEvent, now: Now): readonly NodeAction[] {
    this.#actions = [];
    if (this.#phase !== 'left') {
      this.#alarm.woken(now.now);
      // Before anything else, whatever woke the node: a timer alone may come too late.
      if (this.#hasLease && !this.lease.isGood(now)) {
        this.#fence(`no renewal was answered in time${this.#lastFailure}`, now.now);
      }
      this.#take(event, now);
      this.#goOn(event, now);
    }
    return this.#actions;
  }

  get #hasLease(): boolean {
    return this.lease.deadline !== undefined;
  }

  #take(event: NodeEvent, now: Now): void {
    switch (event.type) {
      case 'tick':
        break;
      case 'listed':
        this.#streams.list(event);
        this.#agenda.set('declare', now.now);
        break;
      case 'drain':
        this.#drain(now);
        break;
      case 'stopped':
        this.#streams.stopped(event, now.now);
        break;
      case 'refused':
        this.#streams.refused(event.stream, now.now);
        break;
      case 'failed':
        this.#failed(event.request, event.error, now);
        break;
      default:
        this.#agenda.answered(requestOf[event.type], againAt(event, now, this.#times));
        this.#takeAnswer(event, now);
    }
  }

  #takeAnswer(event: Answer, now: Now): void {
    if (event.type === 'joined') {
      this.#joined(event.sentAt, event.holder, now);
    } else if (event.type === 'left' && this.#phase === 'draining') {
      this.#leave();
    } else if (this.#hasLease) {
      this.#takeAsMember(event, now);
    } else if (event.type === 'viewed' && this.#phase === 'joining') {
      this.#agenda.sooner('join', now.now);
    }
  }

  /** The lease is good. */
  #takeAsMember(event: Answer, now: Now): void {
    switch (event.type) {
      case 'renewed':
        this.#renewed(event.isGood, event.sentAt, now);
        break;
      case 'watched':
        this.#watched(event.nodes, now);
        break;
      case 'viewed':
        this.#viewed(event.view, now);
        break;
      case 'claimed':
        this.#streams.claimed(event.claims, now.now);
        break;
      case 'released':
        this.#streams.released(now.now);
        break;
      default:
    }
  }

  #joined(sentAt: Now, holder: NodeRow | undefined, now: Now): void {
    if (holder !== undefined) {
      this.#meet(holder, now);
      return;
    }
    this.lease.renew(sentAt);
    if (!this.lease.isGood(now)) {
      this.#fence('the answer to its join came too late', now.now);
      return;
    }
    this.#phase = this.#phase === 'joining' ? 'member' : this.#phase;
    this.#renewals.joined(sentAt.now);
    this.#looksFrom = now.now + this.#times.fastLook;
    this.#agenda.begin(now.now, this.#looksFrom);
  }

  /** Another life has the name of this node: an earlier one of its own, a dead one, or a twin. */
  #meet(holder: NodeRow, { now }: Now): void {
    this.#agenda.set('join', now + this.#times.watch);
    if (this.#lives.hasLived(holder.id)) {
      this.#leftBehind = holder.id;
      this.#agenda.set('leave', now);
      return;
    }
    this.#actions.push(...this.#others.meet(holder, this.id, now));
  }

  #renewed(isGood: boolean, sentAt: Now, { now }: Now): void {
    if (isGood) {
      this.lease.renew(sentAt);
      this.#lastFailure = '';
    } else {
      this.#fence('it was buried by another node', now);
    }
  }

  #fence(reason: string, now: number): void {
    this.lease.end();
    this.#streams.clear();
    this.#others.forget();
    this.#actions.push({ type: 'fence', reason });
    this.#agenda.clear();
    this.#leftBehind = this.id;
    this.#agenda.set('leave', now);
    if (this.#phase !== 'draining') {
      this.#phase = 'fenced';
      this.#agenda.set('join', now + this.#times.rejoin * (1 + 2 * this.#random()));
    }
  }

  #drain({ now }: Now): void {
    this.#phase = 'draining';
    this.#leftBehind = this.id;
    this.#agenda.clear();
    this.#agenda.set('renew', now);
    this.#agenda.set('watch', now);
    this.#looksFrom = now + this.#times.fastLook;
    this.#agenda.set('observe', this.#looksFrom);
    this.#streams.drain(!this.#others.hasTaker(this.id));
  }

  #leave(): void {
    this.#phase = 'left';
    this.lease.end();
    this.#actions.push({ type: 'left' });
  }

  #failed(request: Request['type'], error: unknown, { now }: Now): void {
    this.#lastFailure = `; the last failure: ${textOf(error)}`;
    this.#agenda.failed(request, now + this.#times.retry);
    if (request === 'leave' && this.#phase === 'draining' && !this.#hasLease) {
      this.#leave();
    } else if (request === 'claim' || request === 'release') {
      this.#agenda.sooner('observe', now);
    } else if (this.#hasLease || request === 'declare' || this.#phase === 'joining') {
      this.#agenda.sooner(request, now);
    }
  }

  #watched(nodes: readonly NodeRow[], { now }: Now): void {
    if (this.#isAmong(nodes, now) && this.#others.show(nodes, this.id, now)) {
      this.#agenda.sooner('observe', Math.max(now, this.#looksFrom));
    }
  }

  #viewed(view: View, { now }: Now): void {
    if (this.#isAmong(view.nodes, now)) {
      this.#others.show(view.nodes, this.id, now);
      this.#streams.look(view, this.id, now);
    }
  }

  #isAmong(nodes: readonly NodeRow[], now: number): boolean {
    const isAmong = nodes.some(({ id }) => id === this.id);
    if (!isAmong) {
      this.#fence('it was buried by another node', now);
    }
    return isAmong;
  }

  /** Asks for all that is due, and says when the next request is. */
  #goOn({ type }: NodeEvent, { now }: Now): void {
    if (this.#phase === 'left') {
      return;
    }
    this.#streams.schedule(now);
    this.#agenda.sooner('observe', this.#others.dueAt);
    if (this.#hasLease) {
      this.#renewals.schedule(this.#streams.facts, now);
    }
    for (const request of this.#agenda.send(now, (kind) => this.#requestOf(kind, now))) {
      this.#actions.push({ type: 'ask', request });
    }
    const at = Math.min(this.lease.deadline?.now ?? Infinity, this.#agenda.nextAt);
    this.#alarm.set(at, type === 'tick');
  }

  #requestOf(kind: Request['type'], now: number): Request | undefined {
    const { id } = this;
    switch (kind) {
      case 'join':
        this.#phase = 'joining';
        return this.#lives.begin();
      case 'declare':
        return { type: 'declare', streams: this.#streams.declared };
      case 'renew': {
        const facts = this.#renewals.send(this.#streams.facts, now);
        return { type: 'renew', id, renewal: this.#lives.newId(), facts };
      }
      case 'watch':
        this.#agenda.set('watch', now + this.#times.watch);
        return { type: 'watch' };
      case 'observe':
        return { type: 'observe', id, dead: this.#others.takeDead(now), held: this.#streams.held };
      case 'leave':
        return { type: 'leave', id: this.#leftBehind };
      default:
        return this.#streams.requestOf(kind, id, now);
    }
  }
}

type Answer = Exclude<
  NodeEvent,
  { readonly type: 'tick' | 'listed' | 'drain' | 'stopped' | 'refused' | 'failed' }
>;

const requestOf: Readonly<Record<Answer['type'], Request['type']>> = {
  joined: 'join',
  declared: 'declare',
  renewed: 'renew',
  watched: 'watch',
  viewed: 'observe',
  claimed: 'claim',
  released: 'release',
  left: 'leave',
};

/** A row that was passed by may be of a parked stream, which waits for its new spec. */
function againAt(event: Answer, { now }: Now, { look }: Times): number {
  return event.type === 'declared' && !event.isComplete ? now + look : Infinity;
}

function atStart(): number {
  return -Infinity;
}
