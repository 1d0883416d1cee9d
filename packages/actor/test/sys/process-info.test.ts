import { describe, expect, test } from '@jest/globals';
import {
  childSpec,
  GenServer,
  link,
  monitor,
  noreply,
  ok,
  type Pid,
  type Process,
  type ProcessInfo,
  processes,
  processInfo,
  register,
  reply,
  send,
  spawn,
  spawnLink,
  Supervisor,
  sys,
  trapExit,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { forever, idleProcess } from '../support/processes.ts';

describe('processInfo', () => {
  test('has every field for a process that has done nothing yet', async () => {
    const system = createTestSystem();
    const { pid } = await idleProcess(system);
    expect(processInfo(pid)).toStrictEqual({
      pid,
      name: undefined,
      status: 'waiting',
      messageQueueLen: 0,
      handled: 0,
      busy: expect.any(Number),
      links: [],
      monitors: [],
      monitoredBy: [],
      trapExit: false,
      parent: system.pid,
      mailbox: undefined,
    });
  });

  test('has its name, queue, links, monitors on both sides, traps and parent', async () => {
    const system = createTestSystem();
    const [one, two] = [await idleProcess(system), await idleProcess(system)];
    const { pid } = await idleProcess(system, { traps: true });
    let self: Process | undefined;
    const subject = spawnLink<string>(one, async (given) => {
      self = given;
      await forever();
    });
    await settle(system);
    register(system, 'subject', subject);
    send(subject, 'a');
    send(subject, 'b');
    link(self as unknown as Process, pid);
    monitor(self as unknown as Process, pid);
    monitor(self as unknown as Process, two.pid);
    monitor(self as unknown as Process, two.pid);
    monitor(two, subject);
    expect(processInfo(subject)).toMatchObject({
      name: 'subject',
      messageQueueLen: 2,
      links: [one.pid, pid],
      monitors: [pid, two.pid, two.pid],
      monitoredBy: [two.pid],
      trapExit: false,
      parent: one.pid,
    });
    expect(processInfo(pid)).toMatchObject({
      links: [subject],
      monitors: [],
      monitoredBy: [subject],
      trapExit: true,
    });
  });

  test('is undefined for a process that has ended, which is gone from the links and monitors of others', async () => {
    const system = createTestSystem();
    const other = await idleProcess(system);
    const pid = spawnLink<string>(other, async (self) => {
      monitor(self, other.pid);
      await self.receive();
    });
    await settle(system);
    expect(processInfo(other.pid)).toMatchObject({ links: [pid], monitoredBy: [pid] });
    send(pid, 'end');
    await settle(system);
    expect(processInfo(pid)).toBeUndefined();
    expect(processInfo(other.pid)).toMatchObject({ links: [], monitoredBy: [] });
  });

  test('has the bounds of a mailbox, and the number of dropped messages', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'dropNewest' } as const;
    const pid = spawn<string>(system, forever, { mailbox });
    for (const message of ['a', 'b', 'c']) {
      send(pid, message);
    }
    expect(processInfo(pid)).toMatchObject({
      messageQueueLen: 1,
      mailbox: { capacity: 1, overflow: 'dropNewest', dropped: 2 },
    });
  });

  test('does not change with the process', async () => {
    const system = createTestSystem();
    const process = await idleProcess(system);
    const before = processInfo(process.pid);
    trapExit(process, true);
    link(process, system.pid);
    expect(before).toMatchObject({ trapExit: false, links: [] });
  });

  test('has the status of a server', async () => {
    const system = createTestSystem();
    const stages: unknown[] = [];
    const statusOf = (pid: Pid): ProcessInfo['status'] | undefined => processInfo(pid)?.status;
    const server = await GenServer.start(
      system,
      GenServer.define({
        init: () => ok(0),
        handleCall: {
          note: (_, state, __, self: Process) => {
            stages.push(statusOf(self.pid));
            return reply(0, state);
          },
          wait: (_: undefined, __): Promise<never> => forever(),
        },
      }),
      undefined,
    );
    stages.push(statusOf(server));
    await sys.suspend(server);
    stages.push(statusOf(server));
    await sys.resume(server);
    const called = GenServer.call(server, 'note');
    stages.push(statusOf(server));
    await called;
    void GenServer.call(server, 'wait', undefined, { timeout: Infinity }).catch(() => undefined);
    await settle(system);
    stages.push(statusOf(server));
    expect(stages).toStrictEqual(['waiting', 'suspended', 'runnable', 'running', 'awaiting']);
  });

  test('refuses a value that is no pid', () => {
    expect(() => processInfo({ id: 1 } as never)).toThrow(
      new TypeError('Expected a pid, got {"id":1}'),
    );
  });

  test('its mailbox is known to be bounded, or not', () => {
    expectTypeOf(processInfo).returns.toEqualTypeOf<ProcessInfo | undefined>();
    expectTypeOf<NonNullable<ProcessInfo['mailbox']>['dropped']>().toEqualTypeOf<number>();
  });
});

