import { describe, expect, test } from '@jest/globals';
import {
  crash,
  error,
  exit,
  type ExitReason,
  GenServer,
  ignore,
  isAlive,
  kill,
  killed,
  noproc,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  type Ref,
  send,
  shutdown,
  shutdownWith,
  spawnLink,
  stop,
  Task,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { logEnd, outcome } from '../support/outcome.ts';
import { drain, exitReasonOf, forever, idleProcess } from '../support/processes.ts';

/** Its argument is the code of `init`; it ends with the reason that it is sent. */
const server = GenServer.define({
  init: (how: 'ok' | 'ignore' | 'error' | 'stop' | 'throw' | 'hang') => {
    switch (how) {
      case 'ok':
        return ok(0);
      case 'ignore':
        return ignore;
      case 'error':
        return error(shutdownWith('why'));
      case 'stop':
        return stop(shutdownWith('why'));
      case 'hang':
        return forever();
      default:
        throw new Error('no');
    }
  },
  handleInfo: (reason: ExitReason, count) => stop(reason, count),
});

describe('startMonitor', () => {
  const setup = async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    return { system, parent };
  };

  test('IN03 resolves with the pid and a monitor, whose DOWN has the reason', async () => {
    const { system, parent } = await setup();
    const started = await GenServer.startMonitor(parent, server, 'ok');
    expect(Object.keys(started ?? {})).toStrictEqual(['pid', 'ref']);
    const { pid, ref } = started as { pid: GenServer.ServerOf<typeof server>; ref: Ref };
    expect(await drain(parent)).toStrictEqual([]);
    send(pid, shutdownWith('x'));
    await settle(system);
    expect(await drain(parent)).toStrictEqual([
      { type: 'DOWN', ref, pid, reason: shutdownWith('x') },
    ]);
    expect(isAlive(parent.pid)).toBe(true);
  });

  test('IN03 sets no link', async () => {
    const { system, parent } = await setup();
    const started = await GenServer.startMonitor(parent, server, 'ok');
    exit(system, parent.pid, kill);
    expect(started && isAlive(started.pid)).toBe(true);
  });

  test('IN03 misses no end, even one in the same turn as the start', async () => {
    const { system, parent } = await setup();
    const shortLived = GenServer.define({
      init: () => ok(0, { continue: 'end' as const }),
      handleContinue: (_: 'end', count) => stop(shutdownWith('soon'), count),
    });
    const { pid, ref } = await GenServer.startMonitor(parent, shortLived, undefined);
    expect(isAlive(pid)).toBe(false);
    await settle(system);
    expect(await drain(parent)).toStrictEqual([
      { type: 'DOWN', ref, pid, reason: shutdownWith('soon') },
    ]);
  });

  const failures: ['error' | 'stop' | 'throw', ExitReason][] = [
    ['error', shutdownWith('why')],
    ['stop', shutdownWith('why')],
    ['throw', crash(new Error('no'))],
  ];

  test.each(failures)('IN03 after a failure (%s) there is no monitor', async (how, reason) => {
    const { system, parent } = await setup();
    expect(await outcome(GenServer.startMonitor(parent, server, how))).toStrictEqual({
      exit: reason,
    });
    await settle(system);
    expect(await drain(parent)).toStrictEqual([]);
  });

  test('IN03 after an ignore, a timeout or a kill in init there is no monitor', async () => {
    const { system, parent } = await setup();
    expect(await GenServer.startMonitor(parent, server, 'ignore')).toBeUndefined();
    const late = outcome(GenServer.startMonitor(parent, server, 'hang', { timeout: 10 }));
    await advance(system, 10);
    expect(await late).toStrictEqual({ exit: { type: 'timeout' } });
    const dying = outcome(GenServer.startMonitor(parent, server, 'hang', { name: 'N' }));
    await settle(system);
    const pid = whereis(system, 'N');
    exit(system, pid as NonNullable<typeof pid>, kill);
    expect(await dying).toStrictEqual({ exit: killed });
    await settle(system);
    expect(await drain(parent)).toStrictEqual([]);
  });

  test('IN03 rejects as start does', async () => {
    const { system, parent } = await setup();
    const first = await GenServer.startMonitor(parent, server, 'ok', { name: 'N' });
    expect(
      await outcome(GenServer.startMonitor(parent, server, 'ok', { name: 'N' })),
    ).toStrictEqual({ exit: { type: 'alreadyStarted', pid: first?.pid } });
    await expect(GenServer.startMonitor(parent, server, 'ok', { timeout: -1 })).rejects.toThrow(
      RangeError,
    );
    exit(system, parent.pid, kill);
    expect(await outcome(GenServer.startMonitor(parent, server, 'ok'))).toStrictEqual({
      exit: noproc,
    });
  });

  test('resolves with undefined only where init may answer ignore', async () => {
    const system = createTestSystem();
    const never = GenServer.define({ init: () => ok(0), handleInfo: (_: 'a') => noreply(0) });
    type Never = GenServer.ServerOf<typeof never>;
    expectTypeOf(GenServer.startMonitor(system, never, undefined)).resolves.toEqualTypeOf<
      GenServer.Monitored<Never>
    >();
    const started = await GenServer.startMonitor(system, server, 'ok');
    expectTypeOf(started).toEqualTypeOf<
      GenServer.Monitored<GenServer.ServerOf<typeof server>> | undefined
    >();
    expect(started).toBeDefined();
  });
});

