/**
 * `node --conditions=@reprise/source stop-in-transaction.ts FILE`: stops itself by SIGSTOP inside
 * of a transaction, and prints `committed` when it goes on.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';

import { systemClock } from '@reprise/actor';

import { sqlite } from '../../src/sqlite.ts';
import { join, own } from '../store/arrange.ts';

const [file = ''] = process.argv.slice(2);
const store = await sqlite(file).open({
  ttl: 3000,
  clock: systemClock(),
  onError: console.error,
  onWarning: console.error,
});
const id = await join(store);
const [claim] = await own(store, id, ['eur']);
const move = { key: 'eur', epoch: claim?.epoch ?? 0, was: '', cursor: '1' };
store.transact(
  id,
  move,
  (tx) => {
    tx.prepare('insert into effect values (?, ?, ?)').run('eur', 1, randomUUID());
    writeSync(1, 'stops\n');
    process.kill(process.pid, 'SIGSTOP');
  },
  new AbortController().signal,
);
writeSync(1, 'committed\n');
await store.close();
