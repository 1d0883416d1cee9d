import type { Clock } from '@reprise/actor';

import { Deadline } from '../time/deadline.ts';
import { type SleepClock, sleepClockOf } from '../time/sleep-clock.ts';

/**
 * Calls `passed` once bytes have been waited for longer than `limit` ms in all, since `start`. The
 * time between `hold` and `release`, in which the program does not read, does not count.
 */
export class ReadingTimer {
  readonly #clock: Clock;
  readonly #time: SleepClock;
  readonly #limit: number;
  readonly #passed: () => void;
  #startedAt: number | undefined = undefined;
  #heldAt: number | undefined = undefined;
  #held = 0;
  #deadline: Deadline | undefined = undefined;

  constructor(clock: Clock, limit: number, passed: () => void) {
    this.#clock = clock;
    this.#time = sleepClockOf(clock);
    this.#limit = limit;
    this.#passed = passed;
  }

  /** Counts from zero. */
  start(): void {
    this.stop();
    this.#startedAt = this.#time.now();
    this.#held = 0;
    if (this.#heldAt === undefined) {
      this.#wait(this.#limit);
    } else {
      this.#heldAt = this.#startedAt;
    }
  }

  stop(): void {
    this.#startedAt = undefined;
    this.#deadline?.clear();
    this.#deadline = undefined;
  }

  hold(): void {
    this.#heldAt ??= this.#time.now();
  }

  release(): void {
    if (this.#heldAt !== undefined) {
      this.#held += this.#time.now() - this.#heldAt;
      this.#heldAt = undefined;
    }
    if (this.#startedAt !== undefined && this.#deadline === undefined) {
      this.#wait(this.#limit - this.#elapsed(this.#startedAt));
    }
  }

  #elapsed(startedAt: number): number {
    return (this.#heldAt ?? this.#time.now()) - startedAt - this.#held;
  }

  #wait(ms: number): void {
    this.#deadline = new Deadline(this.#clock, ms, this.#check);
  }

  /** While the program does not read there is no timer: `release` sets the next one. */
  readonly #check = (): void => {
    this.#deadline = undefined;
    if (this.#heldAt !== undefined || this.#startedAt === undefined) {
      return;
    }
    const left = this.#limit - this.#elapsed(this.#startedAt);
    if (left > 0) {
      this.#wait(left);
    } else {
      this.#passed();
    }
  };
}
