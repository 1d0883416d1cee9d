import { availableParallelism } from 'node:os';

import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  type ChildSpec,
  exit,
  ExitError,
  GenServer,
  isAlive,
  kill,
  name,
  noproc,
  noreply,
  normal,
  ok,
  PartitionSupervisor,
  type Pid,
  pidOf,
  type Process,
  send,
  shutdown,
  Supervisor,
  whereis,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';
import * as fc from 'fast-check';

import { type PartitionKey, partitionOf } from '../../../src/supervisor/partition/key.ts';
import { outcome } from '../../support/outcome.ts';
import { child, refusal, hasStarted, hasTerminated, type Worker } from '../../support/tree.ts';

type Agents = PartitionSupervisor.Pid<Agent.Agent<number>>;

/** Holds the number of its partition. */
const numbered = childSpec(
  (parent, partition: number) => Agent.startLink(parent, () => partition),
  { id: 'numbered' },
);

async function stage(
  partitions: number,
): Promise<{ readonly system: TestSystem; readonly supervisor: Agents }> {
  const system = createTestSystem();
  const supervisor = await PartitionSupervisor.startLink(system, { child: numbered, partitions });
  return { system, supervisor };
}

const at = (supervisor: Agents, key: PartitionSupervisor.Key): Promise<number> =>
  Agent.get(PartitionSupervisor.route(supervisor, key), (partition) => partition);

const pids = async (supervisor: Agents): Promise<readonly unknown[]> =>
  (await PartitionSupervisor.whichChildren(supervisor)).map(({ pid }) => pid);

describe('the start', () => {
  test('PS01 makes the given number of children, numbered from 0', async () => {
    const { supervisor } = await stage(3);
    const children = await PartitionSupervisor.whichChildren(supervisor);
    expect(children.map(({ id, type }) => [id, type])).toStrictEqual([
      [0, 'worker'],
      [1, 'worker'],
      [2, 'worker'],
    ]);
    expect(new Set(children.map(({ pid }) => pid)).size).toBe(3);
    expect(PartitionSupervisor.partitions(supervisor)).toBe(3);
  });

  test('PS01 by default makes as many as the machine can run in parallel', async () => {
    const system = createTestSystem();
    const supervisor = await PartitionSupervisor.startLink(system, { child: numbered });
    expect(PartitionSupervisor.partitions(supervisor)).toBe(availableParallelism());
  });

  test('PS05 gives each partition its number', async () => {
    const { supervisor } = await stage(3);
    expect(await Promise.all([0, 1, 2].map((key) => at(supervisor, key)))).toStrictEqual([0, 1, 2]);
  });

  test('PS05 takes a child that does not ask which partition it is', async () => {
    const system = createTestSystem();
    const spec = Agent.childSpec(() => 'same', { id: 'same' });
    const supervisor = await PartitionSupervisor.startLink(system, { child: spec, partitions: 2 });
    const route = PartitionSupervisor.route(supervisor, 1);
    expect(await Agent.get(route, (text) => text.length)).toBe(4);
  });

  test.each<readonly [string, object, Error]>([
    ['no child', {}, new TypeError('Expected a child spec with an id, got undefined')],
    [
      '0 partitions',
      { child: numbered, partitions: 0 },
      new RangeError('Expected partitions to be a whole number above 0, got 0'),
    ],
    [
      'half a partition',
      { child: numbered, partitions: 0.5 },
      new RangeError('Expected partitions to be a whole number above 0, got 0.5'),
    ],
    [
      'maxRestarts -1',
      { child: numbered, maxRestarts: -1 },
      new RangeError('Expected maxRestarts to be a whole number from 0 on, got -1'),
    ],
  ])('PS06 refuses %s', async (_what, options, error) => {
    const system = createTestSystem();
    const started = PartitionSupervisor.startLink(system, options as { child: typeof numbered });
    const caught = await started.catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
  });

  test('PS06 needs no name, but may have one', async () => {
    const system = createTestSystem();
    const numbers = name<Agents>('numbers');
    await PartitionSupervisor.startLink(system, { child: numbered, partitions: 2, name: numbers });
    const route = PartitionSupervisor.route(numbers.in(system), 3);
    expect(await Agent.get(route, (partition) => partition)).toBe(1);
    expect(PartitionSupervisor.partitions(numbers.in(system))).toBe(2);
  });

  test('fails when the start of one fails, and leaves no process', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const spec = childSpec(
      (parent, partition: number) =>
        child({ id: String(partition), log, plan: partition === 2 ? [refusal] : [] }).start(parent),
      { id: 'a' },
    );
    const started = PartitionSupervisor.startLink(system, { child: spec, partitions: 3 });
    expect(await outcome(started)).toMatchObject({
      exit: { detail: { id: '2', reason: refusal } },
    });
    expect(log).toStrictEqual([
      hasStarted('0'),
      hasStarted('1'),
      ['failed', '2'],
      hasTerminated('1', shutdown),
      hasTerminated('0', shutdown),
    ]);
  });

  test('stands under another supervisor', async () => {
    const system = createTestSystem();
    const spec = PartitionSupervisor.childSpec({ id: 'numbers', child: numbered, partitions: 2 });
    expect(spec).toMatchObject({ id: 'numbers', type: 'supervisor', shutdown: Infinity });
    const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    expect(await at(Supervisor.child(app, 'numbers'), 1)).toBe(1);
  });
});

