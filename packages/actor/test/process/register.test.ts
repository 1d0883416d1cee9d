import { describe, expect, test } from '@jest/globals';
import {
  exit,
  GenServer,
  isAlive,
  kill,
  name,
  noreply,
  ok,
  type Pid,
  pidOf,
  register,
  send,
  shutdown,
  Supervisor,
  trapExit,
  unregister,
  whereis,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { drain, idleProcess } from '../support/processes.ts';

/** Logs its start and its messages. */
const logger = GenServer.define({
  init: (log: unknown[]) => {
    log.push('init');
    return ok(log);
  },
  handleInfo: (message: string, log) => {
    log.push(message);
    return noreply(log);
  },
});
type Logger = GenServer.ServerOf<typeof logger>;

const idle = async (system: TestSystem): Promise<Pid> => (await idleProcess(system)).pid;

describe('register', () => {
  test('RG01 gives a process a name, by which it is found and sent to', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const server = await GenServer.start(system, logger, log);
    expect(register(system, 'N', server)).toBeUndefined();
    expect(whereis(system, 'N')).toBe(server);
    send(name<Logger>('N').in(system), 'hello');
    await settle(system);
    expect(log).toStrictEqual(['init', 'hello']);
  });

  test('RG01 takes a typed name as well, which is the same name as its text', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const typed = name<Logger>('N');
    const server = await GenServer.start(system, logger, log, { name: typed });
    expect(whereis(system, typed)).toBe(server);
    expect(whereis(system, 'N')).toBe(server);
    unregister(system, typed);
    expect(whereis(system, 'N')).toBeUndefined();
    register(system, typed, server);
    send(typed.in(system), 'hello');
    await settle(system);
    expect(log).toStrictEqual(['init', 'hello']);
  });

  test('RG02 throws for a name that another process has, and that process keeps it', async () => {
    const system = createTestSystem();
    const owner = await idle(system);
    const other = await idle(system);
    register(system, 'N', owner);
    expect(() => register(system, 'N', other)).toThrow(
      new Error(`Expected a free name, got "N", which is ${String(owner)}'s`),
    );
    expect(whereis(system, 'N')).toBe(owner);
    register(system, 'M', other);
    expect(whereis(system, 'M')).toBe(other);
  });

  test('RG03 throws for a process that has a name already', async () => {
    const system = createTestSystem();
    const owner = await idle(system);
    register(system, 'N', owner);
    expect(() => register(system, 'M', owner)).toThrow(
      new Error(`Expected a process with no name, got ${String(owner)}, which is "N"`),
    );
    expect(whereis(system, 'N')).toBe(owner);
    expect(whereis(system, 'M')).toBeUndefined();
  });

  test('RG04 throws for a process that has this very name', async () => {
    const system = createTestSystem();
    const owner = await idle(system);
    register(system, 'N', owner);
    expect(() => register(system, 'N', owner)).toThrow('Expected a free name, got "N"');
    expect(whereis(system, 'N')).toBe(owner);
  });

  test('RG05 throws for a process that has ended', async () => {
    const system = createTestSystem();
    const ended = await idle(system);
    exit(system, ended, kill);
    expect(() => register(system, 'N', ended)).toThrow(
      new Error(`Expected a running process to name "N", got ${String(ended)}, which has ended`),
    );
    expect(whereis(system, 'N')).toBeUndefined();
  });

  test.each([undefined, null, ''])(
    'RG06 throws for %p, which cannot be a name',
    async (reserved) => {
      const system = createTestSystem();
      const pid = await idle(system);
      const attempt = (): void => register(system, reserved as string, pid);
      expect(attempt).toThrow(TypeError);
      expect(attempt).toThrow('Expected a name, got ');
      register(system, 'N', pid);
      expect(whereis(system, 'N')).toBe(pid);
    },
  );
});

