import { describe, expect, jest, test } from '@jest/globals';
import {
  crash,
  createSystem,
  exit,
  type ExitReason,
  GenServer,
  isAlive,
  kill,
  link,
  type Logger,
  noreply,
  ok,
  type Process,
  register,
  reply,
  send,
  shutdown,
  spawn,
  spawnLink,
  stop,
  Supervisor,
} from '@reprise/actor';
import { createTestSystem, type Report, settle, type TestSystem } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { forever, idleProcess } from '../support/processes.ts';

interface State {
  readonly user: string;
  readonly password: string;
}

const failure = new Error('boom', { cause: new TypeError('the disk is full') });

const fragile = GenServer.define({
  init: (user: string) => ok<State>({ user, password: 'secret' }),
  handleCall: {
    rename: (user: string, state) => reply(undefined, { ...state, user }),
    fail: (_payload: number): never => {
      throw failure;
    },
    failLater: async (_payload: number) => {
      await undefined;
      throw failure;
    },
    stop: (reason: ExitReason, state) => stop(reason, 'bye', state),
  },
  handleCast: {
    fail: (_payload: number): never => {
      throw failure;
    },
    throwText: (): never => {
      // eslint-disable-next-line no-throw-literal
      throw 'a text';
    },
    continue: (_, state) => noreply(state, { continue: 'more' }),
    befriend: (other: Process, state, self) => {
      link(self, other.pid);
      return noreply(state);
    },
  },
  handleInfo: (_message: unknown): never => {
    throw failure;
  },
  handleContinue: (_value: string): never => {
    throw failure;
  },
});

const started = (system: TestSystem, name?: string): Promise<GenServer.ServerOf<typeof fragile>> =>
  GenServer.start(system, fragile, 'joe', name === undefined ? {} : { name });

/** The only report of a system. */
function only({ reports }: TestSystem): Report {
  expect(reports).toHaveLength(1);
  return reports[0] as Report;
}

