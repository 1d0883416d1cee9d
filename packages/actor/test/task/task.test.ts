import { describe, expect, test } from '@jest/globals';
import {
  crash,
  createSystem,
  demonitor,
  exit,
  type ExitReason,
  GenServer,
  isAlive,
  kill,
  killed,
  noproc,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  processInfo,
  type Receiver,
  reply,
  send,
  shutdown,
  shutdownWith,
  spawn,
  Supervisor,
  Task,
  trapExit,
  unlink,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { elapse, logOutcome, outcome } from '../support/outcome.ts';
import { drain, exitReasonOf, forever, idleProcess } from '../support/processes.ts';
import { watchedClock } from '../support/watched-clock.ts';

const crashed = crash('boom');

interface Setup {
  readonly system: TestSystem;
  /** The test acts as this process; its messages stay in its mailbox. */
  readonly owner: Receiver<unknown>;
}

async function setup(options: { readonly traps?: boolean } = {}): Promise<Setup> {
  const system = createTestSystem();
  return { system, owner: await idleProcess(system, options) };
}

/** A task that returns `value` after `ms` milliseconds, or ends with a reason. */
const returnAfter =
  <Value>(ms: number, value: Value) =>
  async (self: Process): Promise<Value> => {
    await elapse(self.system, ms);
    return value;
  };
const exitAfter =
  (ms: number, reason: ExitReason) =>
  async (self: Process): Promise<never> => {
    await elapse(self.system, ms);
    return exit(self, reason);
  };
const exitWith = (reason: ExitReason) => (self: Process) => exit(self, reason);

/** Traps exits, and so outlives a `shutdown` signal. */
const ignoreShutdown = async (self: Process): Promise<never> => {
  trapExit(self, true);
  return forever();
};

const pidOf = (task: Task.Task): Pid => task.pid as Pid;

describe('a task', () => {
  test('TA01 that is not awaited sends its owner its value, and then its end', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 42);
    await settle(system);
    expect(await drain(owner)).toStrictEqual([
      { type: 'task', ref: task.ref, value: 42 },
      { type: 'DOWN', ref: task.ref, pid: task.pid, reason: normal },
    ]);
  });

  test('TA01 that is not awaited sends its value to the handleInfo of a server', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const counter = GenServer.define({
      init: () => ok(undefined as Task.Task<number> | undefined),
      handleCast: { start: (_, __, self) => noreply(Task.async(self, () => 42)) },
      handleInfo: (message: Task.Message<number>, task, self) => {
        log.push([message.type, message.ref === task?.ref, message.value]);
        // As in Elixir: the value is taken, and no message about the end is needed.
        demonitor(self, message.ref, { flush: true });
        return noreply(undefined);
      },
    });
    const server = await GenServer.start(system, counter, undefined);
    GenServer.cast(server, 'start');
    await settle(system);
    expect(log).toStrictEqual([['task', true, 42]]);
  });

  test('TA01 awaited before it is done gives its value, and leaves no message', async () => {
    const { system, owner } = await setup();
    const awaited = Task.await(owner, Task.async(owner, returnAfter(10, 'v')));
    await advance(system, 10);
    expect(await awaited).toBe('v');
    await settle(system);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA01 awaited after it is done gives its value, and its messages are gone', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 'v');
    await settle(system);
    expect(owner.messageQueueLen).toBe(2);
    expect(await Task.await(owner, task)).toBe('v');
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA01 taken after it ended without a value leaves the messages of others', async () => {
    const { system, owner } = await setup();
    const task = await Task.Supervisor.asyncNolink(
      owner,
      await Task.Supervisor.startLink(system),
      exitWith(shutdown),
    );
    await settle(system);
    // Not the message of any task, though such a task never made one.
    send(owner.pid, undefined);
    expect(Task.ignore(owner, task)).toStrictEqual({ type: 'exit', reason: shutdown });
    expect(await drain(owner)).toStrictEqual([undefined]);
  });

  test('TA01 awaited between its value and its end leaves no message', async () => {
    const { system, owner } = await setup();
    const values: unknown[] = [];
    const task = Task.async(owner, () => 'v');
    // Tried many times, so that one try falls right between the two.
    while (values.length === 0) {
      if (owner.messageQueueLen > 0) {
        values.push(await Task.await(owner, task));
      }
      await undefined;
    }
    await settle(system);
    expect([values, owner.messageQueueLen]).toStrictEqual([['v'], 0]);
  });

  test('TA01 awaited leaves the other messages of its owner, in order', async () => {
    const { system, owner } = await setup();
    const self = owner.pid as Pid<unknown>;
    send(self, 1);
    const task = Task.async(owner, () => 'v');
    await settle(system);
    send(self, 2);
    expect(await Task.await(owner, task)).toBe('v');
    expect(await drain(owner)).toStrictEqual([1, 2]);
  });

  test('TA01 awaited in a callback of a server delays its messages until the value is there', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const doubler = GenServer.define({
      init: () => ok(undefined),
      handleCall: {
        double: async (n: number, state, _, self) =>
          reply(await Task.await(self, Task.async(self, returnAfter(10, n * 2))), state),
      },
      handleInfo: (message: unknown, state) => {
        log.push(message);
        return noreply(state);
      },
    });
    const server = await GenServer.start(system, doubler, undefined);
    logOutcome(log, 'answer', GenServer.call(server, 'double', 21));
    send(server, 'hello');
    await advance(system, 10);
    expect(log).toStrictEqual(['hello', ['answer', { value: 42 }]]);
  });

  test('is a process with a self of its own', async () => {
    const { system, owner } = await setup();
    let seen: Process | undefined;
    const task = Task.async(owner, async (self) => {
      seen = self;
      return self.receive();
    });
    await settle(system);
    expect(seen?.pid).toBe(task.pid);
    send(pidOf(task) as Pid<unknown>, 'hello');
    expect(await Task.await(owner, task)).toBe('hello');
  });

  test('TA02 is linked to its owner, and monitored by it', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, forever);
    expect(processInfo(owner.pid)).toMatchObject({ links: [task.pid], monitors: [task.pid] });
    expect(processInfo(pidOf(task))).toMatchObject({
      links: [owner.pid],
      monitoredBy: [owner.pid],
      parent: owner.pid,
    });
  });

  test('TA03 that crashes ends its owner with its reason', async () => {
    const { system, owner } = await setup();
    Task.async(owner, exitWith(crashed));
    await settle(system);
    expect(exitReasonOf(owner)).toStrictEqual(crashed);
  });

  test('TA03 that crashes ends an owner that awaits it, even if its code catches the error', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const pid = spawn(system, async (self) => {
      try {
        await Task.await(self, Task.async(self, exitAfter(10, crashed)));
      } catch {
        log.push(isAlive(self.pid));
      }
    });
    await advance(system, 10);
    expect([isAlive(pid), log]).toStrictEqual([false, [false]]);
  });

  test('TA04 that crashes rejects the await of an owner that traps exits, which has the EXIT message too', async () => {
    const { system, owner } = await setup({ traps: true });
    const task = Task.async(owner, exitAfter(10, crashed));
    const awaited = outcome(Task.await(owner, task));
    await advance(system, 10);
    expect(await awaited).toStrictEqual({ exit: crashed });
    expect(await drain(owner)).toStrictEqual([{ type: 'EXIT', pid: task.pid, reason: crashed }]);
  });

  test('TA05 that ends normal without a value rejects with normal', async () => {
    const { owner } = await setup();
    expect(await outcome(Task.await(owner, Task.async(owner, exitWith(normal))))).toStrictEqual({
      exit: normal,
    });
    expect(owner.messageQueueLen).toBe(0);
  });

  const error = new Error('oops');
  test.each<readonly [string, () => unknown, ExitReason]>([
    ['an error', () => Promise.reject(error), crash(error)],
    [
      'an error at once',
      () => {
        throw error;
      },
      crash(error),
    ],
    [
      'a value that is no error',
      () => {
        throw 'x';
      },
      { type: 'nocatch', value: 'x' },
    ],
  ])('TA06 that throws %s rejects with it as the reason', async (_what, fn, reason) => {
    const { owner } = await setup({ traps: true });
    expect(await outcome(Task.await(owner, Task.async(owner, fn)))).toStrictEqual({ exit: reason });
  });

  test('TA27 outlives an owner that ends normal', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    spawn(system, (self) => {
      Task.async(self, async () => {
        await elapse(system, 10);
        log.push('done');
      });
    });
    await advance(system, 10);
    expect(log).toStrictEqual(['done']);
  });

  test('TA28 ends with an owner that crashes', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, forever);
    exit(system, owner.pid, crashed);
    expect(isAlive(pidOf(task))).toBe(false);
  });

  test('of the system itself, that crashes, ends the system, and rejects the await', async () => {
    const system = createTestSystem();
    const awaited = outcome(Task.await(system, Task.async(system, exitAfter(10, crashed))));
    await advance(system, 10);
    expect(await awaited).toStrictEqual({ exit: crashed });
    expect(await system.whenExited).toStrictEqual(crashed);
  });

  test('needs an owner that has not ended, and a function', async () => {
    const { system, owner } = await setup();
    expect(() => Task.async(owner, 'fn' as never)).toThrow(
      new TypeError('Expected a function for a task, got "fn"'),
    );
    expect(() => Task.start(owner, 'fn' as never)).toThrow(TypeError);
    exit(system, owner.pid, kill);
    expect(() => Task.async(owner, () => 1)).toThrow('no such process');
  });

  test('prints as its pid alone', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, forever);
    expect(Object.keys(task)).toStrictEqual(['pid', 'ref']);
  });
});

