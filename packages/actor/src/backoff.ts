import { describe } from './describe.ts';
import { assertKnownKeys, type KeysOf } from './known-keys.ts';

/** A delay that grows with each attempt, up to a limit. All times are in ms. */
export interface Backoff {
  /** The delay before the first attempt. */
  readonly minDelay: number;
  /** The longest delay. */
  readonly maxDelay: number;
  /** How many times longer each delay is than the one before it. Default: 2. */
  readonly factor?: number;
  /** How long a run has to last for the next delay to start over at `minDelay`. */
  readonly healthyAfter: number;
}

const growthKeys: KeysOf<Omit<Backoff, 'healthyAfter'>> = {
  minDelay: true,
  maxDelay: true,
  factor: true,
};

const backoffKeys: KeysOf<Backoff> = { ...growthKeys, healthyAfter: true };

/**
 * The delay, in ms, after `attempts` attempts in a row: `minDelay` after none, `factor` times as
 * long with each, at most `maxDelay`. It has no jitter.
 * @throws TypeError for an option that is unknown; RangeError for a value that is not a number in
 * its range
 * @example
 * ```ts
 * import { backoffDelay } from '@reprise/actor';
 *
 * const delays = [0, 1, 2, 3].map((n) => backoffDelay(n, { minDelay: 200, maxDelay: 1000 }));
 * console.log(delays); // [ 200, 400, 800, 1000 ]
 * ```
 */
export function backoffDelay(attempts: number, backoff: Omit<Backoff, 'healthyAfter'>): number {
  assertKnownKeys('backoffDelay', backoff, growthKeys);
  const { minDelay, maxDelay, factor = 2 } = backoff;
  for (const [name, value] of Object.entries({ attempts, minDelay, maxDelay, factor })) {
    if (!isAtLeast(0, value)) {
      throw new RangeError(`Expected ${name} to be a number from 0 on, got ${describe(value)}`);
    }
  }
  return delayAfter(attempts, backoff);
}

function delayAfter(
  attempts: number,
  { minDelay, maxDelay, factor = 2 }: Omit<Backoff, 'healthyAfter'>,
): number {
  // Limited: an infinite factor would make NaN of a `minDelay` of 0.
  const growth = Math.min(factor ** attempts, Number.MAX_VALUE);
  return Math.min(maxDelay, minDelay * growth);
}

/**
 * The pause before a restart, in ms, after `consecutiveRestarts` others: between half of the
 * backoff's delay and all of it, drawn by `random` (as `Math.random`), to keep children that ended
 * together from starting together.
 */
export function restartDelay(
  consecutiveRestarts: number,
  backoff: Backoff,
  random: () => number,
): number {
  return Math.round(delayAfter(consecutiveRestarts, backoff) * (0.5 + random() / 2));
}

/** Throws a `RangeError` for a `restartDelay` with a field that is missing or out of range. */
export function assertRestartDelay(delay: Backoff): void {
  if (typeof delay === 'object' && delay !== null) {
    assertKnownKeys('restartDelay', delay, backoffKeys);
  }
  const { minDelay, maxDelay, factor = 2, healthyAfter } = (delay ?? {}) as Partial<Backoff>;
  const isGrowing = isAtLeast(1, factor) && factor !== Infinity;
  const isLimited = isAtLeast(minDelay, maxDelay) && maxDelay !== Infinity;
  if (!(isPositive(minDelay) && isLimited && isGrowing && isAtLeast(0, healthyAfter))) {
    throw new RangeError(
      `Expected restartDelay to be { minDelay, maxDelay, factor?, healthyAfter } in ms, with minDelay above 0 and at most maxDelay, and factor from 1 on, got ${describe(delay)}`,
    );
  }
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

function isAtLeast(limit: unknown, value: unknown): value is number {
  return typeof value === 'number' && value >= (limit as number);
}
