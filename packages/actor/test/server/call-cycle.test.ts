import { describe, expect, test } from '@jest/globals';
import {
  type ChildSpec,
  childSpec,
  DynamicSupervisor,
  exit,
  GenServer,
  isAlive,
  kill,
  name,
  noreply,
  ok,
  type Pid,
  type Process,
  procLib,
  reply,
  spawn,
  Supervisor,
  sys,
  Task,
  trapExit,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { elapse, type Outcome, outcome } from '../support/outcome.ts';
import { forever } from '../support/processes.ts';

/** The code that a server runs for a call. */
type Task = (self: Process) => unknown;

/** A server whose calls and casts carry the code to run; a call is answered with its value. */
const worker = GenServer.define({
  init: () => ok(undefined),
  handleCall: {
    ping: (_, state) => reply('pong', state),
    run: async (task: Task, state, _from: GenServer.From, self) => reply(await task(self), state),
  },
  handleCast: {
    run: async (task: Task, state, self) => {
      await task(self);
      return noreply(state);
    },
    /** Returns before the task is over. */
    begin: (task: Task, state, self) => {
      void task(self);
      return noreply(state);
    },
    /** Returns before the task is over, and goes on with another. */
    beginAndContinue: ({ first, second }: { first: Task; second: Task }, state, self) => {
      void first(self);
      return noreply(state, { continue: second });
    },
    /** Ends before the task is over; `terminate` runs for ever. */
    beginAndCrash: (task: Task, _state, self) => {
      void task(self);
      throw new Error('boom');
    },
  },
  handleContinue: async (task: Task, state, self) => {
    await task(self);
    return noreply(state);
  },
  terminate: () => forever(),
});
type Worker = GenServer.ServerOf<typeof worker>;

/** Servers registered by these names. */
async function startNamed<Names extends readonly string[]>(
  system: TestSystem,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: Worker }> {
  const started = names.map((name) => GenServer.start(system, worker, undefined, { name }));
  return (await Promise.all(started)) as unknown as { readonly [Index in keyof Names]: Worker };
}

const start = (system: TestSystem): Promise<Worker> => GenServer.start(system, worker, undefined);

/** Lets a server run a task. From outside of a process it waits without end. */
const run = (server: Worker, task: Task, timeout = Infinity): Promise<unknown> =>
  GenServer.call(server, 'run', task, { timeout });

const ping = (server: Worker, timeout = 100): Promise<unknown> =>
  GenServer.call(server, 'ping', undefined, { timeout });

/** A request to a supervisor. */
const count = (supervisor: Supervisor.Pid): Promise<unknown> =>
  GenServer.call(
    supervisor as Pid as GenServer.Server<CountCalls, never>,
    'countChildren',
    undefined,
    { timeout: 100 },
  );
interface CountCalls {
  readonly countChildren: { readonly payload: undefined; readonly reply: unknown };
}

const cycle = (...processes: string[]): Outcome => ({ exit: { type: 'callCycle', processes } });

/** The value of `promise`, once the time has moved by `ms`. */
async function after(system: TestSystem, ms: number, promise: Promise<unknown>): Promise<unknown> {
  await advance(system, ms);
  return promise;
}

const warnings = ({ reports }: TestSystem): readonly string[] =>
  reports.filter(({ level }) => level === 'warn').map(({ message }) => message);

describe('a call that waits for itself', () => {
  test('fails at its timeout with callCycle, and not before, and names the servers', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const log: unknown[] = [];
    const back: Task = async () => log.push(await outcome(ping(a)), system.clock.now());
    const result = run(a, () => run(b, back));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await after(system, 1, result);
    expect(log).toStrictEqual([cycle('b', 'a', 'b'), 100]);
  });

  test('names the servers of a ring of three in the order of the calls', async () => {
    const system = createTestSystem();
    const [a, b, c] = await startNamed(system, 'a', 'b', 'c');
    const result = run(a, () => run(b, () => run(c, () => outcome(ping(a)))));
    expect(await after(system, 100, result)).toStrictEqual(cycle('c', 'a', 'b', 'c'));
  });

  test('is the first of the cycle that times out, wherever it began', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = run(a, () => outcome(run(b, () => ping(a, 200), 100)));
    expect(await after(system, 100, result)).toStrictEqual(cycle('a', 'b', 'a'));
  });

  test('is found behind a process with several open calls', async () => {
    const system = createTestSystem();
    const [a, b, c] = await startNamed(system, 'a', 'b', 'c');
    const late = (): Promise<void> => elapse(system, 200);
    const result = run(a, () => Promise.all([run(b, late), run(c, () => outcome(ping(a)))]));
    expect(await after(system, 200, result)).toStrictEqual([undefined, cycle('c', 'a', 'c')]);
  });

  test('is found behind thousands of open calls', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const others = await Promise.all(Array.from({ length: 5000 }, () => start(system)));
    const log: unknown[] = [];
    const back: Task = async () => log.push(await outcome(ping(a)));
    void run(a, () => Promise.all([...others.map((other) => run(other, forever)), run(b, back)]));
    await advance(system, 100);
    expect(log).toStrictEqual([cycle('b', 'a', 'b')]);
  });

  test('is found while another call to the same server has been answered', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = run(a, () => Promise.all([ping(b), run(b, () => outcome(ping(a)))]));
    expect(await after(system, 100, result)).toStrictEqual(['pong', cycle('b', 'a', 'b')]);
  });

  test('names a process without a name by its pid', async () => {
    const system = createTestSystem();
    const [a, b] = [await start(system), await start(system)];
    const result = run(a, () => run(b, () => outcome(ping(a))));
    expect(await after(system, 100, result)).toStrictEqual(cycle(String(b), String(a), String(b)));
  });

  test('names in its message the servers that wait for each other', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const text = run(a, () => run(b, () => ping(a).catch(String)));
    expect(await after(system, 100, text)).toBe(
      'ExitError: call "ping" to a: processes wait for each other: b → a → b',
    );
  });

  test('is found after an await, when the call has the option self', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back: Task = async (self) => {
      await undefined;
      return outcome(GenServer.call(a, 'ping', undefined, { self, timeout: 100 }));
    };
    const result = run(a, async (self) => {
      await undefined;
      return GenServer.call(b, 'run', back, { self });
    });
    expect(await after(system, 100, result)).toStrictEqual(cycle('b', 'a', 'b'));
  });

  test('ends the server that does not catch it, which frees the other', async () => {
    const system = createTestSystem();
    const quick = { ...worker, terminate: () => undefined };
    const [a, b] = (await Promise.all(
      ['a', 'b'].map((name) => GenServer.start(system, quick, undefined, { name })),
    )) as [Worker, Worker];
    const result = run(a, () => outcome(run(b, () => ping(a))));
    expect(await after(system, 100, result)).toMatchObject({
      exit: { error: { reason: { type: 'callCycle', processes: ['b', 'a', 'b'] } } },
    });
    expect([isAlive(a), isAlive(b)]).toStrictEqual([true, false]);
    expect(await ping(a)).toBe('pong');
  });
});

