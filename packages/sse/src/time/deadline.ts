import type { Clock, TimeoutHandle } from '@reprise/actor';

import { type SleepClock, sleepClockOf } from './sleep-clock.ts';

/**
 * A time limit. It judges only after one look at all bytes that have arrived: a timer runs before
 * the sockets are read, so after a stall of the thread the answer, or the sign of life, may lie
 * there unread. A timer that is late tells of such a stall, or of a sleep of the machine: then the
 * limit is extended by a short time, since a decompressor or a proxy may still hold bytes.
 */
export class Deadline {
  readonly #clock: SleepClock;
  readonly #ms: number;
  readonly #passed: () => void;
  #due: number;
  #extensions = 0;
  #timer: TimeoutHandle | undefined = undefined;
  #isOver = false;

  /** `passed` is called once, unless `clear` is called before. `ms`: `Infinity` for no limit. */
  constructor(clock: Clock, ms: number, passed: () => void) {
    this.#clock = sleepClockOf(clock);
    this.#ms = ms;
    this.#passed = passed;
    this.#due = this.#clock.now() + ms;
    if (ms < Infinity) {
      this.#clock.add(this, ms);
      this.#wait(ms);
    }
  }

  clear(): void {
    this.#isOver = true;
    this.#clock.delete(this);
    this.#stopTimer();
  }

  /** Called when the machine has slept. */
  woken(): void {
    this.#stopTimer();
    this.#wait(Math.max(0, this.#due - this.#clock.now()));
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
    }
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimeout(this.#look, ms);
  }

  readonly #look = (): void => {
    const now = this.#clock.now();
    if (now < this.#due) {
      this.#wait(this.#due - now);
    } else if (now - this.#due < stall || this.#extensions === maxExtensions) {
      this.#clock.delete(this);
      // Sockets are read before.
      this.#clock.setImmediate(this.#judge);
    } else {
      const extension = Math.min(this.#ms, longestExtension);
      this.#extensions += 1;
      this.#due = now + extension;
      this.#wait(extension);
    }
  };

  readonly #judge = (): void => {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#passed();
    }
  };
}

/** From this lateness on, in ms, a timer shows that the thread was held. */
const stall = 100;

/** In ms. */
const longestExtension = 1000;

/** The thread of a busy machine may be held again and again. */
const maxExtensions = 3;
