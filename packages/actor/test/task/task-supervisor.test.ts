import { describe, expect, test } from '@jest/globals';
import {
  crash,
  DynamicSupervisor,
  exit,
  type ExitReason,
  isAlive,
  kill,
  killed,
  name,
  noproc,
  type Pid,
  type Process,
  processes,
  processInfo,
  type Receiver,
  shutdown,
  Supervisor,
  Task,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { elapse, logEnd, outcome } from '../support/outcome.ts';
import { drain, exitReasonOf, forever, idleProcess } from '../support/processes.ts';
import { collect, exitResult, returnAfter, streamEnd, valueResult } from '../support/tasks.ts';

const crashed = crash('boom');

interface Setup {
  readonly system: TestSystem;
  /** The test acts as this process; its messages stay in its mailbox. */
  readonly owner: Receiver<unknown>;
  readonly tasks: DynamicSupervisor.Pid;
}

async function setup(
  options: DynamicSupervisor.Options & { readonly traps?: boolean } = {},
): Promise<Setup> {
  const system = createTestSystem();
  const { traps = false, ...supervisor } = options;
  const tasks = await Task.Supervisor.startLink(system, supervisor);
  return { system, owner: await idleProcess(system, { traps }), tasks };
}

const exitWith = (reason: ExitReason) => (self: Process) => exit(self, reason);
const pidOf = (task: Task.Task): Pid => task.pid as Pid;

describe('async', () => {
  test('TS01 runs below the supervisor, linked to it and to its owner, which awaits it', async () => {
    const { system, owner, tasks } = await setup();
    const task = await Task.Supervisor.async(owner, tasks, async (self) => returnAfter(10, self));
    expect(processInfo(pidOf(task))).toMatchObject({
      parent: tasks,
      links: [tasks, owner.pid],
      monitoredBy: [owner.pid],
    });
    const awaited = Task.await(owner, task);
    await advance(system, 10);
    expect(await awaited).toBe(10);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TS01 that crashes ends its owner, and is not restarted', async () => {
    const { system, owner, tasks } = await setup();
    let runs = 0;
    await Task.Supervisor.async(owner, tasks, (self) => {
      runs += 1;
      exit(self, crashed);
    });
    await settle(system);
    expect([exitReasonOf(owner), runs, isAlive(tasks)]).toStrictEqual([crashed, 1, true]);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
  });

  test('TS01 has its result for the owner, however soon it is done', async () => {
    const { owner, tasks } = await setup();
    const task = await Task.Supervisor.async(owner, tasks, () => 42);
    expect(await Task.await(owner, task)).toBe(42);
  });

  test('TS04 ends with an owner that crashes', async () => {
    const { system, owner, tasks } = await setup();
    const task = await Task.Supervisor.async(owner, tasks, forever);
    exit(system, owner.pid, crashed);
    expect(isAlive(pidOf(task))).toBe(false);
    await settle(system);
    expect(isAlive(tasks)).toBe(true);
  });

  test('TS01 ends with the supervisor', async () => {
    const { owner, tasks } = await setup({ traps: true });
    const task = await Task.Supervisor.async(owner, tasks, forever);
    await Task.Supervisor.stop(tasks);
    expect(isAlive(pidOf(task))).toBe(false);
    expect(await outcome(Task.await(owner, task))).toStrictEqual({ exit: shutdown });
  });

  test('TS01 starts nothing for an owner that has ended meanwhile', async () => {
    const { system, owner, tasks } = await setup();
    let hasRun = false;
    const started = outcome(
      Task.Supervisor.async(owner, tasks, () => {
        hasRun = true;
      }),
    );
    exit(system, owner.pid, kill);
    expect(await started).toStrictEqual({ exit: noproc });
    await settle(system);
    expect([hasRun, isAlive(tasks)]).toStrictEqual([false, true]);
  });

  test('TS01 refuses anything but a function, and a supervisor that has ended', async () => {
    const { owner, tasks } = await setup();
    await expect(Task.Supervisor.async(owner, tasks, 'fn' as never)).rejects.toThrow(
      new TypeError('Expected a function for a task, got "fn"'),
    );
    await Task.Supervisor.stop(tasks);
    expect(await outcome(Task.Supervisor.async(owner, tasks, () => 1))).toStrictEqual({
      exit: noproc,
    });
  });
});

describe('asyncNolink', () => {
  test('TS02 that crashes sends its owner a message, and does not end it', async () => {
    const { system, owner, tasks } = await setup();
    const task = await Task.Supervisor.asyncNolink(owner, tasks, exitWith(crashed));
    await settle(system);
    expect(isAlive(owner.pid)).toBe(true);
    expect(await drain(owner)).toStrictEqual([
      { type: 'DOWN', ref: task.ref, pid: task.pid, reason: crashed },
    ]);
  });

  test('TS02 that crashes rejects the await, and is a value to yield', async () => {
    const { owner, tasks } = await setup();
    const [one, two] = [
      await Task.Supervisor.asyncNolink(owner, tasks, exitWith(crashed)),
      await Task.Supervisor.asyncNolink(owner, tasks, exitWith(crashed)),
    ];
    expect(await outcome(Task.await(owner, one))).toStrictEqual({ exit: crashed });
    expect(await Task.yield(owner, two)).toStrictEqual(exitResult(crashed));
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TS03 goes on when its owner has ended', async () => {
    const { system, owner, tasks } = await setup();
    const log: unknown[] = [];
    await Task.Supervisor.asyncNolink(owner, tasks, async (self) => {
      log.push(await returnAfter(10, self));
    });
    exit(system, owner.pid, kill);
    await advance(system, 10);
    expect(log).toStrictEqual([10]);
  });
});

describe('startChild', () => {
  test('TS05 runs a function once: a crash removes it, and does not affect the supervisor', async () => {
    const { system, tasks } = await setup({ maxRestarts: 0 });
    let runs = 0;
    const pid = await Task.Supervisor.startChild(tasks, (self) => {
      runs += 1;
      exit(self, crashed);
    });
    await settle(system);
    expect([isAlive(pid), runs, isAlive(tasks)]).toStrictEqual([false, 1, true]);
    expect(await DynamicSupervisor.countChildren(tasks)).toMatchObject({ specs: 0 });
  });

  test('TS06 runs a permanent one again when it has ended', async () => {
    const { system, tasks } = await setup();
    let runs = 0;
    await Task.Supervisor.startChild(
      tasks,
      async () => {
        runs += 1;
        await (runs < 3 ? undefined : forever());
      },
      { restart: 'permanent' },
    );
    await settle(system);
    expect([runs, (await Task.Supervisor.children(tasks)).length]).toStrictEqual([3, 1]);
  });

  test('TS06 runs a transient one again when it has crashed', async () => {
    const { system, tasks } = await setup();
    let runs = 0;
    const fn = (self: Process): void => {
      runs += 1;
      if (runs < 3) {
        exit(self, crashed);
      }
    };
    await Task.Supervisor.startChild(tasks, fn, { restart: 'transient' });
    await settle(system);
    expect([runs, await Task.Supervisor.children(tasks)]).toStrictEqual([3, []]);
  });

  test('TS05 refuses anything but a function', async () => {
    const { tasks } = await setup();
    await expect(Task.Supervisor.startChild(tasks, 'fn' as never)).rejects.toThrow(
      new TypeError('Expected a function for a task, got "fn"'),
    );
  });
});

describe('the supervisor', () => {
  test('TS07 refuses a task when it has its maximum of children', async () => {
    const { owner, tasks } = await setup({ maxChildren: 1 });
    const pid = await Task.Supervisor.startChild(tasks, forever);
    let hasRun = false;
    const fn = (): void => {
      hasRun = true;
    };
    const refused = { exit: { type: 'maxChildren' } };
    expect(await outcome(Task.Supervisor.async(owner, tasks, fn))).toStrictEqual(refused);
    expect(await outcome(Task.Supervisor.asyncNolink(owner, tasks, fn))).toStrictEqual(refused);
    expect(await outcome(Task.Supervisor.startChild(tasks, fn))).toStrictEqual(refused);
    expect([hasRun, owner.messageQueueLen]).toStrictEqual([false, 0]);
    await Task.Supervisor.terminateChild(tasks, pid);
    expect(await Task.await(owner, await Task.Supervisor.async(owner, tasks, () => 1))).toBe(1);
  });

  test('TS08 knows the tasks that run', async () => {
    const { system, owner, tasks } = await setup();
    const child = await Task.Supervisor.startChild(tasks, forever);
    const task = await Task.Supervisor.async(owner, tasks, forever);
    await Task.Supervisor.startChild(tasks, () => undefined);
    await settle(system);
    const pids = await Task.Supervisor.children(tasks);
    expect(new Set(pids)).toStrictEqual(new Set([child, task.pid]));
  });

  test('TS08 does not count a task that is being restarted', async () => {
    const { system, tasks } = await setup();
    const spec = Task.childSpec(exitWith(crashed), {
      id: 'a',
      restart: 'permanent',
      restartDelay: { minDelay: 100, maxDelay: 100, healthyAfter: 1000 },
    });
    await DynamicSupervisor.startChild(tasks, spec);
    await settle(system);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    expect(await DynamicSupervisor.countChildren(tasks)).toMatchObject({ specs: 1, active: 0 });
  });

  test('TS09 ends a task, and does not find it the second time', async () => {
    const { tasks } = await setup();
    const pid = await Task.Supervisor.startChild(tasks, forever);
    expect(await Task.Supervisor.terminateChild(tasks, pid)).toBe('ok');
    expect(isAlive(pid)).toBe(false);
    expect(await Task.Supervisor.terminateChild(tasks, pid)).toBe('notFound');
  });

  test('TS10 at its end kills brutalKill tasks, and shuts the others down first', async () => {
    const { system, owner, tasks } = await setup({ traps: true });
    const log: unknown[] = [];
    const stubborn = async (self: Process): Promise<never> => {
      trapExit(self, true);
      return forever();
    };
    const brutal = await Task.Supervisor.startChild(tasks, stubborn, { shutdown: 'brutalKill' });
    const short = await Task.Supervisor.async(owner, tasks, stubborn, { shutdown: 100 });
    const usual = await Task.Supervisor.startChild(tasks, stubborn);
    const willing = await Task.Supervisor.startChild(tasks, forever);
    const all = Object.entries({ brutal, short: pidOf(short), usual, willing });
    for (const [id, pid] of all) {
      await logEnd(system, log, id, pid);
    }
    const stopped = Task.Supervisor.stop(tasks);
    await settle(system);
    expect(log).toStrictEqual([
      ['brutal', killed],
      ['willing', shutdown],
    ]);
    await advance(system, 100);
    expect(log.slice(2)).toStrictEqual([['short', killed]]);
    await advance(system, 4900);
    expect(log.slice(3)).toStrictEqual([['usual', killed]]);
    await stopped;
  });

  test('TS01 runs under another supervisor, and can be found by its name', async () => {
    const system = createTestSystem();
    const work = name<DynamicSupervisor.Pid>('work');
    const spec = Task.Supervisor.childSpec({ id: 'tasks', name: work });
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    const task = await Task.Supervisor.async(system, work.in(system), () => 42);
    expect(await Task.await(system, task)).toBe(42);
  });
});

describe('asyncStream', () => {
  test('TA29 TA31 runs its tasks below the supervisor, and no more at a time than asked for', async () => {
    const { system, owner, tasks } = await setup();
    const counts: number[] = [];
    const run = async (ms: number, self: Process): Promise<number> => {
      counts.push((await Task.Supervisor.children(tasks)).length);
      return returnAfter(ms, self);
    };
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, [30, 10, 20], run, { maxConcurrency: 2 }),
    );
    await advance(system, 100);
    expect(got).toStrictEqual([valueResult(30), valueResult(10), valueResult(20), streamEnd]);
    expect(Math.max(...counts)).toBe(2);
    expect([await Task.Supervisor.children(tasks), owner.messageQueueLen]).toStrictEqual([[], 0]);
  });

  test('TS01 ends an owner that does not trap exits when an item crashes', async () => {
    const { system, owner, tasks } = await setup();
    const stream = Task.Supervisor.asyncStream(
      owner,
      tasks,
      [1, 1000],
      async (ms, self) => (ms === 1 ? exit(self, crashed) : returnAfter(ms, self)),
      { maxConcurrency: 2 },
    );
    const got = collect(stream);
    await settle(system);
    expect([got, exitReasonOf(owner)]).toStrictEqual([[{ exit: crashed }], crashed]);
    expect([isAlive(tasks), await Task.Supervisor.children(tasks)]).toStrictEqual([true, []]);
  });

  test('TA34 is a value to an owner that traps exits', async () => {
    const { system, owner, tasks } = await setup({ traps: true });
    const stream = Task.Supervisor.asyncStream(owner, tasks, [1], (_, self) => exit(self, crashed));
    const got = collect(stream);
    await settle(system);
    expect([got, await drain(owner)]).toStrictEqual([[exitResult(crashed), streamEnd], []]);
  });

  test('TS02 not linked, an item that crashes is a value to any owner, and the others go on', async () => {
    const { system, owner, tasks } = await setup();
    const run = async (ms: number, self: Process): Promise<number> =>
      ms === 20 ? exit(self, crashed) : returnAfter(ms, self);
    const got = collect(
      Task.Supervisor.asyncStreamNolink(owner, tasks, [10, 20, 30], run, { maxConcurrency: 3 }),
    );
    await advance(system, 30);
    expect(got).toStrictEqual([valueResult(10), exitResult(crashed), valueResult(30), streamEnd]);
    expect([isAlive(owner.pid), owner.messageQueueLen]).toStrictEqual([true, 0]);
  });

  test('TS07 rejects when the supervisor has its maximum of children', async () => {
    const { system, owner, tasks } = await setup({ maxChildren: 2 });
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, [10, 10, 10], returnAfter, { maxConcurrency: 3 }),
    );
    await settle(system);
    expect(got).toStrictEqual([{ exit: { type: 'maxChildren' } }]);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    expect(isAlive(owner.pid)).toBe(true);
  });

  test.each(['asyncStream', 'asyncStreamNolink'] as const)(
    'TA33 TA28 left early, or with its owner, kills its unfinished tasks: %s',
    async (stream) => {
      const { system, owner, tasks } = await setup({ traps: true });
      const before = processes(system);
      const items = [1, 1000, 1000];
      const options = { maxConcurrency: 3 };
      const left = (async () => {
        for await (const result of Task.Supervisor[stream](
          owner,
          tasks,
          items,
          returnAfter,
          options,
        )) {
          return result;
        }
        return undefined;
      })();
      await advance(system, 1);
      expect(await left).toStrictEqual(valueResult(1));
      await settle(system);
      expect([processes(system), await drain(owner)]).toStrictEqual([before, []]);

      collect(Task.Supervisor[stream](owner, tasks, items, returnAfter, options));
      await settle(system);
      exit(system, owner.pid, kill);
      await settle(system);
      expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    },
  );

  test('TA33 left while the supervisor is about to start a task does not start it', async () => {
    const { system, owner, tasks } = await setup();
    let started = 0;
    const slow = Task.childSpec(forever, { id: 'slow' });
    const busy = DynamicSupervisor.startChild(tasks, {
      ...slow,
      start: async (parent: Process) => {
        await elapse(system, 10);
        return Task.startLink(parent, forever);
      },
    });
    const stream = Task.Supervisor.asyncStream(owner, tasks, [1, 2], () => {
      started += 1;
    });
    const results = stream[Symbol.asyncIterator]();
    const first = outcome(results.next());
    await settle(system);
    exit(system, owner.pid, kill);
    expect(await first).toStrictEqual({ exit: killed });
    await advance(system, 10);
    await busy;
    expect(started).toBe(0);
  });

  test('TA32 gives each item its time, which begins when it is started', async () => {
    const { system, owner, tasks } = await setup();
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, [10, 100, 20], returnAfter, {
        maxConcurrency: 3,
        timeout: 50,
        onTimeout: 'killTask',
      }),
    );
    await advance(system, 50);
    expect(got).toStrictEqual([
      valueResult(10),
      exitResult({ type: 'timeout' }),
      valueResult(20),
      streamEnd,
    ]);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
  });

  test('TA32 accepts an item that was done before the supervisor answered the start', async () => {
    const { system, owner, tasks } = await setup();
    async function* items(): AsyncGenerator<number> {
      yield 1;
      await elapse(system, 100);
      yield 2;
    }
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, items(), (n) => n, { timeout: 50 }),
    );
    await advance(system, 100);
    expect(got).toStrictEqual([valueResult(1), valueResult(2), streamEnd]);
  });
});
