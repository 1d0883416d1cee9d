import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { type Intensity, Restarts } from '../../src/supervisor/intensity.ts';

/** How many of the restarts at `times` are allowed before a supervisor gives up. */
function allowed(times: readonly number[], intensity: Intensity): number {
  const restarts = new Restarts();
  const tooMany = times.findIndex((now) => !restarts.add(now, intensity));
  return tooMany === -1 ? times.length : tooMany;
}

/**
 * The rule in the words of the manual, applied to all restarts: no window of `maxSeconds` may hold
 * more than `maxRestarts`.
 */
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
        const restarts = new Restarts();
        for (const now of at) {
          if (!restarts.add(now, intensity)) {
            break;
          }
          expect(restarts.length).toBeLessThanOrEqual(intensity.maxRestarts);
        }
      }),
    );
  });

  test.each([
    { now: 4999, isAllowed: false, counting: 3 },
    { now: 5000, isAllowed: false, counting: 3 },
    { now: 5001, isAllowed: true, counting: 2 },
    { now: 5002, isAllowed: true, counting: 1 },
  ])(
    'SI05 the window slides, and its edge belongs to it: at $now',
    ({ now, isAllowed, counting }) => {
      const intensity = { maxRestarts: 2, maxSeconds: 5 };
      const restarts = new Restarts();
      expect([restarts.add(0, intensity), restarts.add(1, intensity)]).toStrictEqual([true, true]);
      expect(restarts.add(now, intensity)).toBe(isAllowed);
      expect(restarts.length).toBe(counting);
    },
  );

  test('SI03 a maximum of 0 allows no restart', () => {
    expect(new Restarts().add(0, { maxRestarts: 0, maxSeconds: 5 })).toBe(false);
  });
});