describe('processes', () => {
  test('are those that have not ended, the system first, in the order started', async () => {
    const system = createTestSystem();
    const [one, two] = [await idleProcess(system), await idleProcess(system)];
    const ended = spawn(system, () => {});
    expect(processes(system)).toStrictEqual([system.pid, one.pid, two.pid, ended]);
    await settle(system);
    expect(processes(one)).toStrictEqual([system.pid, one.pid, two.pid]);
    await system.stop();
    expect(processes(system)).toStrictEqual([]);
  });

  test('of another system are not among them', () => {
    const [one, other] = [createTestSystem(), createTestSystem()];
    expect(processes(one)).toStrictEqual([one.pid]);
    expect(processes(other)[0]).toBe(other.pid);
    expect(processes(other)[0]).not.toBe(one.pid);
  });

  test('refuses a value that is no process', () => {
    expect(() => processes({} as never)).toThrow(
      new TypeError('Expected system to be a process, got {}'),
    );
  });
});

describe('a callback whose promise does not settle', () => {
  const stuck = GenServer.define({
    init: () => ok(0),
    handleCall: { get: (_, state) => reply(state, state) },
    handleCast: { hang: forever },
  });

  test('shows with its age, also to callers that wait for the server', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, stuck, undefined);
    expect(processInfo(pid)?.awaitingSince).toBeUndefined();
    await advance(system, 40);
    GenServer.cast(pid, 'hang');
    await settle(system);
    await advance(system, 307_000);
    expect(processInfo(pid)).toMatchObject({
      status: 'awaiting',
      awaitingSince: 40,
      awaitedCallback: 'handleCast.hang',
    });
    const call = GenServer.call(pid, 'get').catch((error: unknown) => error);
    const status = sys.getStatus(pid).catch((error: unknown) => error);
    await advance(system, 5000);
    const why = 'the promise of its handleCast.hang has not settled for 312 s';
    expect(await call).toMatchObject({ message: expect.stringContaining(why) });
    expect(await status).toMatchObject({ message: expect.stringContaining(why) });
    await system.stop({ timeout: 0 });
  });

  test.each<[name: string, hang: (pid: Hanging) => void]>([
    ['handleCall.hang', (pid) => void GenServer.call(pid, 'hang').catch(() => undefined)],
    ['handleCast.hang', (pid) => GenServer.cast(pid, 'hang')],
    ['handleInfo', (pid) => send(pid, 'hang')],
    ['handleContinue', (pid) => GenServer.cast(pid, 'goOn')],
    ['terminate', (pid) => void GenServer.stop(pid).catch(() => undefined)],
  ])('shows by its name: %s', async (name, hang) => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, hanging, undefined);
    expect(processInfo(pid)).not.toHaveProperty('awaitedCallback');
    hang(pid);
    await settle(system);
    expect(processInfo(pid)).toMatchObject({ status: 'awaiting', awaitedCallback: name });
    await system.stop({ timeout: 0 });
  });

  test('shows by its name: init, also of a supervisor whose child does not start', async () => {
    const system = createTestSystem();
    const never = childSpec(forever, { id: 'never' });
    const options = { strategy: 'oneForOne', children: [never], name: 'app' } as const;
    Supervisor.startLink(system, options).catch(() => undefined);
    await settle(system);
    const pid = whereis(system, 'app');
    expect(pid && processInfo(pid)).toMatchObject({ status: 'awaiting', awaitedCallback: 'init' });
    const stopped = system.stop({ timeout: 100 });
    await advance(system, 100);
    await stopped;
  });
});

const hanging = GenServer.define({
  init: () => ok(0),
  handleCall: { hang: () => forever() },
  handleCast: { hang: () => forever(), goOn: (_, state) => noreply(state, { continue: 'on' }) },
  handleInfo: (_: unknown) => forever(),
  handleContinue: () => forever(),
  terminate: () => forever(),
});
type Hanging = GenServer.ServerOf<typeof hanging>;