describe('await', () => {
  test('TA07 gives up after its timeout: the task goes on, linked, and sends no more messages', async () => {
    const { system, owner } = await setup({ traps: true });
    const task = Task.async(owner, returnAfter(20, 'v'));
    const awaited = outcome(Task.await(owner, task, { timeout: 10 }));
    await advance(system, 9);
    expect(await Promise.race([awaited, 'waits'])).toBe('waits');
    await advance(system, 1);
    expect(await awaited).toBe('timeout');
    expect(processInfo(pidOf(task))).toMatchObject({ links: [owner.pid], monitoredBy: [] });
    await advance(system, 10);
    expect(await drain(owner)).toStrictEqual([{ type: 'EXIT', pid: task.pid, reason: normal }]);
  });

  test('TA07 gives up at once with a timeout of 0, unless the value is there', async () => {
    const { system, owner } = await setup();
    const [slow, quick] = [Task.async(owner, forever), Task.async(owner, () => 1)];
    await settle(system);
    expect(await outcome(Task.await(owner, slow, { timeout: 0 }))).toBe('timeout');
    expect(await Task.await(owner, quick, { timeout: 0 })).toBe(1);
  });

  test('TA08 gives a value once; the second time it is a timeout, at once', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 1);
    expect(await Task.await(owner, task)).toBe(1);
    expect(await outcome(Task.await(owner, task, { timeout: Infinity }))).toBe('timeout');
    expect(system.clock.now()).toBe(0);
  });

  test('TA10 waits for 5 s by default', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, forever);
    const awaited = outcome(Task.await(owner, task));
    await advance(system, 4999);
    expect(await Promise.race([awaited, 'waits'])).toBe('waits');
    await advance(system, 1);
    expect(await awaited).toBe('timeout');
  });

  test('TA10 waits as long as it takes, with timeout Infinity', async () => {
    const { system, owner } = await setup();
    const awaited = Task.await(owner, Task.async(owner, returnAfter(3_600_000, 'v')), {
      timeout: Infinity,
    });
    await advance(system, 3_600_000);
    expect(await awaited).toBe('v');
  });

  test('refuses a wrong timeout', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, forever);
    await expect(Task.await(owner, task, { timeout: -1 })).rejects.toThrow(
      new RangeError('Expected a whole number of milliseconds from 0 on, got -1'),
    );
  });

  test('refuses a task that is awaited already', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, returnAfter(10, 'v'));
    const first = Task.await(owner, task);
    await expect(Task.await(owner, task)).rejects.toThrow(
      `Expected a task that is not waited for, got task ${String(task.pid)}`,
    );
    expect(() => Task.ignore(owner, task)).toThrow('Expected a task that is not waited for');
    await advance(system, 10);
    expect(await first).toBe('v');
  });

  test('TA01 keeps no timer', async () => {
    const { clock, timers } = watchedClock();
    const system = createSystem({ clock });
    const { promise, resolve } = Promise.withResolvers<string>();
    const awaited = Task.await(
      system,
      Task.async(system, () => promise),
    );
    expect(timers()).toBe(1);
    resolve('v');
    expect([await awaited, timers()]).toStrictEqual(['v', 0]);
  });

  test('holds no reference to a task that it has waited for', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, forever);
    await outcome(Task.await(owner, task, { timeout: 0 }));
    expect(await Task.yield(owner, task)).toBeUndefined();
    expect(system.clock.now()).toBe(0);
  });
});