describe('the report of a crash', () => {
  test('has all its fields', async () => {
    const system = createTestSystem();
    const friend = await idleProcess(system, { traps: true });
    register(system, 'friend', friend.pid);
    const server = await started(system, 'fragile');
    GenServer.cast(server, 'befriend', friend);
    await GenServer.call(server, 'rename', 'mike');
    GenServer.cast(server, 'fail', 7);
    await settle(system);
    expect(system.reports).toStrictEqual([
      {
        level: 'error',
        message: 'process fragile crashed: Error: boom',
        details: {
          err: failure,
          process: String(server),
          registeredName: 'fragile',
          reason: 'Error: boom',
          lastMessage: { cast: 'fail', payload: 7 },
          state: { user: 'mike', password: '[redacted]' },
          links: ['friend'],
          ancestors: [String(system.pid)],
        },
      },
    ]);
  });

  test('has the very error, so that a logger has its stack and its cause', async () => {
    const system = createTestSystem();
    send(await started(system), 'anything');
    await settle(system);
    const { err } = only(system).details as { readonly err: Error };
    expect(err).toBe(failure);
    expect(err.cause).toBeInstanceOf(TypeError);
    expect(err.stack).toContain('crash-report.test.ts');
  });

  test.each([
    ['a cast', { cast: 'fail', payload: 1 }, 'cast'],
    ['a call', { call: 'fail', payload: 1 }, 'call'],
    ['a call whose promise rejects', { call: 'failLater', payload: 1 }, 'callLater'],
    ['a message', { hello: 'there' }, 'send'],
  ] as const)('has the last message as its sender wrote it: %s', async (_, lastMessage, how) => {
    const system = createTestSystem();
    const server = await started(system);
    const doIt = {
      cast: () => {
        GenServer.cast(server, 'fail', 1);
      },
      call: () => outcome(GenServer.call(server, 'fail', 1)),
      callLater: () => outcome(GenServer.call(server, 'failLater', 1)),
      send: () => send(server, { hello: 'there' }),
    };
    await doIt[how]();
    await settle(system);
    expect(only(system).details).toMatchObject({ lastMessage });
  });

  test('in handleContinue has the message that led there', async () => {
    const system = createTestSystem();
    GenServer.cast(await started(system), 'continue');
    await settle(system);
    expect(only(system).details).toMatchObject({ lastMessage: { cast: 'continue' } });
  });

  test('has the state as formatStatus shows it, without the hidden part', async () => {
    const system = createTestSystem();
    const discreet = { ...fragile, formatStatus: ({ user }: State) => ({ user }) };
    GenServer.cast(await GenServer.start(system, discreet, 'joe'), 'fail', 1);
    await settle(system);
    expect(only(system).details).toMatchObject({ state: { user: 'joe' } });
    expect(JSON.stringify(only(system))).not.toContain('secret');
  });

  test('is also made when formatStatus throws', async () => {
    const system = createTestSystem();
    const broken = {
      ...fragile,
      formatStatus: (): never => {
        throw new Error('cannot');
      },
    };
    const server = await GenServer.start(system, broken, 'joe');
    GenServer.cast(server, 'fail', 1);
    await settle(system);
    expect(only(system)).toMatchObject({
      message: `process ${String(server)} crashed: Error: boom`,
      details: { state: expect.stringContaining('formatStatus threw') },
    });
  });

  test('says that formatStatus is async: its promise would be shown as {}', async () => {
    const system = createTestSystem();
    const broken = { ...fragile, formatStatus: () => Promise.reject(new Error('cannot')) };
    GenServer.cast(await GenServer.start(system, broken, 'joe'), 'fail', 1);
    await settle(system);
    expect(only(system).details).toMatchObject({
      state: 'formatStatus returned a promise: is an `await` missing?',
    });
  });

  test('has the supervisors above, the nearest first, by their names', async () => {
    const system = createTestSystem();
    const inner = Supervisor.childSpec({
      id: 'inner',
      name: 'inner',
      strategy: 'oneForOne',
      children: [GenServer.childSpec(fragile, 'joe', { id: 'fragile' })],
    });
    const outer = await Supervisor.startLink(system, {
      name: 'outer',
      strategy: 'oneForOne',
      children: [inner],
    });
    GenServer.cast(Supervisor.child(Supervisor.child(outer, 'inner'), 'fragile'), 'fail', 1);
    await settle(system);
    const { details } = system.reports[0] as Report;
    expect(details).toMatchObject({
      ancestors: ['inner', 'outer', String(system.pid)],
      links: ['inner'],
    });
  });

  test('of a child begins with its id, and its supervisor makes no second report', async () => {
    const system = createTestSystem();
    const supervisor = await Supervisor.startLink(system, {
      name: 'top',
      strategy: 'oneForOne',
      maxRestarts: 1,
      children: [
        GenServer.childSpec(fragile, 'joe', { id: 'first' }),
        GenServer.childSpec(fragile, 'joe', { id: 'second', name: 'named' }),
      ],
    });
    const [first, second] = (['first', 'second'] as const).map((id) =>
      Supervisor.child(supervisor, id),
    ) as [GenServer.ServerOf<typeof fragile>, GenServer.ServerOf<typeof fragile>];
    GenServer.cast(second, 'fail', 1);
    await settle(system);
    GenServer.cast(first, 'fail', 1);
    await settle(system);
    expect(system.reports.map(({ message }) => message)).toStrictEqual([
      `child "second" (named, ${String(second)}) of supervisor top crashed: Error: boom`,
      `child "first" (${String(first)}) of supervisor top crashed: Error: boom`,
      `supervisor top gave up: children failed 2 times in 5 s, at last child "first" (${String(first)}): Error: boom`,
    ]);
    expect(Object.keys(system.reports[0]?.details ?? {}).slice(0, 4)).toStrictEqual([
      'child',
      'supervisor',
      'registeredName',
      'process',
    ]);
  });

  test('an end that no process has reported is reported by the supervisor', async () => {
    const system = createTestSystem();
    const supervisor = await Supervisor.startLink(system, {
      name: 'top',
      strategy: 'oneForOne',
      children: [GenServer.childSpec(fragile, 'joe', { id: 'first' })],
    });
    const first = Supervisor.child(supervisor, 'first');
    exit(system, first, kill);
    await settle(system);
    expect(system.reports.map(({ message }) => message)).toStrictEqual([
      `supervisor top: child "first" (${String(first)}) ended: killed`,
    ]);
  });

  test('of a process without a name has none, and calls it by its pid', async () => {
    const system = createTestSystem();
    const server = await started(system);
    GenServer.cast(server, 'fail', 1);
    await settle(system);
    expect(only(system).message).toBe(`process ${String(server)} crashed: Error: boom`);
    expect(only(system).details).not.toHaveProperty('name');
  });

  test('of a thrown value that is no error has the value in its reason, and no err', async () => {
    const system = createTestSystem();
    const server = await started(system);
    GenServer.cast(server, 'throwText');
    await settle(system);
    expect(only(system).details).not.toHaveProperty('err');
    expect(only(system).message).toContain('"a text"');
  });

  test('of a function process has its name, reason, links and ancestors', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    const pid = spawnLink(parent, (self) => {
      register(self, 'child', self.pid);
      throw failure;
    });
    await settle(system);
    expect(system.reports).toStrictEqual([
      {
        level: 'error',
        message: 'process child crashed: Error: boom',
        details: {
          err: failure,
          process: String(pid),
          registeredName: 'child',
          reason: 'Error: boom',
          links: [String(parent.pid)],
          ancestors: [String(parent.pid), String(system.pid)],
        },
      },
    ]);
  });

  test('of a process that called a crashed process has the error of the crash as the cause', async () => {
    const system = createTestSystem();
    const server = await started(system);
    const pid = spawn(system, async () => {
      await GenServer.call(server, 'fail', 1);
    });
    await settle(system);
    const [, own] = system.reports as readonly [Report, Report];
    expect(own.message).toMatch(new RegExp(`^process ${String(pid)} crashed: `));
    expect((own.details as { readonly err: Error }).err.cause).toBe(failure);
  });

  test('comes before the exit signals and DOWN messages', async () => {
    const log: string[] = [];
    const logger: Logger = {
      error: (_, message) => void log.push(message),
      warn: () => undefined,
    };
    const system = createSystem({ logger, slowCallback: Infinity });
    const server = await GenServer.start(system, fragile, 'joe', { name: 'fragile' });
    await GenServer.call(server, 'fail', 1).catch(() => void log.push('the caller knows'));
    expect(log).toStrictEqual(['process fragile crashed: Error: boom', 'the caller knows']);
  });
});

