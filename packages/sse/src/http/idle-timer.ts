import type { Clock, TimeoutHandle } from '@reprise/actor';

/** Node fires a timer at once when it is asked to wait longer. */
export const longestWait: number = 2 ** 31 - 1;

/**
 * Tells, once, that nothing has been heard for `limit` ms. What is heard only moves a number: the
 * one timer looks at it when it fires, and waits for what is left.
 */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #silent: () => void;
  #heardAt: number;
  #isHeld = false;
  #timer: TimeoutHandle | undefined = undefined;

  constructor(clock: Clock, limit: number, silent: () => void) {
    this.#clock = clock;
    this.#limit = limit;
    this.#silent = silent;
    this.#heardAt = clock.now();
    this.#wait(limit);
  }

  hear(): void {
    this.#heardAt = this.#clock.now();
  }

  /** From now on silence does not count. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Silence counts again, from now. */
  release(): void {
    this.#isHeld = false;
    this.hear();
  }

  stop(): void {
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
    }
  }

  #wait(ms: number): void {
    if (ms < Infinity) {
      this.#timer = this.#clock.setTimeout(this.#look, Math.min(ms, longestWait));
    }
  }

  readonly #look = (): void => {
    const silence = this.#isHeld ? 0 : this.#clock.now() - this.#heardAt;
    if (silence < this.#limit) {
      this.#wait(this.#limit - silence);
    } else {
      this.#silent();
    }
  };
}