describe('a process that does not own the task', () => {
  test.each<readonly [string, (self: Process, task: Task.Task) => unknown]>([
    ['await', (self, task) => Task.await(self, task)],
    ['awaitMany', (self, task) => Task.awaitMany(self, [task])],
    ['yield', (self, task) => Task.yield(self, task)],
    ['yieldMany', (self, task) => Task.yieldMany(self, [task])],
    ['shutdown', (self, task) => Task.shutdown(self, task)],
    ['ignore', async (self, task) => Task.ignore(self, task)],
  ])('TA09 is refused: %s', async (_name, use) => {
    const { system, owner } = await setup();
    const other = await idleProcess(system);
    const task = Task.async(owner, forever);
    await expect(use(other, task)).rejects.toThrow(
      `Expected a task of ${String(other.pid)}, got one of ${String(owner.pid)}`,
    );
    await expect(use(owner, { pid: task.pid, ref: task.ref } as never)).rejects.toThrow(TypeError);
    expect(isAlive(pidOf(task))).toBe(true);
  });
});

describe('yield', () => {
  test('TA11 gives undefined when the task is not done in time, and it can be awaited again', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, returnAfter(20, 'v'));
    const yielded = Task.yield(owner, task, { timeout: 10 });
    await advance(system, 10);
    expect(await yielded).toBeUndefined();
    const awaited = Task.await(owner, task);
    await advance(system, 10);
    expect(await awaited).toBe('v');
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA12 gives the reason of a task that has ended, and ends no process by itself', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, exitAfter(10, crashed));
    unlink(owner, pidOf(task));
    const yielded = Task.yield(owner, task);
    await advance(system, 10);
    expect(await yielded).toStrictEqual({ type: 'exit', reason: crashed });
    expect([isAlive(owner.pid), owner.messageQueueLen]).toStrictEqual([true, 0]);
  });

  test('TA13 gives a value that is there, and takes both messages', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 'v');
    await settle(system);
    expect(owner.messageQueueLen).toBe(2);
    expect(await Task.yield(owner, task)).toStrictEqual({ type: 'ok', value: 'v' });
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA13 gives an end that is there, and takes its message', async () => {
    const { system, owner } = await setup({ traps: true });
    const task = Task.async(owner, exitWith(crashed));
    await settle(system);
    expect(await Task.yield(owner, task)).toStrictEqual({ type: 'exit', reason: crashed });
    expect(await drain(owner)).toStrictEqual([{ type: 'EXIT', pid: task.pid, reason: crashed }]);
  });

  test('TA11 gives undefined at once when the value was taken already', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 'v');
    expect(await Task.yield(owner, task)).toStrictEqual({ type: 'ok', value: 'v' });
    expect(await Task.yield(owner, task)).toBeUndefined();
    expect(system.clock.now()).toBe(0);
  });

  test('TA01 gives undefined when the owner has ended the monitor: the reply is ignored', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, returnAfter(10, 'v'));
    demonitor(owner, task.ref);
    await advance(system, 10);
    expect(owner.messageQueueLen).toBe(0);
  });
});

