import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { type SlowCallback, SlowCallbacks } from '../../src/recording/slow-callbacks.ts';

const minute = 60_000;
const hour = 60 * minute;

/** The same from all that there ever were, of the minutes that lie within the hour. */
function slowestOf(all: readonly SlowCallback[], now: number): readonly number[] {
  const seen = new Map<string, number>();
  return all
    .filter(({ at }) => at - (at % minute) > now - hour)
    .toSorted((a, b) => b.ms - a.ms)
    .filter(({ path }) => {
      seen.set(path, (seen.get(path) ?? 0) + 1);
      return (seen.get(path) ?? 0) <= 2;
    })
    .map(({ ms }) => ms);
}

describe('slow callbacks', () => {
  test('are the slowest of the last hour, two of a path, also once slower ones are forgotten', () => {
    const callback = fc.record({
      after: fc.nat(900_000),
      path: fc.constantFrom('app / a', 'app / b', 'app / c'),
      ms: fc.double({ min: 100, max: 1000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(callback, { maxLength: 40 }), fc.nat(hour), (list, later) => {
        const slow = new SlowCallbacks();
        const all: SlowCallback[] = [];
        let now = 0;
        for (const { after, path, ms } of list) {
          now += after;
          all.push({ at: now, path, ms });
          slow.add({ at: now, path, ms });
        }
        expect(slow.at(now).map(({ ms }) => ms)).toStrictEqual(slowestOf(all, now));
        now += later;
        expect(slow.at(now).map(({ ms }) => ms)).toStrictEqual(slowestOf(all, now));
      }),
    );
  });

  test('are not hidden by slower ones of the minute before, once those are forgotten', () => {
    const slow = new SlowCallbacks();
    for (const [at, ms] of [
      [59_000, 300],
      [59_500, 200],
      [60_500, 100],
    ] as const) {
      slow.add({ at, path: 'app / a', ms });
    }
    expect(slow.at(hour - 1).map(({ ms }) => ms)).toStrictEqual([300, 200]);
    expect(slow.at(hour).map(({ ms }) => ms)).toStrictEqual([100]);
    expect(slow.at(hour + minute)).toStrictEqual([]);
  });

  test('are 20 at most, of however many paths', () => {
    const slow = new SlowCallbacks();
    for (let index = 0; index < 1000; index++) {
      slow.add({ at: index * 1000, path: `app / ${index}`, ms: 100 + ((index * 7) % 1000) });
    }
    expect(slow.at(1_000_000).map(({ ms }) => ms)).toStrictEqual(
      Array.from({ length: 20 }, (_, at) => 1099 - at),
    );
  });
});
