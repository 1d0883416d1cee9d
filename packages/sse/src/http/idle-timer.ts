import type { Clock } from '@reprise/actor';

import { Deadline } from '../time/deadline.ts';
import { type SleepClock, sleepClockOf } from '../time/sleep-clock.ts';

/**
 * Calls `silent` once nothing has been heard for `limit` ms. `hear` only stores the time: the one
 * deadline looks at it when it passes, and waits for the rest.
 */
export class IdleTimer {
  readonly #clock: Clock;
  /** The time of `#clock` that counts a sleep of the machine as silence. */
  readonly #time: SleepClock;
  readonly #limit: number;
  readonly #silent: () => void;
  #heardAt: number;
  #isHeld = false;
  #deadline: Deadline;

  constructor(clock: Clock, limit: number, silent: () => void) {
    this.#clock = clock;
    this.#time = sleepClockOf(clock);
    this.#limit = limit;
    this.#silent = silent;
    this.#heardAt = this.#time.now();
    this.#deadline = this.#wait(limit);
  }

  hear(): void {
    this.#heardAt = this.#time.now();
  }

  /** Silence does not count from now on. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Silence counts again, from zero. */
  release(): void {
    this.#isHeld = false;
    this.hear();
  }

  stop(): void {
    this.#deadline.clear();
  }

  #wait(ms: number): Deadline {
    return new Deadline(this.#clock, ms, this.#check);
  }

  readonly #check = (): void => {
    const silence = this.#isHeld ? 0 : this.#time.now() - this.#heardAt;
    if (silence < this.#limit) {
      this.#deadline = this.#wait(this.#limit - silence);
    } else {
      this.#silent();
    }
  };
}
