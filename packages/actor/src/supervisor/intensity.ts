import { Queue } from '../collections/queue.ts';
import { describe } from '../describe.ts';

/**
 * How many restarts a supervisor allows in how long before it gives up.
 * @see OTP manual, `supervisor`, "Restart intensity"
 */
export interface Intensity {
  /** With more restarts than this within `maxSeconds` the supervisor gives up. Default: 3. */
  readonly maxRestarts: number;
  /** In seconds, as in Elixir. Default: 5. */
  readonly maxSeconds: number;
}

interface Restart {
  /** In ms. */
  readonly at: number;
  readonly child: object | undefined;
}

/**
 * The restarts that still count: those of the last `maxSeconds`. One of exactly `maxSeconds` ago
 * counts, as in OTP.
 */
export class Restarts {
  readonly #restarts = new Queue<Restart>();

  get length(): number {
    return this.#restarts.length;
  }

  /** Counts one more, at `now` (ms). False when that is more than `maxRestarts` allows. */
  add(now: number, { maxRestarts, maxSeconds }: Intensity, child?: object): boolean {
    const restarts = this.#restarts;
    while (restarts.length > 0 && now > restarts.at(0).at + maxSeconds * 1000) {
      restarts.shift();
    }
    restarts.push({ at: now, child });
    return restarts.length <= maxRestarts;
  }

  /** How many count at `now` (ms). It forgets none. */
  countAt(now: number, { maxSeconds }: Intensity): number {
    let count = 0;
    for (let index = 0; index < this.#restarts.length; index++) {
      count += Number(now <= this.#restarts.at(index).at + maxSeconds * 1000);
    }
    return count;
  }

  /** Whether all of them are of one child. */
  areOf(child: object): boolean {
    for (let index = 0; index < this.#restarts.length; index++) {
      if (this.#restarts.at(index).child !== child) {
        return false;
      }
    }
    return true;
  }
}

/** The intensity with Elixir's defaults. Throws a `RangeError` for a number out of range. */
export function intensityOf({ maxRestarts = 3, maxSeconds = 5 }: Partial<Intensity>): Intensity {
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0) {
    throw new RangeError(
      `Expected maxRestarts to be a whole number from 0 on, got ${describe(maxRestarts)}`,
    );
  }
  if (typeof maxSeconds !== 'number' || !(maxSeconds > 0)) {
    throw new RangeError(`Expected maxSeconds to be above 0, got ${describe(maxSeconds)}`);
  }
  return { maxRestarts, maxSeconds };
}
