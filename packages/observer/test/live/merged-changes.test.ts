import { describe, expect, test } from '@jest/globals';

import type { Change } from '../../src/live/change.ts';
import { mergedChanges } from '../../src/live/merged-changes.ts';

describe('the latest changes', () => {
  const change = (at: number, path: string, kind: Change['kind']): Change => ({
    at,
    path,
    kind,
    pid: 0,
    lasted: 0,
    reason: '',
  });

  const shape = (changes: readonly Change[]) =>
    mergedChanges(changes).map(({ change: { at, kind }, count, paths, since }) => [
      kind,
      at,
      count,
      paths,
      since,
    ]);

  test('of streams below one supervisor are one, also with others between them', () => {
    expect(
      shape([
        change(90_000, 'app / orders / 1', 'connected'),
        change(89_000, 'app / orders / 2', 'connected'),
        change(80_000, 'app / orders / 2', 'lost'),
        change(79_000, 'app / flags / 1', 'lost'),
        change(78_000, 'app / orders / 1', 'lost'),
        change(77_000, 'app / orders / 1', 'lost'),
        change(9000, 'app / flags / 1', 'lost'),
      ]),
    ).toEqual([
      ['connected', 90_000, 2, 2, 89_000],
      ['lost', 80_000, 3, 2, 77_000],
      ['lost', 79_000, 1, 1, 79_000],
      ['lost', 9000, 1, 1, 9000],
    ]);
  });

  test('of one process are one, and those of others are not', () => {
    expect(
      shape([
        change(90_000, 'app / store', 'crash'),
        change(89_000, 'app / queue', 'crash'),
        change(88_000, 'app / store', 'end'),
        change(50_000, 'app / store', 'crash'),
        { ...change(40_000, '', 'crash'), pid: 7 },
        { ...change(40_000, '', 'crash'), pid: 8 },
      ]),
    ).toEqual([
      ['crash', 90_000, 2, 1, 50_000],
      ['crash', 89_000, 1, 1, 89_000],
      ['end', 88_000, 1, 1, 88_000],
      ['crash', 40_000, 1, 1, 40_000],
      ['crash', 40_000, 1, 1, 40_000],
    ]);
  });
});
