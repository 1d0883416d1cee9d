import { expect, jest, test } from '@jest/globals';

import { run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';

/**
 * The numbers of events that were handled between two macrotasks, of one packet with 200 events
 * whose handlers take `ms` each of a time that only they move. Two slices can fall between two
 * macrotasks: one after a packet has come, and one in a macrotask of the scheduler.
 */
async function handledAtOnce(ms: number, isAsync: boolean): Promise<readonly number[]> {
  await using stage = await openStage();
  const all = Promise.withResolvers<void>();
  let time = 0;
  let handled = 0;
  const counts: number[] = [];
  const handle = (): void => {
    time += ms;
    handled += 1;
    if (handled === 200) {
      all.resolve();
    }
  };
  await run(stage, { handle: isAsync ? async () => handle() : handle });
  const exchange = await stage.next();
  // Read here and no earlier: the slice that runs now would last until the time has caught up.
  time = performance.now();
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => time);
  exchange.stream('data: x\n\n'.repeat(200));
  let isOver = false;
  void all.promise.then(() => (isOver = true));
  while (!isOver) {
    const before = handled;
    await new Promise(setImmediate);
    counts.push(handled - before);
  }
  clock.mockRestore();
  return counts.filter((count) => count > 0);
}

test.each([
  ['1 ms, synchronously', 1, false, 10],
  ['1 ms, with a promise', 1, true, 10],
  ['20 ms', 20, false, 4],
  ['a fifth of a ms', 0.2, false, 60],
])(
  'the events of one packet hold the thread for a slice: %s each',
  async (_what, ms, isAsync, most) => {
    const counts = await handledAtOnce(ms, isAsync);
    expect(Math.max(...counts)).toBeLessThanOrEqual(most);
  },
);

test('events that take no time are handled in one piece', async () => {
  expect(await handledAtOnce(0, false)).toEqual([200]);
});
