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

const boom = crash('boom');
const value = <Value>(of: Value): Task.Result<Value> => ({ type: 'ok', value: of });
const exited = (reason: ExitReason): Task.Result<never> => ({ type: 'exit', reason });

interface Stage {
  readonly system: TestSystem;
  /** The test acts for it; its messages stay in its mailbox. */
  readonly owner: Receiver<unknown>;
  readonly tasks: DynamicSupervisor.Pid;
}

async function stage(
  options: DynamicSupervisor.Options & { readonly traps?: boolean } = {},
): Promise<Stage> {
  const system = createTestSystem();
  const { traps = false, ...supervisor } = options;
  const tasks = await Task.Supervisor.startLink(system, supervisor);
  return { system, owner: await idleProcess(system, { traps }), tasks };
}

const ending = (reason: ExitReason) => (self: Process) => exit(self, reason);
const pidOf = (task: Task.Task): Pid => task.pid as Pid;

async function wait(ms: number, self: Process): Promise<number> {
  await elapse(self.system, ms);
  return ms;
}

/** The results as they come, then `end`, or what the stream rejected with. */
function collect<Value>(stream: AsyncIterable<Task.Result<Value>>): unknown[] {
  const got: unknown[] = [];
  const all = async (): Promise<string> => {
    for await (const result of stream) {
      got.push(result);
    }
    return 'end';
  };
  void outcome(all()).then((came) => got.push(came));
  return got;
}

const end = { value: 'end' };

