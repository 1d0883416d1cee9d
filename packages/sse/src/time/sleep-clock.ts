import type { Clock, TimeoutHandle } from '@reprise/actor';

import { nextMacrotask } from './next-macrotask.ts';

/** Is told when the machine has slept: its clock is then ahead of its timer. */
interface Sleeper {
  woken(): void;
}

/**
 * The time of a clock, and the time for which the machine slept: on Linux and macOS a monotonic
 * clock, and with it each timer, stands still meanwhile. The wall clock does not: the time that it
 * gains on the monotonic clock counts as sleep. A clock without `date` never sleeps.
 *
 * A wall clock that a user sets ahead looks the same as a sleep, so a sleep alone ends nothing: see
 * `Deadline`. One that is set back changes nothing.
 */
export class SleepClock {
  readonly #clock: Clock;
  readonly #sleepers = new Set<Sleeper>();
  #slept = 0;
  #now = 0;
  #date = 0;
  /** The time between two looks, in ms. */
  #interval = Infinity;
  #timer: TimeoutHandle | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.#slept;
  }

  setTimeout(callback: () => void, ms: number): TimeoutHandle {
    return this.#clock.setTimeout(callback, Math.min(ms, longestWait));
  }

  clearTimeout(handle: TimeoutHandle): void {
    this.#clock.clearTimeout(handle);
  }

  setImmediate(callback: () => void): void {
    nextMacrotask(this.#clock, callback);
  }

  /**
   * From now on the sleeper, which waits for `ms`, is told of a sleep. One timer looks after all
   * sleepers of a clock, and only while there are any.
   */
  add(sleeper: Sleeper, ms: number): void {
    this.#sleepers.add(sleeper);
    const interval = Math.max(shortestInterval, Math.min(ms / looks, longestWait));
    if (interval < this.#interval && this.#clock.date !== undefined) {
      this.#stop();
      this.#interval = interval;
      this.#note();
      this.#wait();
    }
  }

  delete(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    if (this.#sleepers.size === 0) {
      this.#stop();
    }
  }

  #stop(): void {
    this.#interval = Infinity;
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  #wait(): void {
    this.#timer = this.#clock.setTimeout(this.#look, this.#interval);
    this.#timer.unref?.();
  }

  readonly #look = (): void => {
    const awake = this.#now;
    const date = this.#date;
    this.#note();
    const gained = this.#date - date - (this.#now - awake);
    this.#wait();
    if (gained > noise) {
      this.#slept += gained;
      for (const sleeper of this.#sleepers) {
        sleeper.woken();
      }
    }
  };

  #note(): void {
    this.#now = this.#clock.now();
    this.#date = this.#clock.date?.() ?? 0;
  }
}

/** How often the two clocks are compared in the time of a wait: of one of 5 min, every 10 s. */
const looks = 30;

/** In ms. */
const shortestInterval = 10_000;

/** The thread may be held between the readings of the two clocks. In ms. */
const noise = 1000;

/** The longest wait of a timer of Node, in ms: a longer one would fire at once. */
export const longestWait: number = 2 ** 31 - 1;

const clocks = new WeakMap<Clock, SleepClock>();

export function sleepClockOf(clock: Clock): SleepClock {
  const found = clocks.get(clock) ?? new SleepClock(clock);
  clocks.set(clock, found);
  return found;
}
