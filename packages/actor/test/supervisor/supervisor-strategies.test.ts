import { describe, expect, test } from '@jest/globals';
import { exit, isAlive, kill, normal, type Restart, shutdown, Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import {
  crashed,
  child,
  end,
  hasFailed,
  startTree,
  refusal,
  type Options,
  workerOf,
  hasStarted,
  states,
  subSupervisor,
  subSupervisorOf,
  hasTerminated,
  workers,
} from '../support/tree.ts';

const oneForAll: Options = { strategy: 'oneForAll' };
const restForOne: Options = { strategy: 'restForOne' };

describe('oneForAll', () => {
  test('SR08 shuts down the others in reverse order, then starts all in order', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c'), oneForAll);
    const before = ['a', 'b', 'c'].map((id) => workerOf(all.supervisor, id));
    log.length = 0;
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasTerminated('b', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('a', shutdown),
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
    ]);
    expect(before.map(isAlive)).toStrictEqual([false, false, false]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['b', 'runs'],
      ['c', 'runs'],
    ]);
  });

  test('SR08 starts no child before the last of the others has ended', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        child({ id: 'a', log, terminateTime: 60 }),
        ...workers(log, 'b'),
        child({ id: 'c', log, terminateTime: 40 }),
      ],
      oneForAll,
    );
    log.length = 0;
    await end(all, 'b');
    await advance(all.system, 99);
    expect(log).toStrictEqual([hasTerminated('b', crashed), hasTerminated('c', shutdown)]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([
      hasTerminated('b', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('a', shutdown),
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
    ]);
  });

  test('SR08 also starts children that had been terminated or had ended for good', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a', 'terminated'),
        child({ id: 'transient', log }, { restart: 'transient' }),
        ...workers(log, 'b'),
      ],
      oneForAll,
    );
    await Supervisor.terminateChild(all.supervisor, 'terminated');
    await end(all, 'transient', normal);
    log.length = 0;
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasTerminated('b', crashed),
      hasTerminated('a', shutdown),
      hasStarted('a'),
      hasStarted('terminated'),
      hasStarted('transient'),
      hasStarted('b'),
    ]);
  });

  test('SI06 counts one restart for them all', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c'), { ...oneForAll, maxRestarts: 1 });
    log.length = 0;
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
    ]);
    log.length = 0;
    await end(all, 'c');
    expect(log).toStrictEqual([
      hasTerminated('c', crashed),
      hasTerminated('b', shutdown),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SI06 counts one restart for several that die at the same instant', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c'), { ...oneForAll, maxRestarts: 1 });
    log.length = 0;
    for (const id of ['a', 'b', 'c']) {
      exit(all.system, workerOf(all.supervisor, id), kill);
    }
    await settle(all.system);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b'), hasStarted('c')]);
    expect(isAlive(all.supervisor)).toBe(true);
  });

  test('SR12 does nothing else when a temporary child ends', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a'),
        child({ id: 'b', log }, { restart: 'temporary' }),
        ...workers(log, 'c'),
      ],
      oneForAll,
    );
    log.length = 0;
    await end(all, 'b');
    expect(log).toStrictEqual([hasTerminated('b', crashed)]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['c', 'runs'],
    ]);
  });

  test('SR13 does nothing else when a transient child ends normally', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a'),
        child({ id: 'b', log }, { restart: 'transient' }),
        ...workers(log, 'c'),
      ],
      oneForAll,
    );
    log.length = 0;
    await end(all, 'b', normal);
    expect(log).toStrictEqual([hasTerminated('b', normal)]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['b', 'undefined'],
      ['c', 'runs'],
    ]);
  });

  test('SR14 shuts down those already restarted when a sibling fails to start, and starts all again', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [...workers(log, 'a'), child({ id: 'b', log, plan: ['run', refusal] }), ...workers(log, 'c')],
      oneForAll,
    );
    log.length = 0;
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasStarted('a'),
      hasFailed('b'),
      hasTerminated('a', shutdown),
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
    ]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['b', 'runs'],
      ['c', 'runs'],
    ]);
  });

  test('SR14, SI10 counts the failed start of a sibling as one more restart', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [...workers(log, 'a'), child({ id: 'b', log, plan: ['run', refusal] }), ...workers(log, 'c')],
      { ...oneForAll, maxRestarts: 1 },
    );
    log.length = 0;
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasStarted('a'),
      hasFailed('b'),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SR16 goes on with the others when one of them answers ignore', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a'),
        child({ id: 'b', log, plan: ['run', 'ignore'] }),
        ...workers(log, 'c'),
      ],
      oneForAll,
    );
    log.length = 0;
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasStarted('a'),
      hasFailed('b'),
      hasStarted('c'),
    ]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['b', 'undefined'],
      ['c', 'runs'],
    ]);
  });
});

