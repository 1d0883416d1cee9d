import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { addRestart, type Intensity } from '../src/restarts.ts';

/** How many of the restarts at `times` are allowed before a supervisor gives up. */
function allowed(times: readonly number[], intensity: Intensity): number {
  let restarts: readonly number[] = [];
  for (const [count, now] of times.entries()) {
    const next = addRestart(restarts, now, intensity);
    if (next === undefined) {
      return count;
    }
    restarts = next;
  }
  return times.length;
}

/** The rule as the manual says it, over all that ever happened: no window of `maxSeconds` may hold more than `maxRestarts`. */
function allowedByTheManual(
  times: readonly number[],
  { maxRestarts, maxSeconds }: Intensity,
): number {
  const tooMany = times.findIndex((now, index) => {
    const within = times.slice(0, index + 1).filter((time) => now - time <= maxSeconds * 1000);
    return within.length > maxRestarts;
  });
  return tooMany === -1 ? times.length : tooMany;
}

const intensities: fc.Arbitrary<Intensity> = fc.record({
  maxRestarts: fc.integer({ min: 0, max: 5 }),
  maxSeconds: fc.constantFrom(0.5, 1, 2, 5),
});

// Gaps that often add up to a window exactly, since its edge is where a mistake would be.
const times: fc.Arbitrary<readonly number[]> = fc
  .array(fc.oneof(fc.constantFrom(0, 250, 500, 1000), fc.integer({ min: 0, max: 2500 })), {
    maxLength: 40,
  })
  .map((gaps) => gaps.map((_, index) => gaps.slice(0, index + 1).reduce((a, b) => a + b, 0)));

describe('restart intensity', () => {
  test('agrees with the rule of the manual for any times', () => {
    fc.assert(
      fc.property(times, intensities, (at, intensity) => {
        expect(allowed(at, intensity)).toBe(allowedByTheManual(at, intensity));
      }),
    );
  });

  test('keeps no more restarts than count, however long a supervisor lives', () => {
    fc.assert(
      fc.property(times, intensities, (at, intensity) => {
        let restarts: readonly number[] = [];
        for (const now of at) {
          restarts = addRestart(restarts, now, intensity) ?? [];
          expect(restarts.length).toBeLessThanOrEqual(intensity.maxRestarts);
        }
      }),
    );
  });

  test('does not change the restarts that it is given', () => {
    const before = Object.freeze([0, 10]);
    expect(addRestart(before, 20, { maxRestarts: 3, maxSeconds: 5 })).toStrictEqual([0, 10, 20]);
    expect(before).toStrictEqual([0, 10]);
  });

  test.each([
    { now: 4999, counting: undefined },
    { now: 5000, counting: undefined },
    { now: 5001, counting: [1, 5001] },
    { now: 5002, counting: [5002] },
  ])('SI05 the window slides, and its edge belongs to it: at $now', ({ now, counting }) => {
    expect(addRestart([0, 1], now, { maxRestarts: 2, maxSeconds: 5 })).toStrictEqual(counting);
  });

  test('SI03 a maximum of 0 allows no restart', () => {
    expect(addRestart([], 0, { maxRestarts: 0, maxSeconds: 5 })).toBeUndefined();
  });
});
