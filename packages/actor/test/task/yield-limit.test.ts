import { expect, test } from '@jest/globals';
import { isAlive, type Pid, type Process, Task } from '@reprise/actor';
import { advance, createTestSystem, type TestSystem } from '@reprise/actor/testing';

import { elapse } from '../support/outcome.ts';
import { idleProcess } from '../support/processes.ts';

const after = (system: TestSystem, self: Process, ms: number): Task.Task<number> =>
  Task.async(self, async () => {
    await elapse(system, ms);
    return ms;
  });

async function setup(...times: readonly number[]): Promise<{
  readonly system: TestSystem;
  readonly self: Process;
  readonly tasks: readonly Task.Task<number>[];
}> {
  const system = createTestSystem();
  const self = await idleProcess(system, { traps: true });
  return { system, self, tasks: times.map((ms) => after(system, self, ms)) };
}

const value = (number: number): object => ({ type: 'ok', value: number });
const alive = (tasks: readonly Task.Task[]): readonly boolean[] =>
  tasks.map(({ pid }) => isAlive(pid as Pid));

test.each(['nothing', 'ignore', 'killTask'] as const)(
  'XT22 yieldMany waits for `limit` results, and leaves the others as they are: %s',
  async (onTimeout) => {
    const { system, self, tasks } = await setup(30, 10, 20);
    const yielded = Task.yieldMany(self, tasks, { limit: 2, timeout: 100, onTimeout });
    await advance(system, 20);
    expect(await yielded).toStrictEqual([undefined, value(10), value(20)]);
    expect(alive(tasks)).toStrictEqual([true, false, false]);
    const rest = Task.yieldMany(self, tasks);
    await advance(system, 10);
    expect(await rest).toStrictEqual([value(30), undefined, undefined]);
  },
);

test('XT22 an exit is a result, too', async () => {
  const { system, self } = await setup();
  const failing = Task.async(self, () => {
    throw new Error('boom');
  });
  const yielded = Task.yieldMany(self, [after(system, self, 10), failing], { limit: 1 });
  await advance(system, 5000);
  expect(await yielded).toMatchObject([undefined, { type: 'exit', reason: { type: 'crash' } }]);
});

test('XT23 of more results than the limit, those that came first are taken', async () => {
  const { system, self, tasks } = await setup(30, 10, 20);
  await advance(system, 100);
  expect(await Task.yieldMany(self, tasks, { limit: 2 })).toStrictEqual([
    undefined,
    value(10),
    value(20),
  ]);
  expect(await Task.yieldMany(self, tasks, { limit: 2, timeout: 0 })).toStrictEqual([
    value(30),
    undefined,
    undefined,
  ]);
});

test('XT24 below the limit the time decides, and onTimeout applies', async () => {
  const { system, self, tasks } = await setup(10, 200);
  const yielded = Task.yieldMany(self, tasks, { limit: 5, timeout: 100, onTimeout: 'killTask' });
  await advance(system, 100);
  expect(await yielded).toStrictEqual([value(10), undefined]);
  expect(alive(tasks)).toStrictEqual([false, false]);
});

test('XT24 with a limit of all tasks or more it waits for all', async () => {
  const { system, self, tasks } = await setup(10, 20);
  const yielded = Task.yieldMany(self, tasks, { limit: 7 });
  await advance(system, 20);
  expect(await yielded).toStrictEqual([value(10), value(20)]);
});

test('a task that is twice in the list counts once, and both places get its result', async () => {
  const { system, self, tasks } = await setup(10, 20);
  const [first, second] = tasks as readonly [Task.Task<number>, Task.Task<number>];
  const yielded = Task.yieldMany(self, [first, first, second], { limit: 2 });
  await advance(system, 20);
  expect(await yielded).toStrictEqual([value(10), value(10), value(20)]);
});

test.each([0, -1, 1.5, Number.NaN, '2'])('a limit of %p is refused', async (limit) => {
  const { self, tasks } = await setup(10);
  await expect(Task.yieldMany(self, tasks, { limit: limit as number })).rejects.toThrow(
    'Expected limit to be a whole number above 0',
  );
});
