import type { Clock, TimeoutHandle } from '@reprise/actor';

/** The longest wait of a timer of Node, in ms: a longer one would fire at once. */
export const longestWait: number = 2 ** 31 - 1;

/**
 * Calls `silent` once nothing has been heard for `limit` ms. `hear` only stores the time: the one
 * timer looks at it when it fires, and waits for the rest.
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
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
    }
  }

  #wait(ms: number): void {
    if (ms < Infinity) {
      this.#timer = this.#clock.setTimeout(this.#check, Math.min(ms, longestWait));
    }
  }

  readonly #check = (): void => {
    const silence = this.#isHeld ? 0 : this.#clock.now() - this.#heardAt;
    if (silence < this.#limit) {
      this.#wait(this.#limit - silence);
    } else {
      this.#silent();
    }
  };
}
