import type { Clock, TimeoutHandle } from '@reprise/actor';
import type { KeysOf } from '@reprise/actor/options';

import type { Engine } from '../engine/engine.ts';
import type { Lane, Owner, Scheduled } from '../engine/happening.ts';

/** The wall clock of a run begins here, in ms since 1970. */
const epoch: number = Date.UTC(2030, 0, 1);

/** How far the clocks of a machine are off. */
export interface Skew {
  /** Of the wall clock, in ms. Default: as it was, which is 0 at first. */
  readonly ahead?: number;
  /**
   * Of the wall clock and of the monotonic one, above -1 and below 1: 0.01 is 1 % too fast.
   * Default: as it was, which is 0 at first.
   */
  readonly drift?: number;
}

export const skewKeys: KeysOf<Skew> = { ahead: true, drift: true };

/**
 * The clocks and timers of a node. A timer is as that of a host: it waits whole milliseconds, at
 * least 1, and counts from the millisecond in which it was set, so it may be up to 1 ms early.
 */
export class NodeClock implements Clock {
  #ahead = 0;
  #rate = 1;
  /** The time in ms, and that of the engine in microseconds, when the rate was set. */
  #base = 0;
  #since = 0;
  readonly #engine: Engine;
  readonly #owner: Owner;
  /** Timers of a host come in the order of their times, those of the same time as they were set. */
  readonly #timers: Lane = {};
  readonly #immediates: Lane = { lastAt: 0 };

  constructor(engine: Engine, owner: Owner) {
    this.#engine = engine;
    this.#owner = owner;
  }

  readonly now = (): number => this.#base + ((this.#engine.now - this.#since) / 1000) * this.#rate;

  readonly date = (): number => Math.floor(epoch + this.now() + this.#ahead);

  skew({ ahead = this.#ahead, drift = this.#rate - 1 }: Skew): void {
    // A monotonic clock goes on from where it is.
    this.#base = this.now();
    this.#since = this.#engine.now;
    this.#ahead = ahead;
    this.#rate = 1 + drift;
  }

  readonly setTimeout = (callback: () => void, ms: number): TimeoutHandle => {
    const now = this.now();
    const due = Math.floor(now) + (ms >= 1 ? Math.floor(ms) : 1);
    const wait = Math.round(((due - now) * 1000) / this.#rate);
    const scheduled = this.#engine.schedule({
      // Not at this instant, or a timer that was early and is set again would come for ever.
      at: this.#engine.now + Math.max(1, wait),
      owner: this.#owner,
      kind: 'timer',
      what: 'a timer fires',
      lane: this.#timers,
      run: callback,
    });
    return scheduled as object as TimeoutHandle;
  };

  readonly clearTimeout = (handle: TimeoutHandle): void => {
    this.#engine.cancel(handle as object as Scheduled);
  };

  readonly setImmediate = (callback: () => void): TimeoutHandle =>
    this.#engine.schedule({
      at: this.#engine.now,
      owner: this.#owner,
      kind: 'timer',
      what: 'an immediate runs',
      lane: this.#immediates,
      isLast: true,
      run: callback,
    }) as object as TimeoutHandle;
}