describe('restForOne', () => {
  test('SR09 shuts down those started after it in reverse order, then starts it and them in order', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c', 'd'), restForOne);
    const [a, ...rest] = ['a', 'b', 'c', 'd'].map((id) => workerOf(all.supervisor, id));
    log.length = 0;
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasTerminated('b', crashed),
      hasTerminated('d', shutdown),
      hasTerminated('c', shutdown),
      hasStarted('b'),
      hasStarted('c'),
      hasStarted('d'),
    ]);
    expect(workerOf(all.supervisor, 'a')).toBe(a);
    expect(rest.map(isAlive)).toStrictEqual([false, false, false]);
  });

  test('SR10 restarts only the last child when it is the one that ends', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c'), restForOne);
    const [a, b] = ['a', 'b'].map((id) => workerOf(all.supervisor, id));
    log.length = 0;
    await end(all, 'c');
    expect(log).toStrictEqual([hasTerminated('c', crashed), hasStarted('c')]);
    expect([workerOf(all.supervisor, 'a'), workerOf(all.supervisor, 'b')]).toStrictEqual([a, b]);
  });

  test('SR18 counts a child added later as the last in order', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b'), restForOne);
    await Supervisor.startChild(all.supervisor, child({ id: 'c', log }));
    log.length = 0;
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasTerminated('b', crashed),
      hasTerminated('c', shutdown),
      hasStarted('b'),
      hasStarted('c'),
    ]);
  });

  test('SR09 tries again from the child that failed to start, and leaves those before it running', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a', 'b'),
        child({ id: 'c', log, plan: ['run', refusal] }),
        ...workers(log, 'd'),
      ],
      restForOne,
    );
    log.length = 0;
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasTerminated('b', crashed),
      hasTerminated('d', shutdown),
      hasTerminated('c', shutdown),
      hasStarted('b'),
      hasFailed('c'),
      hasStarted('c'),
      hasStarted('d'),
    ]);
  });
});

test.each(['oneForAll', 'restForOne'] as const)(
  'SR11 %s shuts down a temporary sibling with the group, and forgets it',
  async (strategy) => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a'),
        child({ id: 'b', log }, { restart: 'temporary' }),
        ...workers(log, 'c'),
      ],
      { strategy },
    );
    log.length = 0;
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasStarted('a'),
      hasStarted('c'),
    ]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['c', 'runs'],
    ]);
  },
);

test.each<readonly [Restart, boolean]>([
  ['permanent', true],
  ['transient', true],
  ['temporary', false],
])('SR08 oneForAll restarts a %s sibling that it had to kill: %p', async (restart, isStarted) => {
  const log: unknown[] = [];
  const all = await startTree(
    log,
    [child({ id: 'a', log }, { restart, shutdown: 'brutalKill' }), ...workers(log, 'b')],
    oneForAll,
  );
  log.length = 0;
  await end(all, 'b');
  expect(log).toStrictEqual([
    hasTerminated('b', crashed),
    ...(isStarted ? [hasStarted('a')] : []),
    hasStarted('b'),
  ]);
});

test('SR19 a child added later is not there any more when the supervisor itself has been restarted', async () => {
  const log: unknown[] = [];
  const { system, supervisor } = await startTree(log, [subSupervisor('sub', workers(log, 'a'))]);
  const before = subSupervisorOf(supervisor, 'sub');
  await Supervisor.startChild(before, child({ id: 'b', log }));
  log.length = 0;
  exit(system, before, kill);
  await settle(system);
  expect(log.slice(0, 2)).toContainEqual(hasTerminated('b', { type: 'killed' }));
  expect(log.slice(2)).toStrictEqual([hasStarted('a')]);
  expect(await states(subSupervisorOf(supervisor, 'sub'))).toStrictEqual([['a', 'runs']]);
});

test('SR08 goes down a tree: a supervisor that is restarted with the group restarts its children', async () => {
  const log: unknown[] = [];
  const all = await startTree(
    log,
    [...workers(log, 'a'), subSupervisor('sub', workers(log, 'x', 'y')), ...workers(log, 'z')],
    oneForAll,
  );
  log.length = 0;
  await end(all, 'a');
  expect(log).toStrictEqual([
    hasTerminated('a', crashed),
    hasTerminated('z', shutdown),
    hasTerminated('y', shutdown),
    hasTerminated('x', shutdown),
    hasStarted('a'),
    hasStarted('x'),
    hasStarted('y'),
    hasStarted('z'),
  ]);
});
