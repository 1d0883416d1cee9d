import { expect, test } from '@jest/globals';

import { streamsFor } from '../../src/live/streams.ts';
import type { StreamLook } from '../../src/look/stream-look.ts';

const stream = (pid: number, more: Partial<StreamLook> = {}): StreamLook => ({
  path: `app / feeds / ${pid}`,
  pid,
  state: 'connected',
  since: 0,
  lostAt: undefined,
  failure: undefined,
  attempt: 0,
  nextAttemptAt: undefined,
  heardAt: 9000,
  idleTimeout: undefined,
  usualGap: undefined,
  inHandSince: undefined,
  unhandled: 0,
  lastEventId: '',
  kept: undefined,
  unwritten: 0,
  events: 0,
  bytes: 0,
  reconnects: 0,
  lag: undefined,
  ...more,
});

const pidsIn = (text: string): readonly number[] =>
  (JSON.parse(text) as readonly StreamLook[]).map(({ pid }) => pid);

const window = (streams: readonly number[]) => ({ rows: [], streams });

test('of few streams all are told, also of none', () => {
  const pids = Array.from({ length: 50 }, (_, at) => at + 1);
  expect(pidsIn(streamsFor(pids.map((pid) => stream(pid)))(window([])))).toEqual(pids);
  expect(streamsFor([])(window([]))).toBe('[]');
});

test('of many streams those are told that a page shows, and 10 that need a look first', () => {
  const all = Array.from({ length: 1000 }, (_, at) => stream(at + 1));
  all[900] = stream(901, { state: 'disconnected', lostAt: 5000, heardAt: 4000 });
  all[901] = stream(902, { inHandSince: 8000 });
  all[902] = stream(903, { heardAt: 2000 });
  const tell = streamsFor(all);
  expect(pidsIn(tell(window([])))).toHaveLength(10);
  expect(pidsIn(tell(window([])))).toEqual(expect.arrayContaining([901, 902, 903]));
  const told = pidsIn(tell(window([700, 701, 5000])));
  expect(told).toHaveLength(12);
  expect(told).toEqual(expect.arrayContaining([700, 701, 901]));
});

test('numbers have one digit after the point', () => {
  const text = streamsFor([stream(1, { heardAt: 1234.56789, usualGap: 45.454545 })])(window([]));
  expect(JSON.parse(text)).toMatchObject([{ heardAt: 1234.6, usualGap: 45.5 }]);
});
