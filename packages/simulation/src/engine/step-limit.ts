import type { Violation } from './violation.ts';

/** So many steps at one instant are a loop without end. */
const longestInstant = 20_000;

/** Counts steps: a run has at most so many, and not too many of them at one instant. */
export class StepLimit {
  readonly #most: number;
  #instant = 0;
  #atInstant = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a step at the time `now`, the last of `steps`; returns why it is one too many. */
  count(steps: number, now: number): Pick<Violation, 'kind' | 'message'> | undefined {
    if (this.#instant !== now) {
      this.#instant = now;
      this.#atInstant = 0;
    }
    this.#atInstant += 1;
    if (steps >= this.#most) {
      return { kind: 'limit', message: `Expected an end within ${this.#most} steps, got none` };
    }
    return this.#atInstant > longestInstant
      ? {
          kind: 'stuck',
          message: `Expected time to pass, got ${longestInstant} steps at one instant`,
        }
      : undefined;
  }
}