describe('unregister', () => {
  test('RG07 throws for a name that no process has', () => {
    const system = createTestSystem();
    expect(() => unregister(system, 'N')).toThrow(new Error('Expected a registered name, got "N"'));
  });

  test('RG08 frees the name of another process, which runs on and may have it again', async () => {
    const system = createTestSystem();
    const owner = await idle(system);
    register(system, 'N', owner);
    unregister(await idleProcess(system), 'N');
    expect(whereis(system, 'N')).toBeUndefined();
    expect(isAlive(owner)).toBe(true);
    register(system, 'N', owner);
    expect(whereis(system, 'N')).toBe(owner);
  });

  test('RG08 frees a name for good: the end of its old owner does not take it from the new one', async () => {
    const system = createTestSystem();
    const [old, next] = [await idle(system), await idle(system)];
    register(system, 'N', old);
    unregister(system, 'N');
    register(system, 'N', next);
    exit(system, old, kill);
    await settle(system);
    expect(whereis(system, 'N')).toBe(next);
  });
});

describe('a name', () => {
  test('RG09 is free as soon as its process has ended', async () => {
    const system = createTestSystem();
    const [old, next] = [await idle(system), await idle(system)];
    register(system, 'N', old);
    exit(system, old, kill);
    expect(whereis(system, 'N')).toBeUndefined();
    register(system, 'N', next);
    expect(whereis(system, 'N')).toBe(next);
  });

  test.each([
    ['start', GenServer.start<typeof logger>],
    ['startLink', GenServer.startLink<typeof logger>],
  ])('RG10 taken by a server fails a second %s without init or EXIT', async (_name, start) => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const starter = await idleProcess(system, { traps: true });
    const server = await GenServer.start(system, logger, log, { name: 'N' });
    expect(await outcome(start(starter, logger, log, { name: 'N' }))).toStrictEqual({
      exit: { type: 'alreadyStarted', pid: server },
    });
    await settle(system);
    expect(log).toStrictEqual(['init']);
    expect(await drain(starter)).toStrictEqual([]);
    expect(whereis(system, 'N')).toBe(server);
  });

  test('RG10 taken by any process fails the start of a server in the same way', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const owner = await idle(system);
    register(system, 'N', owner);
    expect(await outcome(GenServer.start(system, logger, log, { name: 'N' }))).toStrictEqual({
      exit: { type: 'alreadyStarted', pid: owner },
    });
    expect(log).toStrictEqual([]);
  });

  test('RG10 of a server that has ended starts the next one', async () => {
    const system = createTestSystem();
    const first = await GenServer.start(system, logger, [], { name: 'N' });
    await GenServer.stop(first, shutdown);
    const second = await GenServer.start(system, logger, [], { name: 'N' });
    expect(second).not.toBe(first);
    expect(whereis(system, 'N')).toBe(second);
  });

  test('RG11 taken by a supervisor fails the start of another one', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    trapExit(parent, true);
    const options = { strategy: 'oneForOne', children: [], name: 'S' } as const;
    const supervisor = await Supervisor.startLink(parent, options);
    expect(await outcome(Supervisor.startLink(parent, options))).toStrictEqual({
      exit: { type: 'alreadyStarted', pid: supervisor },
    });
    await settle(system);
    expect(await drain(parent)).toStrictEqual([]);
    expect(whereis(system, 'S')).toBe(supervisor);
  });

  test('RG13 leads to its process, a free name to undefined', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(system, logger, [], { name: 'N' });
    expect(whereis(system, 'N')).toBe(server);
    expect(whereis(await idleProcess(system), 'N')).toBe(server);
    expect(whereis(system, 'M')).toBeUndefined();
    expect(whereis(createTestSystem(), 'N')).toBeUndefined();
  });

  test('RG13 in a system is an address like a pid, looked up each time', async () => {
    const system = createTestSystem();
    const [first, second] = [await idle(system), await idle(system)];
    const address = name('N').in(system);
    expect(pidOf(first)).toBe(first);
    expect(pidOf(address)).toBeUndefined();
    register(system, 'N', first);
    expect(pidOf(address)).toBe(first);
    unregister(system, 'N');
    register(system, 'N', second);
    expect(pidOf(address)).toBe(second);
  });

  test.each([5, null, '', {}, ['N']])(
    'RG14 %p is an error of the caller, and starts nothing',
    async (bad) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const start = (): Promise<unknown> =>
        GenServer.start(system, logger, log, { name: bad as string });
      await expect(start()).rejects.toThrow(TypeError);
      await expect(start()).rejects.toThrow('Expected a name, got ');
      await settle(system);
      expect(log).toStrictEqual([]);
    },
  );
});