describe('awaitMany', () => {
  test('TA14 gives the values in the order of the tasks, whichever is done first', async () => {
    const { system, owner } = await setup();
    const tasks = [30, 10, 20].map((ms) => Task.async(owner, returnAfter(ms, ms)));
    const awaited = Task.awaitMany(owner, tasks);
    await advance(system, 30);
    expect(await awaited).toStrictEqual([30, 10, 20]);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA14 takes the results that are there, and waits for the rest', async () => {
    const { system, owner } = await setup();
    const tasks = [
      Task.async(owner, returnAfter(10, 'late')),
      Task.async(owner, () => 'early'),
    ] as const;
    await settle(system);
    expect(owner.messageQueueLen).toBe(2);
    const awaited = Task.awaitMany(owner, tasks);
    await advance(system, 10);
    expect(await awaited).toStrictEqual(['late', 'early']);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA14 may be given a task twice', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, () => 'v');
    expect(await Task.awaitMany(owner, [task, task])).toStrictEqual(['v', 'v']);
  });

  test('TA15 of no tasks is done at once', async () => {
    const { system, owner } = await setup();
    expect(await Task.awaitMany(owner, [])).toStrictEqual([]);
    expect(system.clock.now()).toBe(0);
  });

  test('TA16 rejects when the first of them ends, and the others send no more messages', async () => {
    const { system, owner } = await setup({ traps: true });
    const slow = Task.async(owner, returnAfter(1000, 'v'));
    const dying = Task.async(owner, exitAfter(10, crashed));
    const awaited = outcome(Task.awaitMany(owner, [slow, dying, Task.async(owner, () => 1)]));
    await advance(system, 10);
    expect(await awaited).toStrictEqual({ exit: crashed });
    expect(system.clock.now()).toBe(10);
    expect(processInfo(pidOf(slow))).toMatchObject({ links: [owner.pid], monitoredBy: [] });
    await advance(system, 1000);
    const types = (await drain(owner)).map((message) => (message as { type: string }).type);
    expect(types).toStrictEqual(['EXIT', 'EXIT', 'EXIT']);
  });

  test('TA16 rejects at once when one has ended already', async () => {
    const { system, owner } = await setup({ traps: true });
    const tasks = [Task.async(owner, forever), Task.async(owner, exitWith(crashed))];
    await settle(system);
    expect(await outcome(Task.awaitMany(owner, tasks))).toStrictEqual({ exit: crashed });
    expect(system.clock.now()).toBe(0);
  });

  test('TA17 has one timeout for all of them together', async () => {
    const { system, owner } = await setup();
    const tasks = [returnAfter(8, 1), returnAfter(16, 2), returnAfter(24, 3)].map((fn) =>
      Task.async(owner, fn),
    );
    const awaited = outcome(Task.awaitMany(owner, tasks, { timeout: 20 }));
    await advance(system, 20);
    expect(await awaited).toBe('timeout');
    await advance(system, 10);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA17 has 5 s by default', async () => {
    const { system, owner } = await setup();
    const awaited = outcome(Task.awaitMany(owner, [Task.async(owner, forever)]));
    await advance(system, 4999);
    expect(await Promise.race([awaited, 'waits'])).toBe('waits');
    await advance(system, 1);
    expect(await awaited).toBe('timeout');
  });
});

