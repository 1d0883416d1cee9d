import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join as joinPath } from 'node:path';

import { expect, test } from '@jest/globals';

import { watchStalls } from '../../../../bench/torture/stalls.ts';
import { createEffects, killWriters, startProgram, stateOf } from '../support/kills.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('SQL-04 after kill -9 of four writers, 100 times, each cursor is that of its effects, and the file is whole', async () => {
  using folder = temporaryFolder();
  const file = joinPath(folder.path, 'cluster.db');
  createEffects(file);
  await killWriters(file, 100);
  const { integrity, count, wrong } = stateOf(file);
  expect({ integrity, wrong }).toEqual({ integrity: { integrity_check: 'ok' }, wrong: [] });
  expect(count).toBeGreaterThan(100 * 4 * 200);
}, 600_000);

test('SQL-02 of four processes that write without pause each has its turn, and renews in time', async () => {
  using folder = temporaryFolder();
  const file = joinPath(folder.path, 'cluster.db');
  createEffects(file);
  // Of this process, which only waits: for as long the machine was too busy.
  let stalled = 0;
  const stopWatch = watchStalls(({ from, to }) => {
    stalled += to - from;
  });
  const writers = ['eur', 'usd', 'jpy', 'gbp'].map((key) => {
    const { child, lines } = startProgram('write-for.ts', file, key, '10000');
    return { lines, ended: once(child, 'exit') };
  });
  for (const { lines, ended } of writers) {
    const { value } = (await lines.next()) as { readonly value: string };
    const longest = JSON.parse(value) as Longest;
    await ended;
    expect(longest.turn).toBeLessThan(2000 + stalled);
    expect(longest.hold).toBeLessThan(150 + stalled);
    expect(longest.withoutRenewal).toBeLessThan(2700 + stalled);
  }
  stopWatch();
  expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(64 * 2 ** 20);
  expect(stateOf(file)).toMatchObject({ integrity: { integrity_check: 'ok' }, wrong: [] });
}, 120_000);

/** In ms. */
interface Longest {
  readonly turn: number;
  readonly hold: number;
  readonly withoutRenewal: number;
}