describe('async', () => {
  test('TS01 runs below the supervisor, linked to it and to its owner, who awaits it', async () => {
    const { system, owner, tasks } = await stage();
    const task = await Task.Supervisor.async(owner, tasks, async (self) => wait(10, self));
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
    const { system, owner, tasks } = await stage();
    let runs = 0;
    await Task.Supervisor.async(owner, tasks, (self) => {
      runs += 1;
      exit(self, boom);
    });
    await settle(system);
    expect([exitReasonOf(owner), runs, isAlive(tasks)]).toStrictEqual([boom, 1, true]);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
  });

  test('TS01 is there for its owner, however soon it is done', async () => {
    const { owner, tasks } = await stage();
    const task = await Task.Supervisor.async(owner, tasks, () => 42);
    expect(await Task.await(owner, task)).toBe(42);
  });

  test('TS04 ends with an owner that crashes', async () => {
    const { system, owner, tasks } = await stage();
    const task = await Task.Supervisor.async(owner, tasks, forever);
    exit(system, owner.pid, boom);
    expect(isAlive(pidOf(task))).toBe(false);
    await settle(system);
    expect(isAlive(tasks)).toBe(true);
  });

  test('TS01 ends with the supervisor', async () => {
    const { owner, tasks } = await stage({ traps: true });
    const task = await Task.Supervisor.async(owner, tasks, forever);
    await Task.Supervisor.stop(tasks);
    expect(isAlive(pidOf(task))).toBe(false);
    expect(await outcome(Task.await(owner, task))).toStrictEqual({ exit: shutdown });
  });

  test('TS01 starts nothing for an owner that has ended meanwhile', async () => {
    const { system, owner, tasks } = await stage();
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

  test('TS01 refuses what is no function, and a supervisor that has ended', async () => {
    const { owner, tasks } = await stage();
    await expect(Task.Supervisor.async(owner, tasks, 'fn' as never)).rejects.toThrow(
      new TypeError('Expected a function for a task, got "fn" (string)'),
    );
    await Task.Supervisor.stop(tasks);
    expect(await outcome(Task.Supervisor.async(owner, tasks, () => 1))).toStrictEqual({
      exit: noproc,
    });
  });
});

describe('asyncNolink', () => {
  test('TS02 that crashes tells its owner, and no more', async () => {
    const { system, owner, tasks } = await stage();
    const task = await Task.Supervisor.asyncNolink(owner, tasks, ending(boom));
    await settle(system);
    expect(isAlive(owner.pid)).toBe(true);
    expect(await drain(owner)).toStrictEqual([
      { type: 'DOWN', ref: task.ref, pid: task.pid, reason: boom },
    ]);
  });

  test('TS02 that crashes rejects the await, and is a value to yield', async () => {
    const { owner, tasks } = await stage();
    const [one, two] = [
      await Task.Supervisor.asyncNolink(owner, tasks, ending(boom)),
      await Task.Supervisor.asyncNolink(owner, tasks, ending(boom)),
    ];
    expect(await outcome(Task.await(owner, one))).toStrictEqual({ exit: boom });
    expect(await Task.yield(owner, two)).toStrictEqual(exited(boom));
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TS03 goes on when its owner has ended', async () => {
    const { system, owner, tasks } = await stage();
    const log: unknown[] = [];
    await Task.Supervisor.asyncNolink(owner, tasks, async (self) => {
      log.push(await wait(10, self));
    });
    exit(system, owner.pid, kill);
    await advance(system, 10);
    expect(log).toStrictEqual([10]);
  });
});

describe('startChild', () => {
  test('TS05 runs a function once: a crash removes it, and does nothing to the supervisor', async () => {
    const { system, tasks } = await stage({ maxRestarts: 0 });
    let runs = 0;
    const pid = await Task.Supervisor.startChild(tasks, (self) => {
      runs += 1;
      exit(self, boom);
    });
    await settle(system);
    expect([isAlive(pid), runs, isAlive(tasks)]).toStrictEqual([false, 1, true]);
    expect(await DynamicSupervisor.countChildren(tasks)).toMatchObject({ specs: 0 });
  });

  test('TS06 permanent, runs it again when it has ended', async () => {
    const { system, tasks } = await stage();
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

  test('TS06 transient, runs it again when it has crashed', async () => {
    const { system, tasks } = await stage();
    let runs = 0;
    const fn = (self: Process): void => {
      runs += 1;
      if (runs < 3) {
        exit(self, boom);
      }
    };
    await Task.Supervisor.startChild(tasks, fn, { restart: 'transient' });
    await settle(system);
    expect([runs, await Task.Supervisor.children(tasks)]).toStrictEqual([3, []]);
  });

  test('TS05 refuses what is no function', async () => {
    const { tasks } = await stage();
    await expect(Task.Supervisor.startChild(tasks, 'fn' as never)).rejects.toThrow(
      new TypeError('Expected a function for a task, got "fn" (string)'),
    );
  });
});

describe('the supervisor', () => {
  test('TS07 refuses a task when it has as many as it may have', async () => {
    const { owner, tasks } = await stage({ maxChildren: 1 });
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
    const { system, owner, tasks } = await stage();
    const child = await Task.Supervisor.startChild(tasks, forever);
    const task = await Task.Supervisor.async(owner, tasks, forever);
    await Task.Supervisor.startChild(tasks, () => undefined);
    await settle(system);
    const pids = await Task.Supervisor.children(tasks);
    expect(new Set(pids)).toStrictEqual(new Set([child, task.pid]));
  });

  test('TS08 does not count a task that is being restarted', async () => {
    const { system, tasks } = await stage();
    const spec = Task.childSpec(ending(boom), {
      id: 'a',
      restart: 'permanent',
      restartDelay: { minDelay: 100, maxDelay: 100, healthyAfter: 1000 },
    });
    await DynamicSupervisor.startChild(tasks, spec);
    await settle(system);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    expect(await DynamicSupervisor.countChildren(tasks)).toMatchObject({ specs: 1, active: 0 });
  });

  test('TS09 ends a task, and does not know it the second time', async () => {
    const { tasks } = await stage();
    const pid = await Task.Supervisor.startChild(tasks, forever);
    expect(await Task.Supervisor.terminateChild(tasks, pid)).toBe('ok');
    expect(isAlive(pid)).toBe(false);
    expect(await Task.Supervisor.terminateChild(tasks, pid)).toBe('notFound');
  });

  test('TS10 kills those that are to be, when it ends, and asks the others first', async () => {
    const { system, owner, tasks } = await stage({ traps: true });
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

  test('TS01 stands under another, and may be meant by its name', async () => {
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
    const { system, owner, tasks } = await stage();
    const counts: number[] = [];
    const run = async (ms: number, self: Process): Promise<number> => {
      counts.push((await Task.Supervisor.children(tasks)).length);
      return wait(ms, self);
    };
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, [30, 10, 20], run, { maxConcurrency: 2 }),
    );
    await advance(system, 100);
    expect(got).toStrictEqual([value(30), value(10), value(20), end]);
    expect(Math.max(...counts)).toBe(2);
    expect([await Task.Supervisor.children(tasks), owner.messageQueueLen]).toStrictEqual([[], 0]);
  });

  test('TS01 ends an owner that does not trap exits when an item crashes', async () => {
    const { system, owner, tasks } = await stage();
    const stream = Task.Supervisor.asyncStream(
      owner,
      tasks,
      [1, 1000],
      async (ms, self) => (ms === 1 ? exit(self, boom) : wait(ms, self)),
      { maxConcurrency: 2 },
    );
    const got = collect(stream);
    await settle(system);
    expect([got, exitReasonOf(owner)]).toStrictEqual([[{ exit: boom }], boom]);
    expect([isAlive(tasks), await Task.Supervisor.children(tasks)]).toStrictEqual([true, []]);
  });

  test('TA34 is a value to an owner that traps exits', async () => {
    const { system, owner, tasks } = await stage({ traps: true });
    const stream = Task.Supervisor.asyncStream(owner, tasks, [1], (_, self) => exit(self, boom));
    const got = collect(stream);
    await settle(system);
    expect([got, await drain(owner)]).toStrictEqual([[exited(boom), end], []]);
  });

  test('TS02 not linked, an item that crashes is a value to any owner, and the others go on', async () => {
    const { system, owner, tasks } = await stage();
    const run = async (ms: number, self: Process): Promise<number> =>
      ms === 20 ? exit(self, boom) : wait(ms, self);
    const got = collect(
      Task.Supervisor.asyncStreamNolink(owner, tasks, [10, 20, 30], run, { maxConcurrency: 3 }),
    );
    await advance(system, 30);
    expect(got).toStrictEqual([value(10), exited(boom), value(30), end]);
    expect([isAlive(owner.pid), owner.messageQueueLen]).toStrictEqual([true, 0]);
  });

  test('TS07 rejects when the supervisor has as many children as it may have', async () => {
    const { system, owner, tasks } = await stage({ maxChildren: 2 });
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, [10, 10, 10], wait, { maxConcurrency: 3 }),
    );
    await settle(system);
    expect(got).toStrictEqual([{ exit: { type: 'maxChildren' } }]);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    expect(isAlive(owner.pid)).toBe(true);
  });

  test.each(['asyncStream', 'asyncStreamNolink'] as const)(
    'TA33 TA28 left early, or with its owner, kills what is unfinished: %s',
    async (stream) => {
      const { system, owner, tasks } = await stage({ traps: true });
      const before = processes(system);
      const items = [1, 1000, 1000];
      const options = { maxConcurrency: 3 };
      const left = (async () => {
        for await (const result of Task.Supervisor[stream](owner, tasks, items, wait, options)) {
          return result;
        }
        return undefined;
      })();
      await advance(system, 1);
      expect(await left).toStrictEqual(value(1));
      await settle(system);
      expect([processes(system), await drain(owner)]).toStrictEqual([before, []]);

      collect(Task.Supervisor[stream](owner, tasks, items, wait, options));
      await settle(system);
      exit(system, owner.pid, kill);
      await settle(system);
      expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
    },
  );

  test('TA33 left while the supervisor is about to start a task starts it no more', async () => {
    const { system, owner, tasks } = await stage();
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
    const { system, owner, tasks } = await stage();
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, [10, 100, 20], wait, {
        maxConcurrency: 3,
        timeout: 50,
        onTimeout: 'killTask',
      }),
    );
    await advance(system, 50);
    expect(got).toStrictEqual([value(10), exited({ type: 'timeout' }), value(20), end]);
    expect(await Task.Supervisor.children(tasks)).toStrictEqual([]);
  });

  test('TA32 has nothing against an item that was done before the supervisor said that it runs', async () => {
    const { system, owner, tasks } = await stage();
    async function* items(): AsyncGenerator<number> {
      yield 1;
      await elapse(system, 100);
      yield 2;
    }
    const got = collect(
      Task.Supervisor.asyncStream(owner, tasks, items(), (n) => n, { timeout: 50 }),
    );
    await advance(system, 100);
    expect(got).toStrictEqual([value(1), value(2), end]);
  });
});
