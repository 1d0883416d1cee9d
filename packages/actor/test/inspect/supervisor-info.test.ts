import { describe, expect, jest, test } from '@jest/globals';
import {
  childSpec,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  type Pid,
  Supervisor,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { child, end, refusal, startTree, workerOf, workers } from '../support/tree.ts';

const infoOf = (supervisor: Supervisor.Pid) => supervisorInfo(supervisor);
const childOf = (supervisor: Supervisor.Pid, id: string) =>
  infoOf(supervisor)?.children.find((one) => one.id === id);

describe('supervisorInfo', () => {
  test('has the rules of the supervisor and of its children', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, [child({ id: 'a', log }, { shutdown: 50 })], {
      strategy: 'restForOne',
      maxRestarts: 7,
      maxSeconds: 2,
    });
    const pid = workerOf(supervisor, 'a');
    expect(infoOf(supervisor)).toStrictEqual({
      strategy: 'restForOne',
      isDynamic: false,
      maxRestarts: 7,
      maxSeconds: 2,
      countingRestarts: 0,
      startedAt: 0,
      children: [
        {
          id: 'a',
          type: 'worker',
          restart: 'permanent',
          shutdown: 50,
          significant: false,
          state: 'running',
          pid,
          lastPid: pid,
          restarts: 0,
          startedAt: 0,
          lastEnd: undefined,
          wait: undefined,
        },
      ],
    });
    expect(supervisorInfo(pid)).toBeUndefined();
  });

  test('shows a supervisor that starts, with the children that run so far', async () => {
    const log: unknown[] = [];
    const system = createTestSystem();
    const { promise: reached, resolve: reach } = Promise.withResolvers<Pid>();
    const slow = childSpec(
      (parent) => {
        reach(parent.pid);
        return new Promise<never>(() => {});
      },
      { id: 'slow' },
    );
    const start = Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [child({ id: 'a', log }), slow],
    });
    const failed = start.then(undefined, String);
    const supervisor = await reached;
    expect(supervisorInfo(supervisor)?.children).toMatchObject([
      { id: 'a', state: 'running' },
      { id: 'slow', state: 'stopped', lastPid: undefined },
    ]);
    exit(system, supervisor, kill);
    expect(await failed).toContain('killed');
    expect(supervisorInfo(supervisor)).toBeUndefined();
  });

  test('knows that a child has ended while its supervisor waits for the start of another', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, [
      child({ id: 'a', log }),
      child({ id: 'job', log }, { restart: 'transient' }),
    ]);
    const starting = Supervisor.startChild(supervisor, child({ id: 'slow', log, initTime: 3000 }));
    await settle(system);
    exit(system, workerOf(supervisor, 'a'), kill);
    GenServer.cast(workerOf(supervisor, 'job'), 'end', { type: 'normal' });
    await settle(system);
    const ended = [
      { id: 'a', state: 'restarting', pid: undefined },
      { id: 'job', state: 'stopped', pid: undefined },
      { id: 'slow', state: 'stopped', pid: undefined },
    ];
    expect(infoOf(supervisor)?.children).toMatchObject(ended);
    expect(childOf(supervisor, 'a')?.lastEnd).toBeUndefined();
    expect(Supervisor.tree(supervisor).children).toMatchObject(ended);
    await advance(system, 3000);
    await starting;
    await settle(system);
    expect(infoOf(supervisor)?.children.map(({ state }) => state)).toStrictEqual([
      'running',
      'stopped',
      'running',
    ]);
    expect(childOf(supervisor, 'job')?.lastEnd?.reason).toBe('normal');
  });

  test('OBS-R06 shows the delay of a restart as drawn, its end, and the last reason', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const log: unknown[] = [];
    const restartDelay = { minDelay: 1000, maxDelay: 8000, healthyAfter: 60_000 };
    const all = await startTree(log, [child({ id: 'a', log }, { restartDelay })]);
    const { system, supervisor } = all;
    const first = workerOf(supervisor, 'a');
    await advance(system, 500);
    await end(all, 'a');
    const lastEnd = { at: 500, reason: '"boom"', isAbnormal: true };
    expect(childOf(supervisor, 'a')).toMatchObject({
      state: 'restarting',
      pid: undefined,
      lastPid: first,
      startedAt: undefined,
      wait: { delay: 750, until: 1250 },
      lastEnd,
    });
    await advance(system, 749);
    expect(childOf(supervisor, 'a')?.state).toBe('restarting');
    await advance(system, 1);
    expect(childOf(supervisor, 'a')).toMatchObject({
      state: 'running',
      pid: workerOf(supervisor, 'a'),
      startedAt: 1250,
      restarts: 1,
      wait: undefined,
      lastEnd,
    });
    await Supervisor.terminateChild(supervisor, 'a');
    expect(childOf(supervisor, 'a')).toMatchObject({
      state: 'stopped',
      lastEnd: { at: 1250, reason: 'shutdown', isAbnormal: false },
    });
  });

  test('OBS-R06 shows the reason of a restart that failed, and no delay once it is cancelled', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const log: unknown[] = [];
    const restartDelay = { minDelay: 1000, maxDelay: 8000, healthyAfter: 60_000 };
    const all = await startTree(log, [
      child({ id: 'a', log, plan: ['run', refusal] }, { restartDelay }),
    ]);
    const { system, supervisor } = all;
    await end(all, 'a');
    await advance(system, 1000);
    expect(childOf(supervisor, 'a')).toMatchObject({
      state: 'restarting',
      lastEnd: { at: 1000, reason: '"no"', isAbnormal: true },
      wait: { delay: 2000, until: 3000 },
    });
    await Supervisor.terminateChild(supervisor, 'a');
    expect(childOf(supervisor, 'a')).toMatchObject({ state: 'stopped', wait: undefined });
  });

  test('OBS-R07 counts the restarts of the last maxSeconds, at the moment of the look', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'), { maxRestarts: 3, maxSeconds: 5 });
    const counts: unknown[] = [];
    const look = (): void => void counts.push(infoOf(all.supervisor)?.countingRestarts);
    for (let second = 0; second <= 2; second++) {
      await end(all, 'a');
      look();
      await advance(all.system, 1000);
    }
    await advance(all.system, 2000);
    look();
    await advance(all.system, 1);
    look();
    await advance(all.system, 2999);
    look();
    expect(counts).toStrictEqual([1, 2, 3, 3, 2, 0]);
  });

  test('has the children of a dynamic supervisor, with their last end while they wait', async () => {
    const system = createTestSystem();
    const jobs = await DynamicSupervisor.startLink(system, { maxRestarts: 10 });
    expect(supervisorInfo(jobs)?.isDynamic).toBe(true);
    const restartDelay = { minDelay: 1000, maxDelay: 1000, healthyAfter: 60_000 };
    const spec = child({ id: 'job', log: [] }, { restartDelay });
    const [one, two] = [
      await DynamicSupervisor.startChild(jobs, spec),
      await DynamicSupervisor.startChild(jobs, spec),
    ];
    exit(system, one as never, kill);
    await settle(system);
    expect(supervisorInfo(jobs)).toMatchObject({
      strategy: 'oneForOne',
      children: [
        { id: 'job', state: 'restarting', lastPid: one, lastEnd: { reason: 'killed' } },
        { id: 'job', state: 'running', pid: two, lastEnd: undefined },
      ],
    });
    await system.stop();
  });
});
