import { once } from 'node:events';
import { join as joinPath } from 'node:path';

import { expect, test } from '@jest/globals';

import { sqlite } from '../../src/sqlite.ts';
import { idle, join } from '../store/arrange.ts';
import { options } from '../store/subject.ts';
import { createEffects, killWriters, startProgram, stateOf } from '../support/kills.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('SQL-04 after kill -9 of four writers each cursor is that of its effects, and the file is whole', async () => {
  using folder = temporaryFolder();
  const file = joinPath(folder.path, 'cluster.db');
  createEffects(file);
  await killWriters(file, 3);
  const { integrity, count, wrong } = stateOf(file);
  expect(integrity).toEqual({ integrity_check: 'ok' });
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThanOrEqual(4 * 200 * (1 + 2 + 3));
});

test('SQL-03 a process that is stopped inside a transaction holds the others up until it goes on', async () => {
  using folder = temporaryFolder();
  const file = joinPath(folder.path, 'cluster.db');
  createEffects(file);
  const store = await sqlite(file).open({ ...options, ttl: 2000 });
  const id = await join(store);
  const { child, lines } = startProgram('stop-in-transaction.ts', file);
  expect(await lines.next()).toMatchObject({ value: 'stops' });
  await expect(store.renew(id, 'r2', idle)).rejects.toThrow(
    `Expected the file ${file} to be free within 250 ms, got one that other processes write to`,
  );
  // Nobody can bury its node either: it has lost nothing, and what it did is whole.
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  expect(await lines.next()).toMatchObject({ value: 'committed' });
  await ended;
  expect(await store.renew(id, 'r3', idle)).toBe(true);
  await store.close();
  expect(stateOf(file)).toEqual({ integrity: { integrity_check: 'ok' }, count: 1, wrong: [] });
});
