import { expect, test } from '@jest/globals';
import type { Clock } from '@reprise/actor';
import { virtualClock } from '@reprise/actor/testing';
import { jumpingClock } from '@reprise/sse/testing';

import { abortAfter, startTimerOfSteps, within } from '../src/within.ts';

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

/** A clock that has jumped over the end of a limit of 100 ms, with the I/O of after that. */
async function heldClock(begin: (clock: Clock) => void): Promise<{ readonly endTurn: () => void }> {
  const turns: (() => void)[] = [];
  const virtual = virtualClock();
  const jumping = jumpingClock(virtual);
  const { now, setTimeout, clearTimeout } = jumping;
  const setImmediate = (callback: () => void): unknown => turns.push(callback);
  begin({ now, setTimeout, clearTimeout, setImmediate });
  jumping.jump(150);
  await virtual.advance(0);
  expect(turns).toHaveLength(1);
  return {
    endTurn: () => {
      turns.forEach((turn) => {
        turn();
      });
    },
  };
}

test('LEASE-07 an answer that has arrived while the thread was held counts, though its time is over', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer: Promise<string> | undefined;
  const { endTurn } = await heldClock((clock) => {
    answer = within(promise, { ...limit, clock });
  });
  // The timer has fired. Now the answer is read, and after it the turn of setImmediate comes.
  resolve('good');
  endTurn();
  expect(await answer).toBe('good');
});

test('LEASE-07 a signal that is stopped by an answer from that time does not abort', async () => {
  let signal: AbortSignal | undefined;
  let stop = (): void => undefined;
  const { endTurn } = await heldClock((clock) => {
    ({ signal, stop } = abortAfter({ ...limit, clock }));
  });
  stop();
  endTurn();
  expect(signal?.aborted).toBe(false);
});

test('LEASE-07 work of several steps has as much time more as the thread was held', async () => {
  const virtual = virtualClock();
  const clock = jumpingClock(virtual);
  let isOver = false;
  startTimerOfSteps(clock, 100, () => {
    isOver = true;
  });
  clock.jump(150);
  await virtual.advance(49);
  expect(isOver).toBe(false);
  await virtual.advance(1);
  expect(isOver).toBe(true);
});

test('work of several steps that is stopped while it has more time is not called back', async () => {
  const virtual = virtualClock();
  const clock = jumpingClock(virtual);
  let isOver = false;
  const stop = startTimerOfSteps(clock, 100, () => {
    isOver = true;
  });
  clock.jump(150);
  await virtual.advance(10);
  stop();
  await virtual.advance(1000);
  expect(isOver).toBe(false);
});