describe('a cycle of other waits', () => {
  test('of init: a server waits for a call, and is asked before it has a state', async () => {
    const system = createTestSystem();
    const b = await start(system);
    const asking = GenServer.define({
      init: async (ask: (self: Process) => Promise<unknown>, self) => ok(await ask(self)),
      handleCall: { ping: (_, state) => reply('pong', state) },
    });
    const started = GenServer.start(
      system,
      asking,
      (self) => run(b, () => outcome(ping(self.pid as Worker))),
      { name: 'a' },
    );
    const a = (await after(system, 100, started)) as Pid;
    expect(await sys.getState(a)).toStrictEqual(cycle(String(b), 'a', String(b)));
  });

  test('of a start: the init of a child asks its supervisor', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const supervisor = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [],
      name: 'supervisor',
    });
    const child = GenServer.define({
      init: async () => {
        log.push(await outcome(count(supervisor)));
        return ok(undefined);
      },
    });
    const added = Supervisor.startChild(
      supervisor,
      GenServer.childSpec(child, undefined, { id: 'child', name: 'child' }),
    );
    expect(isAlive((await after(system, 100, added)) as never)).toBe(true);
    expect(log).toStrictEqual([cycle('child', 'supervisor', 'child')]);
  });

  test('of an end: the terminate of a child asks the supervisor that shuts it down', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const child = GenServer.define({
      init: (_: undefined, self) => ok(void trapExit(self, true)),
      terminate: async () => {
        log.push(await outcome(count(supervisor)));
      },
    });
    const supervisor: Supervisor.Pid = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [GenServer.childSpec(child, undefined, { id: 'child', name: 'child' })],
      name: 'supervisor',
    });
    const ended = Supervisor.terminateChild(supervisor, 'child' as never);
    expect(await after(system, 100, ended)).toBe('ok');
    expect(log).toStrictEqual([cycle('child', 'supervisor', 'child')]);
  });

  test('of a stop: the terminate of a server asks the one that stops it', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const [a] = await startNamed(system, 'a');
    const stopped = GenServer.define({
      init: () => ok(undefined),
      terminate: async () => {
        log.push(await outcome(ping(a)));
      },
    });
    const b = await GenServer.start(system, stopped, undefined, { name: 'b' });
    await after(
      system,
      100,
      run(a, () => GenServer.stop(b)),
    );
    expect(log).toStrictEqual([cycle('b', 'a', 'b')]);
  });

  test('of a stop: of the server that waits for the one that stops it', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back: Task = () => outcome(GenServer.stop(a, undefined, { timeout: 100 }));
    expect(
      await after(
        system,
        100,
        run(a, () => run(b, back)),
      ),
    ).toStrictEqual(cycle('b', 'a', 'b'));
  });

  test('of a request of sys', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back: Task = () => outcome(sys.getState(a, { timeout: 100 }));
    expect(
      await after(
        system,
        100,
        run(a, () => run(b, back)),
      ),
    ).toStrictEqual(cycle('b', 'a', 'b'));
  });

  test('of a task: it asks the server that awaits it', async () => {
    const system = createTestSystem();
    const [a] = await startNamed(system, 'a');
    const result = run(a, async (self) => {
      const task = Task.async(self, () => outcome(ping(a)));
      return [task.pid, await Task.await(self, task)];
    });
    const [pid, got] = (await after(system, 100, result)) as readonly [unknown, unknown];
    expect(got).toStrictEqual(cycle(String(pid), 'a', String(pid)));
  });

  test('of a request whose response a server waits for', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = run(a, (self) => {
      const back: Task = () => outcome(ping(a));
      return GenServer.receiveResponse(GenServer.sendRequest(b, 'run', back, { self }));
    });
    expect(await after(system, 100, result)).toStrictEqual({
      type: 'reply',
      value: cycle('b', 'a', 'b'),
    });
  });
});