describe('yieldMany', () => {
  test('TA18 gives the result of each, in order', async () => {
    const { system, owner } = await setup({ traps: true });
    const tasks = [
      Task.async(owner, returnAfter(10, 'v')),
      Task.async(owner, exitWith(crashed)),
      Task.async(owner, returnAfter(100, 'late')),
    ] as const;
    const yielded = Task.yieldMany(owner, tasks, { timeout: 50 });
    await advance(system, 50);
    expect(await yielded).toStrictEqual([
      { type: 'ok', value: 'v' },
      { type: 'exit', reason: crashed },
      undefined,
    ]);
    const awaited = Task.await(owner, tasks[2]);
    await advance(system, 50);
    expect(await awaited).toBe('late');
  });

  test('TA18 does not wait longer than for the last', async () => {
    const { system, owner } = await setup();
    const yielded = Task.yieldMany(owner, [Task.async(owner, returnAfter(10, 1))]);
    await advance(system, 10);
    expect(await yielded).toStrictEqual([{ type: 'ok', value: 1 }]);
    expect(await Task.yieldMany(owner, [])).toStrictEqual([]);
  });

  test('TA18 kills late tasks, with killTask', async () => {
    const { system, owner } = await setup({ traps: true });
    const slow = Task.async(owner, ignoreShutdown);
    const yielded = Task.yieldMany(owner, [slow, Task.async(owner, () => 1)], {
      timeout: 10,
      onTimeout: 'killTask',
    });
    await advance(system, 10);
    expect(await yielded).toStrictEqual([undefined, { type: 'ok', value: 1 }]);
    expect(isAlive(pidOf(slow))).toBe(false);
    const types = (await drain(owner)).map((message) => (message as { type: string }).type);
    expect(types).toStrictEqual(['EXIT']);
  });

  test('TA18 gives late tasks up, with ignore', async () => {
    const { system, owner } = await setup();
    const slow = Task.async(owner, returnAfter(20, 'v'));
    const yielded = Task.yieldMany(owner, [slow], { timeout: 10, onTimeout: 'ignore' });
    await advance(system, 10);
    expect(await yielded).toStrictEqual([undefined]);
    expect(processInfo(pidOf(slow))).toMatchObject({ links: [], monitoredBy: [] });
    await advance(system, 10);
    expect(owner.messageQueueLen).toBe(0);
  });
});