describe('a route', () => {
  test.each([
    [3, 0],
    [-1, 1],
    [-3, 0],
    [5, 2],
    [0, 0],
    [-0, 0],
    [7n, 1],
    [-7n, 1],
  ])('PS02 leads a whole number to its remainder: %d of 3 to %d', async (key, partition) => {
    const { supervisor } = await stage(3);
    expect(await at(supervisor, key)).toBe(partition);
    expect(await at(supervisor, key)).toBe(partition);
  });

  test('PS03 leads any other key to a partition by a hash, the same each time', async () => {
    const { supervisor } = await stage(3);
    const keys = ['joe', 'robert', 'mike', '', 'ü', 0.5, NaN, true, false];
    const first = await Promise.all(keys.map((key) => at(supervisor, key)));
    // Fixed numbers: data that one program stores by partition must be found by another program.
    expect(first).toStrictEqual(keys.map((key) => partitionOf(key, 3)));
    expect(keys.slice(0, 5).map((key) => partitionOf(key, 1000))).toStrictEqual([
      1, 837, 287, 261, 987,
    ]);
  });

  test('PS03 leads a process to a partition by its id', async () => {
    const { system, supervisor } = await stage(3);
    expect(await at(supervisor, system.pid)).toBe(system.pid.id % 3);
  });

  const keys: fc.Arbitrary<PartitionKey> = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
  );
  test('PS03 leads every key to one of the partitions', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 100 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        expect(Number.isInteger(partition)).toBe(true);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
      }),
    );
  });

  test('PS03 leaves no partition without keys', () => {
    const hits = Array.from({ length: 8 }, () => 0);
    for (let user = 0; user < 8000; user++) {
      const partition = partitionOf(`user-${user}`, 8);
      hits[partition] = (hits[partition] ?? 0) + 1;
    }
    expect(Math.min(...hits)).toBeGreaterThan(800);
    expect(Math.max(...hits)).toBeLessThan(1200);
  });

  test('refuses a value that is no key, at once', async () => {
    const { supervisor } = await stage(3);
    expect(() => PartitionSupervisor.route(supervisor, {} as never)).toThrow(
      new TypeError('Expected a key that is a string, number, bigint, boolean or pid, got {}'),
    );
  });

  test('PS04 finds the new process of a partition that was killed, and only that one is new', async () => {
    const { system, supervisor } = await stage(3);
    const route = PartitionSupervisor.route(supervisor, 1);
    const before = await pids(supervisor);
    exit(system, pidOf(route) as Pid, kill);
    expect(pidOf(route)).toBe(before[1]);
    await settle(system);
    const after = await pids(supervisor);
    expect(pidOf(route)).toBe(after[1]);
    expect([after[0], after[2]]).toStrictEqual([before[0], before[2]]);
    expect(after[1]).not.toBe(before[1]);
  });

  test('is an address with the type of the partitions, for every function that takes one', async () => {
    const system = createTestSystem();
    const got: unknown[] = [];
    const sink = GenServer.define({
      init: () => ok(0),
      handleCast: { add: (n: number, sum) => noreply(sum + n) },
      handleInfo: (message: string, sum) => {
        got.push(message);
        return noreply(sum);
      },
    });
    const supervisor = await PartitionSupervisor.startLink(system, {
      child: GenServer.childSpec(sink, undefined, { id: 'sink' }),
      partitions: 1,
    });
    const route = PartitionSupervisor.route(supervisor, 'a');
    GenServer.cast(route, 'add', 1);
    send(route, 'hello');
    // @ts-expect-error -- a sink takes texts
    send(route, 1);
    await settle(system);
    expect(got).toStrictEqual(['hello', 1]);
    expect(String(route)).toBe(`the partition of "a" in ${String(supervisor)}`);
    expectTypeOf(supervisor).toEqualTypeOf<
      PartitionSupervisor.Pid<GenServer.ServerOf<typeof sink>>
    >();
  });

  test('PS08 to a supervisor that has ended leads nowhere', async () => {
    const { supervisor } = await stage(2);
    const route = PartitionSupervisor.route(supervisor, 1);
    await PartitionSupervisor.stop(supervisor);
    expect(pidOf(route)).toBeUndefined();
    expect(await outcome(Agent.get(route, (n) => n))).toStrictEqual({ exit: noproc });
  });
});