describe('a cycle without a timeout', () => {
  const told =
    'call "run" to a has had no answer for 5 s: processes wait for each other: b → a → b';

  test('is named in one warning, and waits on', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const log: unknown[] = [];
    void outcome(run(a, () => run(b, () => run(a, () => 'never')))).then((end) => log.push(end));
    await advance(system, 4999);
    expect(warnings(system)).toStrictEqual([]);
    await advance(system, 1);
    expect(warnings(system)).toHaveLength(1);
    await advance(system, 60_000);
    expect(warnings(system)).toStrictEqual([
      'call "run" to b has had no answer for 5 s: processes wait for each other: a → b → a',
    ]);
    expect(log).toStrictEqual([]);
    expect([isAlive(a), isAlive(b)]).toStrictEqual([true, true]);
  });

  test('is named also when its last call comes late', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back: Task = async (self) => {
      await elapse(system, 10_000);
      return GenServer.call(a, 'run', () => 'never', { timeout: Infinity, self });
    };
    void outcome(run(a, () => run(b, back)));
    await advance(system, 14_999);
    expect(warnings(system)).toStrictEqual([]);
    await advance(system, 1);
    expect(warnings(system)).toStrictEqual([told]);
  });

  test('of a child whose init asks its supervisor for its children', async () => {
    const system = createTestSystem();
    const supervisor = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [],
      name: 'supervisor',
    });
    const asking = GenServer.define({
      init: async () => ok(await Supervisor.whichChildren(supervisor)),
    });
    const spec = childSpec(
      (parent) => GenServer.startLink(parent, asking, undefined, { name: 'c' }),
      { id: 'c' },
    );
    void outcome(Supervisor.startChild(supervisor, spec));
    await advance(system, 60_000);
    expect(warnings(system)).toStrictEqual([
      'call "whichChildren" to supervisor has had no answer for 5 s: processes wait for each other: c → supervisor → c',
    ]);
  });

  test('no warning comes for a server that is only slow', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = run(a, () => run(b, () => elapse(system, 60_000)));
    await after(system, 60_000, result);
    expect(system.reports).toStrictEqual([]);
  });
});

