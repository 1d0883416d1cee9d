/**
 * `node --conditions=@reprise/source write-events.ts FILE KEY`: handles events of a stream without
 * pause, 10 in a transaction, until it is killed. It prints a line now and then.
 */
import { setImmediate } from 'node:timers/promises';

import { systemClock } from '@reprise/actor';

import { sqlite } from '../../src/sqlite.ts';
import { ownStream } from './handle-events.ts';

const [file = '', key = ''] = process.argv.slice(2);
const store = await sqlite(file).open({
  ttl: 3000,
  clock: systemClock(),
  onError: console.error,
  onWarning: console.error,
});
const stream = await ownStream(store, key);
for (let transactions = 1; ; transactions += 1) {
  await stream.handle(10);
  if (transactions % 20 === 0) {
    console.log(transactions);
  }
  await setImmediate();
}