describe('the end', () => {
  test('PS07 is complete, with the name free, when stop resolves', async () => {
    const system = createTestSystem();
    const options = { child: numbered, partitions: 2, name: 'numbers' };
    const supervisor = await PartitionSupervisor.startLink(system, options);
    const all = (await pids(supervisor)) as readonly Pid[];
    await PartitionSupervisor.stop(supervisor);
    expect([isAlive(supervisor), ...all.map(isAlive)]).toStrictEqual([false, false, false]);
    expect(whereis(system, 'numbers')).toBeUndefined();
    await PartitionSupervisor.startLink(system, options);
  });

  test('PS08 rejects later requests with noproc', async () => {
    const { supervisor } = await stage(2);
    await PartitionSupervisor.stop(supervisor);
    expect(() => PartitionSupervisor.partitions(supervisor)).toThrow(ExitError);
    const asked = [
      PartitionSupervisor.countChildren(supervisor),
      PartitionSupervisor.whichChildren(supervisor),
      PartitionSupervisor.resize(supervisor, 1),
    ];
    for (const question of asked) {
      expect(await outcome(question)).toStrictEqual({ exit: noproc });
    }
  });

  test('PS08 rejects requests by a free name as well', async () => {
    const system = createTestSystem();
    const free = name<Agents>('free').in(system);
    expect(() => PartitionSupervisor.partitions(free)).toThrow('no such process');
    expect(await outcome(PartitionSupervisor.countChildren(free))).toStrictEqual({
      exit: noproc,
    });
  });

  test('PS04 comes when partitions end too often', async () => {
    const system = createTestSystem();
    const supervisor = await PartitionSupervisor.startLink(system, {
      child: numbered,
      partitions: 2,
      maxRestarts: 1,
    });
    for (const key of [0, 1]) {
      exit(system, pidOf(PartitionSupervisor.route(supervisor, key)) as Pid, kill);
      await settle(system);
    }
    expect(isAlive(supervisor)).toBe(false);
  });
});