describe('shutdown', () => {
  test.each([false, true])(
    'TA19 ends a task, and leaves no message, to an owner that traps exits: %s',
    async (traps) => {
      const { system, owner } = await setup({ traps });
      const task = Task.async(owner, forever);
      expect(await Task.shutdown(owner, task)).toBeUndefined();
      await settle(system);
      expect([isAlive(pidOf(task)), isAlive(owner.pid), owner.messageQueueLen]).toStrictEqual([
        false,
        true,
        0,
      ]);
    },
  );

  test('TA19 leaves no message even to an owner that is taking one', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    spawn<unknown>(system, async (self) => {
      const task = Task.async(self, forever);
      void outcome(Task.shutdown(self, task)).then((result) => log.push(result));
      log.push(await self.receive({ timeout: 10 }));
    });
    await advance(system, 10);
    expect(log).toStrictEqual([{ value: undefined }, undefined]);
  });

  test('TA19 lets no other call wait for the task meanwhile', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, ignoreShutdown);
    await settle(system);
    const ended = Task.shutdown(owner, task, { timeout: 10 });
    await expect(Task.await(owner, task)).rejects.toThrow('Expected a task that is not waited for');
    await advance(system, 10);
    expect(await ended).toStrictEqual({ type: 'exit', reason: killed });
  });

  test('TA20 gives a value that was there', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 'v');
    await settle(system);
    expect(await Task.shutdown(owner, task)).toStrictEqual({ type: 'ok', value: 'v' });
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA21 gives a value that comes within the timeout', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, async (self) => {
      trapExit(self, true);
      await self.receive();
      return returnAfter(10, 'v')(self);
    });
    await settle(system);
    const ended = Task.shutdown(owner, task, { timeout: 20 });
    await advance(system, 10);
    expect(await ended).toStrictEqual({ type: 'ok', value: 'v' });
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA22 kills a task that does not end in time', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, ignoreShutdown);
    await settle(system);
    const ended = Task.shutdown(owner, task, { timeout: 20 });
    await advance(system, 19);
    expect(isAlive(pidOf(task))).toBe(true);
    await advance(system, 1);
    expect(await ended).toStrictEqual({ type: 'exit', reason: killed });
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA22 gives it 5 s by default', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, ignoreShutdown);
    await settle(system);
    const ended = Task.shutdown(owner, task);
    await advance(system, 4999);
    expect(isAlive(pidOf(task))).toBe(true);
    await advance(system, 1);
    expect(await ended).toStrictEqual({ type: 'exit', reason: killed });
  });

  test('TA23 kills it at once, with brutalKill', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, ignoreShutdown);
    await settle(system);
    expect(await Task.shutdown(owner, task, { timeout: 'brutalKill' })).toBeUndefined();
    expect([isAlive(pidOf(task)), owner.messageQueueLen]).toStrictEqual([false, 0]);
  });

  test.each<readonly [string, ExitReason, 5000 | 'brutalKill', unknown]>([
    ['another reason', crashed, 5000, { type: 'exit', reason: crashed }],
    ['another reason', crashed, 'brutalKill', { type: 'exit', reason: crashed }],
    ['normal', normal, 5000, { type: 'exit', reason: normal }],
    ['shutdown and more', shutdownWith('x'), 5000, { type: 'exit', reason: shutdownWith('x') }],
    ['shutdown', shutdown, 5000, undefined],
    ['shutdown', shutdown, 'brutalKill', { type: 'exit', reason: shutdown }],
    ['killed', killed, 'brutalKill', undefined],
  ])('TA24 of a task that died of %s (%o, %s)', async (_what, reason, how, expected) => {
    const { system, owner } = await setup({ traps: true });
    const task = Task.async(owner, exitWith(reason));
    await settle(system);
    expect(await Task.shutdown(owner, task, { timeout: how })).toStrictEqual(expected);
    expect(await drain(owner)).toStrictEqual([{ type: 'EXIT', pid: task.pid, reason }]);
  });

  test('TA24 of a task whose value was taken gives noproc', async () => {
    const { system, owner } = await setup();
    const task = Task.async(owner, () => 1);
    await Task.await(owner, task);
    await settle(system);
    expect(await Task.shutdown(owner, task)).toStrictEqual({ type: 'exit', reason: noproc });
  });

  test('TA24 the second time gives noproc', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, forever);
    expect(await Task.shutdown(owner, task)).toBeUndefined();
    expect(await Task.shutdown(owner, task)).toStrictEqual({ type: 'exit', reason: noproc });
  });

  test('TA24 ends a task whose await gave up', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, forever);
    await outcome(Task.await(owner, task, { timeout: 0 }));
    expect(await Task.shutdown(owner, task)).toBeUndefined();
    expect(isAlive(pidOf(task))).toBe(false);
  });

  test('refuses a wrong timeout, and a task without a process', async () => {
    const { owner } = await setup();
    const task = Task.async(owner, forever);
    await expect(Task.shutdown(owner, task, { timeout: -1 })).rejects.toThrow(RangeError);
    await expect(Task.shutdown(owner, Task.completed(owner, 1))).rejects.toThrow(
      'Expected a task with a process, got task without a process',
    );
  });
});

