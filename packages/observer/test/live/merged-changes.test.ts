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

  test('of streams below one supervisor that come one after the other are one', () => {
    const merged = mergedChanges([
      change(90_000, 'app / orders / 1', 'connected'),
      change(89_000, 'app / orders / 2', 'connected'),
      change(80_000, 'app / orders / 2', 'lost'),
      change(79_000, 'app / orders / 1', 'lost'),
      change(78_000, 'app / orders / 1', 'lost'),
      change(70_000, 'app / flags / 1', 'lost'),
      change(9000, 'app / flags / 1', 'lost'),
      change(8000, 'app / store', 'crash'),
      change(8000, 'app / store', 'crash'),
    ]);
    expect(
      merged.map(({ change: { at, kind }, count, streams, since }) => [
        kind,
        at,
        count,
        streams,
        since,
      ]),
    ).toEqual([
      ['connected', 90_000, 2, 2, 89_000],
      ['lost', 80_000, 3, 2, 78_000],
      ['lost', 70_000, 1, 1, 70_000],
      ['lost', 9000, 1, 1, 9000],
      ['crash', 8000, 1, 1, 8000],
      ['crash', 8000, 1, 1, 8000],
    ]);
  });
});
