import { statSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';

import { sqlite, type SqliteTransaction } from '../../src/sqlite.ts';
import { join, own } from '../store/arrange.ts';
import { options } from '../store/subject.ts';
import { temporaryFolder } from '../support/temporary.ts';

const mebibyte = 2 ** 20;

test('SQL-07 the log is below 64 MiB, unless a reader keeps an old state: then there is a warning a minute', async () => {
  using folder = temporaryFolder();
  const file = joinPath(folder.path, 'cluster.db');
  const clock = virtualClock();
  const warnings: string[] = [];
  const store = await sqlite(file).open({
    ...options,
    clock,
    onWarning: (text) => warnings.push(text),
  });
  const id = await join(store);
  const [claim] = await own(store, id, ['eur']);
  const step = { key: 'eur', epoch: claim?.epoch ?? 0, was: '', cursor: '' };
  const write = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      void store.transact(id, step, insert, new AbortController().signal);
    }
  };
  const size = (): number => statSync(`${file}-wal`).size / mebibyte;

  write(100);
  expect(size()).toBeLessThan(32);
  expect(warnings).toEqual([]);
  const reader = new DatabaseSync(file);
  reader.exec('begin; select * from effect limit 1');
  write(100);
  expect(warnings).toEqual([
    expect.stringMatching(
      new RegExp(
        `^Expected the log ${file}-wal to stay below 64 MiB, got \\d+ MiB: it begins anew only while`,
      ),
    ),
  ]);
  await clock.advance(60_000);
  write(16);
  expect(warnings).toHaveLength(2);
  reader.close();
  write(16);
  expect(size()).toBeLessThan(32);
  await store.close();
});

/** One MiB. */
function insert(tx: SqliteTransaction): void {
  tx.prepare('create table if not exists effect (body text)').run();
  tx.prepare('insert into effect values (?)').run('x'.repeat(mebibyte));
}
