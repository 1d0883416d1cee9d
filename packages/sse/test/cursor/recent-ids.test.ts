import { describe, expect, test } from '@jest/globals';

import { RecentIds } from '../../src/cursor/recent-ids.ts';
import { heldBytes } from '../support/garbage.ts';

describe.each([true, false])('recent ids, indexed: %j', (isIndexed) => {
  test('are the last, oldest first', () => {
    const ids = new RecentIds(['1', '2', '3', '4'], 3, isIndexed);
    expect(ids.list()).toEqual(['2', '3', '4']);
    ids.add('5');
    expect(ids.list()).toEqual(['3', '4', '5']);
    expect(['2', '3', '5'].map((id) => ids.has(id))).toEqual([false, true, true]);
  });

  test('of events that are being handled are known, and listed once these are handled', () => {
    const ids = new RecentIds(['1', '2', '3'], 3, isIndexed);
    const known = (): readonly boolean[] => ['1', '2', '4', '5'].map((id) => ids.has(id));
    ids.hold('4');
    ids.hold('5');
    expect([ids.list(), ids.listAhead()]).toEqual([
      ['1', '2', '3'],
      ['3', '4', '5'],
    ]);
    expect(known()).toEqual([true, true, true, true]);
    ids.drop();
    expect([ids.listAhead(), known()]).toEqual([
      ['1', '2', '3'],
      [true, true, false, false],
    ]);
    ids.hold('4');
    ids.keep();
    ids.hold('5');
    expect([ids.list(), known()]).toEqual([
      ['2', '3', '4'],
      [false, true, true, true],
    ]);
  });

  test('that were kept more than once are known until the last copy is dropped', () => {
    const ids = new RecentIds(['1', '2', '1'], 3, isIndexed);
    ids.add('3');
    expect(ids.has('1')).toBe(true);
    ids.add('4');
    ids.add('5');
    expect(ids.has('1')).toBe(false);
  });

  test('that are long are kept as digests, and still known', () => {
    const long = 'x'.repeat(129);
    const ids = new RecentIds([], 3, isIndexed);
    ids.add(long);
    const next = new RecentIds(ids.list(), 3, isIndexed);
    expect(next.list()[0]).toMatch(/^sha256:.{44}$/);
    expect([next.has(long), next.has(`${long}x`)]).toEqual([true, false]);
  });

  test('hold no reference to the packets that they came in', () => {
    const ids = new RecentIds([], 16, isIndexed);
    const before = heldBytes();
    for (let count = 0; count < 100; count += 1) {
      ids.add(
        Buffer.alloc(2 ** 18, 'x')
          .toString()
          .slice(count, count + 100),
      );
      ids.list();
    }
    expect(heldBytes() - before).toBeLessThan(2 ** 19);
    expect(ids.list()).toHaveLength(16);
  });
});