describe('ignore', () => {
  test('TA25 lets the task go on, and it sends no more messages', async () => {
    const { system, owner } = await setup({ traps: true });
    const log: unknown[] = [];
    const task = Task.async(owner, async (self) => {
      log.push(await returnAfter(10, 'v')(self));
      return 'v';
    });
    expect(Task.ignore(owner, task)).toBeUndefined();
    expect(processInfo(pidOf(task))).toMatchObject({ links: [], monitoredBy: [] });
    await advance(system, 10);
    expect([log, owner.messageQueueLen]).toStrictEqual([['v'], 0]);
    expect(await Task.yield(owner, task)).toBeUndefined();
  });

  test('TA25 gives the result, if there is one, once', async () => {
    const { system, owner } = await setup({ traps: true });
    const [done, dead] = [Task.async(owner, () => 1), Task.async(owner, exitWith(crashed))];
    await settle(system);
    expect(Task.ignore(owner, done)).toStrictEqual({ type: 'ok', value: 1 });
    expect(Task.ignore(owner, dead)).toStrictEqual({ type: 'exit', reason: crashed });
    expect(Task.ignore(owner, done)).toBeUndefined();
    const types = (await drain(owner)).map((message) => (message as { type: string }).type);
    expect(types).toStrictEqual(['EXIT', 'EXIT']);
  });
});