describe('the ends that are reported', () => {
  test.each([
    ['a stop with a crash', crash('bad'), 1],
    ['a stop with shutdown', shutdown, 0],
  ] as const)('%s', async (_, reason, count) => {
    const system = createTestSystem();
    await outcome(GenServer.call(await started(system), 'stop', reason));
    await settle(system);
    expect(system.reports).toHaveLength(count);
  });

  test('not the end of a process that is killed, nor of one that ends by a link', async () => {
    const system = createTestSystem();
    const top = spawn(system, async (self) => {
      spawnLink(self, forever);
      await forever();
    });
    await settle(system);
    exit(system, top, kill);
    await settle(system);
    expect(system.reports).toStrictEqual([]);
  });

  test('the end by a full mailbox, which is a fault of the process itself', async () => {
    const system = createTestSystem();
    const pid = spawn<number>(system, forever, { mailbox: { capacity: 1, overflow: 'exit' } });
    await settle(system);
    send(pid, 1);
    send(pid, 2);
    expect(isAlive(pid)).toBe(false);
    expect(system.reports).toMatchObject([
      {
        level: 'error',
        message: `process ${String(pid)} crashed: the mailbox is full, at 1 messages`,
      },
    ]);
  });
});

/** Like many loggers, its methods need their `this`. */
class ClassLogger {
  readonly lines: Record<string, unknown>[] = [];

  error(details: object, message: string): void {
    this.#write('error', details, message);
  }

  warn(details: object, message: string): void {
    this.#write('warn', details, message);
  }

  #write(level: string, details: object, message: string): void {
    this.lines.push({ level, ...details, msg: message });
  }
}

describe('a logger whose methods use this', () => {
  test('has the report of a crash', async () => {
    const logger = new ClassLogger();
    const system = createSystem({ logger, slowCallback: Infinity });
    const server = await GenServer.start(system, fragile, 'joe', { name: 'fragile' });
    await outcome(GenServer.call(server, 'fail', 1));
    expect(logger.lines).toMatchObject([
      { level: 'error', err: failure, msg: 'process fragile crashed: Error: boom' },
    ]);
  });

  test('has the warnings: a message without handleInfo, a mailbox that fills', async () => {
    const logger = new ClassLogger();
    const system = createSystem({ logger, highWaterMark: 1, slowCallback: Infinity });
    const deaf = GenServer.define({ init: () => ok(undefined) });
    const server = await GenServer.start(system, deaf, undefined, { name: 'deaf' });
    send(server, 'hello' as never);
    await settle(system);
    expect(logger.lines.map(({ level, msg }) => [level, msg])).toStrictEqual([
      ['warn', 'deaf has 1 messages waiting'],
      ['warn', 'deaf has no handleInfo: message dropped'],
    ]);
  });

  test('has the end of the system, too', async () => {
    const logger = new ClassLogger();
    const system = createSystem({ logger, slowCallback: Infinity });
    exit(system, system.pid, crash(failure));
    await system.whenExited;
    expect(logger.lines).toMatchObject([
      { level: 'error', reason: 'Error: boom', err: failure, msg: 'system exited' },
    ]);
  });
});

test('a logger that throws for a warning does not end the server that the warning is about', async () => {
  const broken = (): never => {
    throw new Error('the log is full');
  };
  const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const system = createSystem({ logger: { error: broken, warn: broken } });
  const deaf = GenServer.define({
    init: () => ok(undefined),
    handleCall: { ping: (_, state) => reply('pong', state) },
  });
  const server = await GenServer.start(system, deaf, undefined);
  send(server, 'hello' as never);
  expect(await outcome(GenServer.call(server, 'ping'))).toStrictEqual({ value: 'pong' });
  expect(written).toHaveBeenCalled();
});