describe('a start whose process ends before init has answered', () => {
  type Init = (self: Process) => Promise<never>;
  const ended = crash('ended');
  const starting = GenServer.define({
    init: (init: Init, self) => init(self),
  });
  const hang: Init = () => forever();
  const ends: readonly {
    readonly how: string;
    readonly init: Init;
    readonly end?: (system: TestSystem, pid: Pid) => void;
    readonly reason: ExitReason;
  }[] = [
    {
      how: 'by a kill',
      init: hang,
      end: (system, pid) => {
        exit(system, pid, kill);
      },
      reason: killed,
    },
    {
      how: 'by an exit signal',
      init: hang,
      end: (system, pid) => {
        exit(system, pid, ended);
      },
      reason: ended,
    },
    {
      how: 'by its own kill',
      init: (self) => {
        exit(self, self.pid, kill);
        return forever();
      },
      reason: killed,
    },
    {
      how: 'by the end of a linked process',
      init: (self) => {
        spawnLink(self, (child) => exit(child, ended));
        return forever();
      },
      reason: ended,
    },
    {
      how: 'by a task that it awaits',
      init: (self) =>
        Task.await(
          self,
          Task.async(self, (task) => exit(task, ended)),
        ),
      reason: ended,
    },
    {
      how: 'by a full mailbox',
      init: hang,
      end: (_, pid) => {
        send(pid as Pid<string>, 'first');
        send(pid as Pid<string>, 'second');
      },
      reason: { type: 'mailboxOverflow', capacity: 1 },
    },
  ];
  const startIn = async (
    system: TestSystem,
    parent: Process,
    { init, end }: (typeof ends)[number],
  ) => {
    const options = { name: 'N', mailbox: { capacity: 1, overflow: 'exit' } } as const;
    const started = outcome(GenServer.startLink(parent, starting, init, options));
    await settle(system);
    const pid = whereis(system, 'N');
    if (end !== undefined && pid !== undefined) {
      end(system, pid);
    }
    await settle(system);
    return started;
  };

  test.each(ends)('IN07 $how sends no EXIT message to a parent that traps exits', async (how) => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    expect(await startIn(system, parent, how)).toStrictEqual({ exit: how.reason });
    expect(await drain(parent)).toStrictEqual([]);
  });

  test.each(ends)('IN07 $how does not end the system', async (how) => {
    const system = createTestSystem();
    expect(await startIn(system, system, how)).toStrictEqual({ exit: how.reason });
    expect(isAlive(system.pid)).toBe(true);
  });

  test.each(ends)('IN05 $how ends a linked parent that does not trap exits', async (how) => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    expect(await startIn(system, parent, how)).toStrictEqual({ exit: how.reason });
    expect(exitReasonOf(parent)).toStrictEqual(how.reason);
  });

  test('IN07 by a kill in the turn of the start, before init has run, is told once', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    const started = outcome(GenServer.startLink(parent, server, 'ok', { name: 'N' }));
    exit(system, whereis(system, 'N') as Pid, kill);
    expect(await started).toStrictEqual({ exit: killed });
    await settle(system);
    expect(await drain(parent)).toStrictEqual([]);
  });

  test('IN07 by the end of its parent fails the start with the reason of that', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    const started = outcome(GenServer.startLink(parent, server, 'hang'));
    await settle(system);
    exit(system, parent.pid, kill);
    expect(await started).toStrictEqual({ exit: killed });
  });
});

describe('init that answers error', () => {
  const failing = (log: unknown[], system: TestSystem, reason: ExitReason) =>
    GenServer.define({
      init: async (_: undefined, self: Process) => {
        await logEnd(system, log, 'server', self.pid);
        return error(reason);
      },
      terminate: () => {
        log.push('terminate');
      },
    });

  test.each([shutdown, crash(new Error('no'))])(
    'IN08 fails the start with %p; the process ends normal, and nothing is reported',
    async (reason) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const behaviour = failing(log, system, reason);
      expect(
        await outcome(GenServer.start(system, behaviour, undefined, { name: 'N' })),
      ).toStrictEqual({ exit: reason });
      expect(whereis(system, 'N')).toBeUndefined();
      await settle(system);
      expect(log).toStrictEqual([['server', normal]]);
      expect(system.reports).toStrictEqual([]);
    },
  );

  test.each([true, false])(
    'IN08 rejects in a linked parent, and sends it no EXIT message (traps: %p)',
    async (traps) => {
      const system = createTestSystem();
      const parent = await idleProcess(system, { traps });
      const reason = crash(new Error('no'));
      const behaviour = failing([], system, reason);
      expect(await outcome(GenServer.startLink(parent, behaviour, undefined))).toStrictEqual({
        exit: reason,
      });
      await settle(system);
      expect(await drain(parent)).toStrictEqual([]);
      expect(exitReasonOf(parent)).toBeUndefined();
    },
  );

  test('IN08 has freed the name by the time the start fails', async () => {
    const system = createTestSystem();
    const behaviour = GenServer.define({ init: () => error(shutdown) });
    const owners: unknown[] = [];
    await GenServer.start(system, behaviour, undefined, { name: 'N' }).catch(() => {
      owners.push(whereis(system, 'N'));
    });
    expect(owners).toStrictEqual([undefined]);
  });

  test('IN08 is an answer of init alone', async () => {
    const system = createTestSystem();
    const behaviour = GenServer.define({
      init: () => ok(0),
      // @ts-expect-error: a running server stops, or goes on
      handleInfo: (_: 'go') => error(shutdown),
    });
    const pid = await GenServer.start(system, behaviour, undefined);
    const log: unknown[] = [];
    await logEnd(system, log, 'server', pid);
    send(pid, 'go');
    await settle(system);
    expect(log).toStrictEqual([['server', { type: 'badReturnValue', value: error(shutdown) }]]);
  });

  test('IN08 can be compared, as every answer', () => {
    expect(error(shutdown)).toStrictEqual(error(shutdown));
    expect(error(shutdown)).not.toEqual(error(normal));
  });
});
