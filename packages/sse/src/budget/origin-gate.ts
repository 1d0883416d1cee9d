import type { Clock, System, TimeoutHandle } from '@reprise/actor';

import { type CheckedLimits, limitsOf } from './limits.ts';

/** An attempt in the queue of a gate, then one in flight. */
export class Turn {
  readonly #gate: OriginGate;
  /** Called once, when the attempt may begin. */
  readonly admit: () => void;
  state: 'waiting' | 'inFlight' | 'over' = 'waiting';
  admittedAt = 0;

  constructor(gate: OriginGate, admit: () => void) {
    this.#gate = gate;
    this.admit = admit;
  }

  /** The attempt has its answer, or is given up, also while it waits. Idempotent. */
  leave(): void {
    this.#gate.leave(this);
  }
}

/**
 * The new attempts of all clients of a system at one origin, in the order in which they came: so
 * many a second, and so many in flight. When a server with 10,000 streams ends them all, its
 * clients come back one after the other.
 *
 * A server may keep an attempt without an answer for as long as it likes, for example until its
 * first event. So an attempt counts as in flight for 5 s at the most: no client waits for ever.
 */
export class OriginGate {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  /** Between two attempts, in ms, once a burst of them has begun. */
  readonly #spacing: number;
  /** The duration of one burst of attempts with their spacing, in ms. */
  readonly #burst: number;
  /**
   * The queue, oldest first; those before `#head` are admitted. A turn that has left stays until
   * its place is reached.
   */
  #queue: Turn[] = [];
  #head = 0;
  /** Oldest first. */
  readonly #inFlight: Set<Turn> = new Set();
  /** When a whole burst may begin again. */
  #fullAt = -Infinity;
  #timer: TimeoutHandle | undefined = undefined;

  constructor(clock: Clock, { perSecond, inFlight }: CheckedLimits['origin']) {
    this.#clock = clock;
    this.#maxInFlight = inFlight;
    this.#spacing = 1000 / perSecond;
    this.#burst = Math.max(200, this.#spacing);
  }

  /** Whether the next attempt may begin at once. */
  get isOpen(): boolean {
    return this.#isQueueEmpty() && this.#wait() === 0;
  }

  /** Whether a new gate would be in the same state. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0 && this.isOpen && this.#fullAt <= this.#clock.now();
  }

  /** Waits for the turn of an attempt; it may come within this call. */
  enter(admit: () => void): Turn {
    const turn = new Turn(this, admit);
    this.#queue.push(turn);
    this.#admit();
    return turn;
  }

  /** An attempt that does not wait. */
  begin(): Turn {
    const turn = new Turn(this, nothing);
    this.#count(turn);
    return turn;
  }

  leave(turn: Turn): void {
    if (turn.state !== 'over') {
      turn.state = 'over';
      this.#inFlight.delete(turn);
      this.#admit();
    }
  }

  #admit(): void {
    while (!this.#isQueueEmpty() && this.#wait() === 0) {
      const turn = this.#queue[this.#head] as Turn;
      this.#head += 1;
      this.#count(turn);
      turn.admit();
    }
    this.#setTimer();
  }

  #count(turn: Turn): void {
    const now = this.#clock.now();
    turn.state = 'inFlight';
    turn.admittedAt = now;
    this.#inFlight.add(turn);
    // An attempt that did not wait does not delay those that do.
    this.#fullAt = Math.min(Math.max(now, this.#fullAt) + this.#spacing, now + this.#burst);
  }

  /** Skips turns that have left. */
  #isQueueEmpty(): boolean {
    while (this.#queue[this.#head]?.state === 'over') {
      this.#head += 1;
    }
    if (this.#head > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return this.#queue.length === 0;
  }

  /** How long the next attempt has to wait, in ms. */
  #wait(): number {
    const now = this.#clock.now();
    this.#dropOld(now);
    const [oldest] = this.#inFlight;
    const isFull = oldest !== undefined && this.#inFlight.size >= this.#maxInFlight;
    const hasRoom = isFull ? oldest.admittedAt + longestFlight : now;
    const hasToken = this.#fullAt - this.#burst + this.#spacing;
    return Math.max(0, hasToken - now, hasRoom - now);
  }

  #dropOld(now: number): void {
    for (const turn of this.#inFlight) {
      if (turn.admittedAt + longestFlight > now) {
        return;
      }
      this.#inFlight.delete(turn);
    }
  }

  #setTimer(): void {
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (!this.#isQueueEmpty()) {
      this.#timer = this.#clock.setTimeout(() => {
        this.#timer = undefined;
        this.#admit();
      }, Math.ceil(this.#wait()));
    }
  }
}

/** In ms. */
const longestFlight = 5000;
const nothing = (): void => undefined;

/** The gates of a system, by origin. As with budgets, no timer removes those that are idle. */
class OriginGates {
  readonly #byOrigin: Map<string, OriginGate> = new Map();
  #sweepAt = minSweep;

  get(origin: string): OriginGate | undefined {
    return this.#byOrigin.get(origin);
  }

  add(origin: string, gate: OriginGate): void {
    if (this.#byOrigin.size >= this.#sweepAt) {
      this.#sweep();
    }
    this.#byOrigin.set(origin, gate);
  }

  #sweep(): void {
    for (const [origin, { isIdle }] of this.#byOrigin) {
      if (isIdle) {
        this.#byOrigin.delete(origin);
      }
    }
    this.#sweepAt = Math.max(minSweep, 2 * this.#byOrigin.size);
  }
}

const minSweep = 64;
const gates = new WeakMap<System, OriginGates>();

/** The gate of an origin, if a client of the system has returned to it. */
export function findGate(system: System, origin: string): OriginGate | undefined {
  return gates.get(system)?.get(origin);
}

/** The gate of an origin that a client returns to. */
export function gateOf(system: System, origin: string): OriginGate {
  const ofSystem = gates.get(system) ?? new OriginGates();
  gates.set(system, ofSystem);
  const found = ofSystem.get(origin);
  if (found !== undefined) {
    return found;
  }
  const gate = new OriginGate(system.clock, limitsOf(system).origin);
  ofSystem.add(origin, gate);
  return gate;
}
