import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

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

  test('OBS-H05 has one group for crashes that differ in ids of any kind', () => {
    const book = new CrashBook();
    const { add } = writer(book);
    const idsOf = (letters: string, length: number) =>
      fc.string({
        unit: fc.nat(letters.length - 1).map((at) => letters.charAt(at)),
        minLength: length,
        maxLength: length,
      });
    const [digits, upper] = ['0123456789', 'ABCDEFGHJKMNPQRSTVWXYZ'];
    const kinds = {
      ulid: idsOf(digits + upper, 19).map((id) => `01ARZ3N${id}`),
      nanoid: idsOf(`${digits}${upper}${upper.toLowerCase()}_-`, 19).map((id) => `a7K${id}`),
      cuid: idsOf(digits + upper.toLowerCase(), 20).map((id) => `c1l9x${id}`),
      hash: idsOf('0123456789abcdef', 39).map((id) => `0${id}`),
      stripe: idsOf(digits + upper, 12).map((id) => `cus_N3x9${id}`),
    };
    for (const [kind, ids] of Object.entries(kinds)) {
      for (const id of fc.sample(ids, 100)) {
        add('app / a', `Error: ${kind} ${id} failed`, 0);
      }
    }
    expect(book.groups.map(({ reason, count }) => [reason, count])).toStrictEqual(
      Object.keys(kinds)
        .toReversed()
        .map((kind) => [`Error: ${kind} # failed`, 100]),
    );
  });

  test('keeps words with a number, names of code, and dates apart', () => {
    const book = new CrashBook();
    const { add } = writer(book);
    const reasons = {
      'Error: worker12 of pool-7': 'Error: worker# of pool-#',
      'Error: sha256sum differs from base64url': 'Error: sha#sum differs from base#url',
      'getUserByIdFromDB is not a function': 'getUserByIdFromDB is not a function',
      'ERR_HTTP2_STREAM_CANCEL at 127.0.0.1:5432': 'ERR_HTTP#_STREAM_CANCEL at #:#',
      'no customer of 2026-11-30T19:16': 'no customer of #-#-#T#:#',
    };
    for (const reason of Object.keys(reasons)) {
      add('app / a', reason, 0);
    }
    expect(book.groups.map(({ reason }) => reason).toReversed()).toStrictEqual(
      Object.values(reasons),
    );
  });

  test('keeps the groups of others, however many kinds of crash one child has', () => {
    const book = new CrashBook();
    const { add } = writer(book);
    add('app / b', 'Error: no paper', 0);
    add('app / c', 'Error: no ink', 1);
    for (let index = 0; index < 400; index++) {
      add('app / a', `Error: ${nameOf(index)}`, 2 + index);
    }
    expect(book.groups).toHaveLength(200);
    expect(book.groups.slice(-2).map(({ path }) => path)).toStrictEqual(['app / c', 'app / b']);
    expect(book.groups[197]?.reason).toBe(`Error: ${nameOf(202)}`);
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
    expect(later).toMatchObject({ until: 8, length: 31 });
    expect(later.counts.slice(-5)).toStrictEqual([0, 2, 0, 0, 1]);
    // 60 min after the crash at 6 min, which was at the beginning of its part.
    const muchLater = countsAt(66);
    expect([muchLater.counts[0], muchLater.counts.at(-1), muchLater.length]).toStrictEqual([
      1, 1, 31,
    ]);
    expect(muchLater.counts.reduce((sum, count) => sum + count)).toBe(2);
    for (let count = 0; count < 10_000; count++) {
      add('app / a', 'Error: x', 67 * minute);
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
