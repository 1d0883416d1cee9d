import { describe, expect, test } from '@jest/globals';

import { CrashBook, type OpenReport } from '../../src/recording/crash-book.ts';

/** A crash, and a count of the reports that were made. */
function writer(book: CrashBook) {
  const made = { count: 0 };
  const add = (path: string, reason: string, at: number): void => {
    const report = (): OpenReport => {
      made.count += 1;
      return {
        at,
        process: '#Pid<7>',
        isInInit: false,
        reason,
        stack: 'a'.repeat(4000),
        message: undefined,
        state: undefined,
        takenAlong: [],
      };
    };
    book.add({ path, kind: 'exit', reason, at, report });
  };
  return { made, add };
}

/** A word of letters: numbers are masked. */
const nameOf = (index: number): string =>
  String(index).replaceAll(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)));

describe('a crash book', () => {
  test('OBS-H05 has one group for crashes that differ in ids and numbers, in 16 KB', () => {
    const book = new CrashBook();
    const { add, made } = writer(book);
    for (let row = 0; row < 5000; row++) {
      const id = `${row.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
      add('app / a', `Error: row ${row} of ${id} at 1.5e${row}`, row * 10);
    }
    const [group, ...others] = book.groups;
    expect(others).toStrictEqual([]);
    expect(group).toMatchObject({
      count: 5000,
      firstAt: 0,
      lastAt: 49_990,
      first: { at: 0 },
      last: { at: 49_000 },
    });
    expect(group?.last.reason).toContain('row 4900');
    expect(JSON.stringify(group).length).toBeLessThanOrEqual(16_384);
    // At most one a second.
    expect(made.count).toBe(50);
  });

  test('OBS-H06 keeps the 200 groups that were seen last, and counts all', () => {
    const book = new CrashBook();
    const { add } = writer(book);
    const names = Array.from({ length: 300 }, (_, index) => `Error: ${nameOf(index)}`);
    for (const [index, name] of names.entries()) {
      add('app / a', name, index);
      // Seen again and again: it stays.
      add('app / a', names[0] ?? '', index);
    }
    expect([book.groups.length, book.count, book.groupCount]).toStrictEqual([200, 600, 300]);
    expect(book.groups[0]).toMatchObject({ reason: names[0], count: 301 });
    expect(book.groups.some(({ reason }) => reason === names[1])).toBe(false);
  });

  test('has counts of the last hour, in parts of two minutes, however many there were', () => {
    const book = new CrashBook();
    const { add } = writer(book);
    const minute = 60_000;
    const countsAt = (minutes: number) => {
      add('app / a', 'Error: x', minutes * minute);
      const { from = 0, part, counts = [] } = book.groups[0]?.recent ?? {};
      return {
        until: (from + (part ?? 0) * counts.length) / minute,
        length: counts.length,
        counts,
      };
    };
    expect(countsAt(1).counts.slice(-2)).toStrictEqual([0, 1]);
    expect(countsAt(1.9).counts.slice(-2)).toStrictEqual([0, 2]);
    const later = countsAt(6);
    expect(later).toMatchObject({ until: 8, length: 30 });
    expect(later.counts.slice(-5)).toStrictEqual([0, 2, 0, 0, 1]);
    const muchLater = countsAt(64);
    expect([muchLater.counts[0], muchLater.counts.at(-1), muchLater.length]).toStrictEqual([
      1, 1, 30,
    ]);
    expect(muchLater.counts.reduce((sum, count) => sum + count)).toBe(2);
    for (let count = 0; count < 10_000; count++) {
      add('app / a', 'Error: x', 65 * minute);
    }
    expect(JSON.stringify(book.groups[0]?.recent).length).toBeLessThan(150);
    expect(countsAt(600).counts.reduce((sum, count) => sum + count)).toBe(1);
  });

  test('tells processes apart, and words apart', () => {
    const book = new CrashBook();
    const { add } = writer(book);
    add('app / a', 'Error: no paper', 0);
    add('app / b', 'Error: no paper', 1);
    add('app / a', 'Error: no ink', 2);
    add('app / a', 'Error: decade', 3);
    expect(book.groups.map(({ path, reason }) => [path, reason])).toStrictEqual([
      ['app / a', 'Error: decade'],
      ['app / a', 'Error: no ink'],
      ['app / b', 'Error: no paper'],
      ['app / a', 'Error: no paper'],
    ]);
  });

  test('gives copies: what a reader does to one changes nothing', () => {
    const book = new CrashBook();
    writer(book).add('app', 'Error: x', 0);
    const [group] = book.groups;
    (group?.last.takenAlong as string[] | undefined)?.push('b');
    expect(group?.last.takenAlong).toStrictEqual(['b']);
    expect(book.groups[0]?.last.takenAlong).toStrictEqual([]);
  });
});
