import { expect, test } from '@jest/globals';

import { WriteSchedule } from '../../src/cursor/write-schedule.ts';

test.each([
  [1000, [1000]],
  [2 ** 31 - 1, [2 ** 31 - 1]],
  [2 ** 31, [2 ** 31 - 1]],
  [Number.MAX_VALUE, [2 ** 31 - 1]],
  [Infinity, []],
])(
  'a position that is to be written within %p ms sets a timer that can wait: %p',
  (within, set) => {
    const waits: number[] = [];
    const clock = {
      now: () => 0,
      setTimeout: (_callback: () => void, ms: number) => {
        waits.push(ms);
        return {};
      },
      clearTimeout: () => undefined,
    };
    const { signal } = new AbortController();
    const owner = { clock, signal, fail: () => undefined, warn: () => undefined };
    const schedule = new WriteSchedule({ every: 1e9, within, owner, write: () => undefined });
    void schedule.moved(1);
    void schedule.moved(1);
    expect(waits).toEqual(set);
  },
);
