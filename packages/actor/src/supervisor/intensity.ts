import { Queue } from '../collections/queue.ts';
import { describe } from '../describe.ts';

/** How many restarts a supervisor allows in how long. */
export interface Intensity {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

/**
 * When the restarts were that still count: those of the last `maxSeconds`, the one on the very edge
 * included, as in OTP.
 */
export class Restarts {
  readonly #times = new Queue<number>();

  get length(): number {
    return this.#times.length;
  }

  /**
   * Counts one more, at `now` (ms). False when they are then more than `maxRestarts`: the
   * supervisor is to give up.
   */
  add(now: number, { maxRestarts, maxSeconds }: Intensity): boolean {
    const times = this.#times;
    while (times.length > 0 && now > times.at(0) + maxSeconds * 1000) {
      times.shift();
    }
    times.push(now);
    return times.length <= maxRestarts;
  }
}

/** Throws a `RangeError` for what no supervisor can be told to allow. */
export function assertIntensity({ maxRestarts, maxSeconds }: Intensity): void {
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0) {
    throw new RangeError(
      `Expected maxRestarts to be a whole number from 0 on, got ${describe(maxRestarts)}`,
    );
  }
  if (!(maxSeconds > 0)) {
    throw new RangeError(`Expected maxSeconds to be above 0, got ${describe(maxSeconds)}`);
  }
}