describe('resize', () => {
  test('PS09 uses fewer: the others are shut down, the last first, and nothing is routed to them', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const spec = childSpec(
      (parent, partition: number) => child({ id: String(partition), log }).start(parent),
      { id: 'a' },
    ) as ChildSpec<'a', Worker, readonly [number]>;
    const supervisor = await PartitionSupervisor.startLink(system, { child: spec, partitions: 4 });
    expect(await PartitionSupervisor.resize(supervisor, 2)).toBe(4);
    expect(log.slice(4)).toStrictEqual([
      hasTerminated('3', shutdown),
      hasTerminated('2', shutdown),
    ]);
    expect(PartitionSupervisor.partitions(supervisor)).toBe(2);
    const all = (await PartitionSupervisor.whichChildren(supervisor)).map(({ pid }) => typeof pid);
    expect(all).toStrictEqual(['object', 'object', 'undefined', 'undefined']);
    expect(await PartitionSupervisor.countChildren(supervisor)).toStrictEqual({
      specs: 4,
      active: 2,
      supervisors: 0,
      workers: 4,
    });
    GenServer.cast(PartitionSupervisor.route(supervisor, 3), 'end', normal);
    await settle(system);
    expect(log.slice(6)).toStrictEqual([hasTerminated('1', normal), hasStarted('1')]);
  });

  test('PS09 uses more again, up to the number at the start', async () => {
    const { supervisor } = await stage(4);
    await PartitionSupervisor.resize(supervisor, 1);
    expect(await at(supervisor, 3)).toBe(0);
    expect(await PartitionSupervisor.resize(supervisor, 4)).toBe(1);
    expect(await at(supervisor, 3)).toBe(3);
    expect(await PartitionSupervisor.resize(supervisor, 4)).toBe(4);
  });

  test('PS09 to 0 leaves nowhere to route to', async () => {
    const { supervisor } = await stage(2);
    const route = PartitionSupervisor.route(supervisor, 'joe');
    expect(await PartitionSupervisor.resize(supervisor, 0)).toBe(2);
    expect(() => pidOf(route)).toThrow(
      new Error('Expected a partition for "joe", got none: the size is 0'),
    );
    expect(PartitionSupervisor.partitions(supervisor)).toBe(0);
    expect(await PartitionSupervisor.resize(supervisor, 1)).toBe(0);
    expect(isAlive(pidOf(route) as Pid)).toBe(true);
  });

  test.each([3, -1, 0.5, NaN])('PS09 refuses %d of 2', async (size) => {
    const { supervisor } = await stage(2);
    await expect(PartitionSupervisor.resize(supervisor, size)).rejects.toThrow(
      new RangeError(`Expected a whole number of partitions from 0 to 2, got ${size}`),
    );
    expect(PartitionSupervisor.partitions(supervisor)).toBe(2);
  });

  test('PS09 with a partition that does not start rejects with the reason, and uses those before it', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const plans = new Map([[2, ['run', refusal, 'run'] as ('run' | typeof refusal)[]]]);
    const spec = childSpec(
      (parent, partition: number) => {
        const plan = plans.get(partition) ?? [];
        return child({ id: String(partition), log, plan }).start(parent);
      },
      { id: 'a' },
    );
    const supervisor = await PartitionSupervisor.startLink(system, { child: spec, partitions: 3 });
    await PartitionSupervisor.resize(supervisor, 1);
    expect(await outcome(PartitionSupervisor.resize(supervisor, 3))).toStrictEqual({
      exit: refusal,
    });
    expect(PartitionSupervisor.partitions(supervisor)).toBe(2);
    expect(await PartitionSupervisor.resize(supervisor, 3)).toBe(2);
  });

  test('PS09 is undone by a restart of the supervisor', async () => {
    const system = createTestSystem();
    const spec = PartitionSupervisor.childSpec({ id: 'numbers', child: numbered, partitions: 3 });
    const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    await PartitionSupervisor.resize(Supervisor.child(app, 'numbers'), 1);
    exit(system, Supervisor.child(app, 'numbers'), kill);
    await settle(system);
    expect(PartitionSupervisor.partitions(Supervisor.child(app, 'numbers'))).toBe(3);
  });
});

describe('whichChildren and countChildren', () => {
  test('PS10 list each partition', async () => {
    const { supervisor } = await stage(3);
    const all = await pids(supervisor);
    expect(await PartitionSupervisor.whichChildren(supervisor)).toStrictEqual(
      all.map((pid, id) => ({ id, pid, type: 'worker' })),
    );
    expect(await PartitionSupervisor.countChildren(supervisor)).toStrictEqual({
      specs: 3,
      active: 3,
      supervisors: 0,
      workers: 3,
    });
  });

  test('PS10 are in the order of the partitions, however many', async () => {
    const { supervisor } = await stage(12);
    const children = await PartitionSupervisor.whichChildren(supervisor);
    expect(children.map(({ id }) => id)).toStrictEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

test('the parent of a partition is its supervisor', async () => {
  const system = createTestSystem();
  const parents: Process[] = [];
  const spec = childSpec(
    (parent) => {
      parents.push(parent);
      return Agent.startLink(parent, () => 0);
    },
    { id: 'a' },
  );
  const supervisor = await PartitionSupervisor.startLink(system, { child: spec, partitions: 2 });
  expect(parents.map(({ pid }) => pid)).toStrictEqual([supervisor, supervisor]);
});
