/**
 * `node --conditions=@reprise/source fill-disk.ts FILE`: writes to an SQLite file until that fails,
 * by a handler and by a request, and prints both errors.
 */
import { systemClock } from '@reprise/actor';

import { type SqliteTransaction, sqlite } from '../../src/sqlite.ts';
import { join, own } from '../store/arrange.ts';

const [file = ''] = process.argv.slice(2);
const store = await sqlite(file).open({
  ttl: 10_000,
  clock: systemClock(),
  onError: console.log,
  onWarning: console.log,
});
const id = await join(store);
const [claim] = await own(store, id, ['eur']);
const step = { key: 'eur', epoch: claim?.epoch ?? 0, was: '', cursor: '' };
await untilItFails(() => store.transact(id, step, insert, new AbortController().signal));
await untilItFails(() => store.save(id, [{ ...step, cursor: 'x'.repeat(100_000) }]));

async function untilItFails(write: () => unknown): Promise<void> {
  try {
    for (;;) {
      await write();
    }
  } catch (error) {
    console.log((error as Error).message);
  }
}

function insert(tx: SqliteTransaction): void {
  tx.prepare('create table if not exists effect (body text)').run();
  tx.prepare('insert into effect values (?)').run('x'.repeat(1000));
}
