/**
 * `node --conditions=@reprise/source write-for.ts FILE KEY MS`: handles events of a stream without
 * pause, 100 in a transaction, and renews its node every 750 ms, as a node with a T of 3 s does. It
 * prints the longest times, in ms, as JSON.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isPromise } from 'node:util/types';

import { systemClock } from '@reprise/actor';

import { sqlite } from '../../src/sqlite.ts';
import { ownStream } from './handle-events.ts';

const [file = '', key = '', ms = ''] = process.argv.slice(2);
const clock = systemClock();
const store = await sqlite(file).open({
  ttl: 3000,
  clock,
  onError: console.error,
  onWarning: console.error,
});
const stream = await ownStream(store, key);
const facts = { owned: 1, draining: false, list: '', busy: 0 };
const longest = { turn: 0, hold: 0, withoutRenewal: 0 };
let renewedAt = clock.now();
const timer = setInterval(() => {
  void store.watch();
  store.renew(stream.id, randomUUID(), facts).then(noteRenewal, () => {
    // The next one counts the time.
  });
}, 750);

function noteRenewal(): void {
  longest.withoutRenewal = Math.max(longest.withoutRenewal, clock.now() - renewedAt);
  renewedAt = clock.now();
}

const end = clock.now() + Number(ms);
while (clock.now() < end) {
  const began = clock.now();
  const handled = stream.handle(100);
  // The file is busy. How long the thread was held to find out: the wait itself is by timers.
  if (isPromise(handled)) {
    longest.hold = Math.max(longest.hold, clock.now() - began);
  }
  await handled;
  longest.turn = Math.max(longest.turn, clock.now() - began);
  await setImmediate();
}
clearInterval(timer);
noteRenewal();
console.log(JSON.stringify(longest));
await store.close();