describe('completed', () => {
  test('TA26 is a task whose value is there, with no process', async () => {
    const { owner } = await setup();
    const task = Task.completed(owner, 'v');
    expect(task.pid).toBeUndefined();
    expect(await Task.await(owner, task)).toBe('v');
    expect(owner.messageQueueLen).toBe(0);
    expect(await outcome(Task.await(owner, task))).toBe('timeout');
  });

  test('TA26 that is not awaited sends its owner a message, as any other', async () => {
    const { owner } = await setup();
    const task = Task.completed(owner, 'v');
    expect(await drain(owner)).toStrictEqual([{ type: 'task', ref: task.ref, value: 'v' }]);
  });
});

describe('a function that is not awaited', () => {
  test('runs as a process, linked or not', async () => {
    const { system, owner } = await setup();
    const log: unknown[] = [];
    const alone = Task.start(owner, () => log.push('alone'));
    const linked = Task.startLink(owner, forever);
    expect(processInfo(alone)?.links).toStrictEqual([]);
    expect(processInfo(linked)?.links).toStrictEqual([owner.pid]);
    await settle(system);
    expect([log, isAlive(alone)]).toStrictEqual([['alone'], false]);
    exit(system, linked, crashed);
    expect(exitReasonOf(owner)).toStrictEqual(crashed);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('runs under a supervisor, once by default', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const once = Task.childSpec(() => void log.push('once'), { id: 'once' });
    const again = Task.childSpec(
      () => {
        log.push('again');
        if (log.length < 3) {
          throw new Error('not yet');
        }
      },
      { id: 'again', restart: 'transient' },
    );
    expect([once.restart, again.restart]).toStrictEqual(['temporary', 'transient']);
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [once, again],
    });
    await settle(system);
    expect(log).toStrictEqual(['once', 'again', 'again']);
    expect(await Supervisor.countChildren(app)).toMatchObject({ specs: 1, active: 0 });
  });
});

describe('the types', () => {
  test('follow the values of the functions', async () => {
    const { owner } = await setup();
    const text = Task.async(owner, async () => 'text');
    const number = Task.async(owner, () => 1);
    expectTypeOf(text).toEqualTypeOf<Task.Task<string>>();
    expectTypeOf(await Task.await(owner, text)).toEqualTypeOf<string>();
    expectTypeOf(await Task.yield(owner, number)).toEqualTypeOf<Task.Result<number> | undefined>();
    expectTypeOf(Task.ignore(owner, number)).toEqualTypeOf<Task.Result<number> | undefined>();
    expectTypeOf(Task.completed(owner, true)).toEqualTypeOf<Task.Task<boolean>>();
  });

  test('of many are those of each, in order; of a list, those of all', async () => {
    const { owner } = await setup();
    const pair = (): readonly [Task.Task<string>, Task.Task<number>] => [
      Task.async(owner, () => 'text'),
      Task.async(owner, () => 1),
    ];
    expectTypeOf(await Task.awaitMany(owner, pair())).toEqualTypeOf<[string, number]>();
    expectTypeOf(await Task.yieldMany(owner, pair())).toEqualTypeOf<
      [Task.Result<string> | undefined, Task.Result<number> | undefined]
    >();
    const list: readonly Task.Task<number>[] = [Task.async(owner, () => 1)];
    expectTypeOf(await Task.awaitMany(owner, list)).toEqualTypeOf<number[]>();
  });

  test('refuse anything but a task, and anything but a function', async () => {
    const { owner } = await setup();
    const misuse = (_wrong: () => unknown): void => undefined;
    // @ts-expect-error -- a look-alike is not a task
    misuse(() => Task.await(owner, { pid: owner.pid, ref: Task.async(owner, () => 1).ref }));
    // @ts-expect-error -- a promise is not a function
    misuse(() => Task.async(owner, Promise.resolve(1)));
    const pid = Task.start(owner, () => 1);
    // @ts-expect-error -- the pid of a task accepts no messages
    misuse(() => send(pid, 'hello'));
    expect(processInfo(owner.pid)?.links).toStrictEqual([]);
  });
});