describe('no cycle', () => {
  test('a call that is not awaited, in a callback that returns in time', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const log: unknown[] = [];
    GenServer.cast(a, 'run', async () => {
      void outcome(run(b, () => ping(a))).then((result) => log.push(result));
      await elapse(system, 99);
    });
    await advance(system, 99);
    expect(log).toStrictEqual([{ value: 'pong' }]);
    expect(system.reports).toStrictEqual([]);
  });

  test('a call at the head of a long line of servers, each of which waits for the next', async () => {
    const system = createTestSystem();
    const [head, ...line] = await Promise.all(Array.from({ length: 20_000 }, () => start(system)));
    const task = line.reduceRight<Task>(
      (next, server) => () => GenServer.call(server, 'run', next, { timeout: 1_000_000 }),
      forever,
    );
    const [last] = await startNamed(system, 'last');
    const result = run(last, () => outcome(run(head as Worker, task, 100)));
    expect(await after(system, 100, result)).toBe('timeout');
    expect(system.reports).toStrictEqual([]);
  });

  test('a call to one that has been answered and works on', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    void run(a, async () => {
      await ping(b);
      await elapse(system, 200);
    });
    await settle(system);
    const back = run(b, () => outcome(ping(a)));
    expect(await after(system, 200, back)).toBe('timeout');
  });

  test('a call to one that has given up its own', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back = Promise.withResolvers<Outcome>();
    const late: Task = async (self) => {
      await elapse(system, 20);
      const call = GenServer.call(a, 'ping', undefined, { self, timeout: 100 });
      back.resolve(await outcome(call));
    };
    GenServer.cast(a, 'run', async (self) => {
      await outcome(GenServer.call(b, 'run', late, { timeout: 10, self }));
      await elapse(system, 200);
    });
    expect(await after(system, 200, back.promise)).toBe('timeout');
  });

  const returned: readonly (readonly [string, (a: Worker, b: Worker, task: Task) => void])[] = [
    [
      'has returned',
      (a, b, task) => {
        GenServer.cast(a, 'begin', () => run(b, task));
        GenServer.cast(a, 'run', forever);
      },
    ],
    [
      'has returned, and goes on with a continue',
      (a, b, task) =>
        GenServer.cast(a, 'beginAndContinue', { first: () => run(b, task), second: forever }),
    ],
    [
      'has crashed, and terminates',
      (a, b, task) => GenServer.cast(a, 'beginAndCrash', () => run(b, task)),
    ],
  ];
  test.each(returned)('a call to one whose callback %s, though its call is open', async (_, go) => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back = Promise.withResolvers<Outcome>();
    go(a, b, async () => back.resolve(await outcome(ping(a))));
    expect(await after(system, 100, back.promise)).toBe('timeout');
  });

  test('of a start that is over', async () => {
    const system = createTestSystem();
    const [a] = await startNamed(system, 'a');
    const back = Promise.withResolvers<Outcome>();
    void run(a, async (self) => {
      const b = await GenServer.start(self, worker, undefined);
      GenServer.cast(b, 'run', async () => back.resolve(await outcome(ping(a))));
      await forever();
    });
    expect(await after(system, 100, back.promise)).toBe('timeout');
  });

  test('of a task that is awaited no more', async () => {
    const system = createTestSystem();
    const [a] = await startNamed(system, 'a');
    const back = Promise.withResolvers<Outcome>();
    void run(a, async (self) => {
      const task = Task.async(self, async () => back.resolve(await outcome(ping(a))));
      await Task.yield(self, task, { timeout: 10 });
      await forever();
    });
    expect(await after(system, 100, back.promise)).toBe('timeout');
  });

  test('a server that only casts', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back = Promise.withResolvers<Outcome>();
    void run(a, async () => {
      GenServer.cast(b, 'run', async () => back.resolve(await outcome(ping(a))));
      await forever();
    });
    expect(await after(system, 100, back.promise)).toBe('timeout');
  });

  test('a server that asks one which replied before its callback returned', async () => {
    const system = createTestSystem();
    const b = await start(system);
    const early = GenServer.define({
      init: () => ok(undefined),
      handleCall: {
        ask: async (asker: Worker, state, from: GenServer.From<string>) => {
          GenServer.reply(from, 'early');
          return noreply<undefined>((await GenServer.call(asker, 'ping'), state));
        },
      },
    });
    const a = await GenServer.start(system, early, undefined);
    expect(await run(b, () => GenServer.call(a, 'ask', b))).toBe('early');
    await settle(system);
    expect([isAlive(a), isAlive(b)]).toStrictEqual([true, true]);
  });

  test('a process whose caller is unknown: its call times out as any other', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const anonymous: Task = async () => {
      await undefined;
      return outcome(ping(a));
    };
    const result = run(a, () => run(b, anonymous));
    expect(await after(system, 100, result)).toBe('timeout');
  });

  test('a process that is a function: it can be asked nothing', async () => {
    const system = createTestSystem();
    const a = await start(system);
    const result = Promise.withResolvers<unknown>();
    spawn(system, async () => {
      result.resolve(await outcome(run(a, forever, 100)));
    });
    expect(await after(system, 100, result.promise)).toBe('timeout');
  });
});

