import { expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';
import { jumpingClock } from '@reprise/sse/testing';

import { within } from '../src/within.ts';

const limit = { timeout: 100, of: 'the store' };

test('an answer that takes longer than its time is an error', async () => {
  const clock = virtualClock();
  const answer = within(new Promise(() => undefined), { ...limit, clock });
  const outcome = Promise.allSettled([answer]);
  await clock.advance(100);
  expect(await outcome).toMatchObject([
    { reason: new Error('Expected an answer of the store within 100 ms, got none') },
  ]);
});

test('LEASE-07 an answer that has arrived while the thread was held counts, though its time is over', async () => {
  const turns: (() => void)[] = [];
  const virtual = virtualClock();
  const jumping = jumpingClock(virtual);
  const { now, setTimeout, clearTimeout } = jumping;
  const setImmediate = (callback: () => void): unknown => turns.push(callback);
  const clock = { now, setTimeout, clearTimeout, setImmediate };
  const { promise, resolve } = Promise.withResolvers<string>();
  const answer = within(promise, { ...limit, clock });
  jumping.jump(150);
  await virtual.advance(0);
  // The timer has fired. Now the answer is read, and after it the turn of setImmediate comes.
  resolve('good');
  expect(turns).toHaveLength(1);
  turns.forEach((turn) => {
    turn();
  });
  expect(await answer).toBe('good');
});