test('a server that calls itself fails at once with callingSelf, which is no cycle', async () => {
  const system = createTestSystem();
  const a = await start(system);
  expect(await run(a, () => outcome(ping(a)))).toStrictEqual({ exit: { type: 'callingSelf' } });
});

describe('the init of a child that asks its own supervisor', () => {
  const supervisorName = name<Supervisor.Pid>('supervisor');
  const told =
    'call "whichChildren" to supervisor has had no answer for 5 s: processes wait for each other: child → supervisor → child';

  /** A child whose `init` asks, before or after an `await`. */
  const asking = (isLate: boolean): ChildSpec => {
    const server = GenServer.define({
      init: async (_: undefined, self) => {
        if (isLate) {
          await undefined;
        }
        await Supervisor.whichChildren(supervisorName.in(self));
        return ok(undefined);
      },
    });
    return GenServer.childSpec(server, undefined, { id: 'child', name: 'child' });
  };
  const options = { strategy: 'oneForOne', name: 'supervisor' } as const;

  test('XT41 is named as a cycle at the start of the supervisor', async () => {
    const system = createTestSystem();
    void outcome(Supervisor.startLink(system, { ...options, children: [asking(false)] }));
    await advance(system, 60_000);
    expect(warnings(system)).toStrictEqual([told]);
  });

  test('XT41 after an await, when nothing tells who asks, the start is named, once', async () => {
    const system = createTestSystem();
    void outcome(Supervisor.startLink(system, { ...options, children: [asking(true)] }));
    await advance(system, 4999);
    void outcome(Supervisor.whichChildren(supervisorName.in(system)));
    expect(warnings(system)).toStrictEqual([]);
    await advance(system, 60_000);
    expect(warnings(system)).toStrictEqual([
      'call "whichChildren" to supervisor has had no answer for 5 s: supervisor waits for the start of child, which may have asked it',
    ]);
  });

  test('XT41 with self and a timeout it fails as a cycle, also after an await', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const server = GenServer.define({
      init: async (_: undefined, self) => {
        await undefined;
        const options = { self, timeout: 100 };
        const other: unknown = supervisorName.in(self);
        log.push(await outcome(Supervisor.whenChild(other as never, 'other' as never, options)));
        return ok(undefined);
      },
    });
    const child = GenServer.childSpec(server, undefined, { id: 'child', name: 'child' });
    const started = Supervisor.startLink(system, { ...options, children: [child] });
    await after(system, 100, started);
    expect(log).toStrictEqual([cycle('child', 'supervisor', 'child')]);
  });

  test('XT42 is named at a restart, and as the child of a supervisor further down', async () => {
    const system = createTestSystem();
    let starts = 0;
    const server = GenServer.define({
      init: async (_: undefined, self) => {
        starts += 1;
        return ok(starts === 1 ? [] : await Supervisor.whichChildren(supervisorName.in(self)));
      },
    });
    const child = GenServer.childSpec(server, undefined, { id: 'child', name: 'child' });
    const inner = Supervisor.childSpec({
      id: 'inner',
      name: 'inner',
      strategy: 'oneForOne',
      children: [child],
    });
    await Supervisor.startLink(system, { ...options, children: [inner] });
    exit(system, whereis(system, 'inner') as Pid, kill);
    await advance(system, 60_000);
    expect(warnings(system)).toStrictEqual([
      'call "whichChildren" to supervisor has had no answer for 5 s: processes wait for each other: child → supervisor → inner → child',
    ]);
  });

  test('XT42 is named for a child that procLib starts, and for one of a dynamic supervisor', async () => {
    const system = createTestSystem();
    await DynamicSupervisor.startLink(system, { name: 'supervisor' });
    const dynamic = supervisorName.in(system) as unknown as DynamicSupervisor.Pid;
    const child = childSpec(
      (parent) =>
        procLib.startLink(
          parent,
          async (self) => {
            await DynamicSupervisor.whichChildren(dynamic);
            procLib.initAck(self);
          },
          { label: 'room 7' },
        ),
      { id: 'child' },
    );
    void outcome(DynamicSupervisor.startChild(dynamic, child));
    await advance(system, 60_000);
    expect(warnings(system)).toStrictEqual([
      'call "whichChildren" to supervisor has had no answer for 5 s: processes wait for each other: #Pid<3> "room 7" → supervisor → #Pid<3> "room 7"',
    ]);
  });
});
