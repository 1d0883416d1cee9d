import { describe, expect, test } from '@jest/globals';
import {
  childSpec,
  GenServer,
  isAlive,
  noreply,
  ok,
  type Pid,
  reply,
  send,
  spawn,
  Supervisor,
  sys,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

const revoked = Proxy.revocable({}, {});
revoked.revoke();
const refuse = (): never => {
  throw new Error('trapped');
};

const unreadable: readonly (readonly [string, object])[] = [
  ['a proxy that is revoked', revoked.proxy],
  ['a proxy without a prototype', new Proxy({}, { getPrototypeOf: refuse })],
  ['a proxy that refuses each look', new Proxy({}, { has: refuse, get: refuse })],
  ['a proxy that has everything', new Proxy({}, { has: () => true, get: () => undefined })],
];

const counter = GenServer.define({
  init: () => ok<object[]>([]),
  handleCall: { seen: (_, seen) => reply(seen, seen, { timeout: 100 }) },
  handleInfo: (message: object, seen) => noreply([...seen, message]),
});

test.each([
  ['that is a promise is awaited by receive', Promise.resolve('settled'), 'settled'],
  ['that cannot be read rejects receive', revoked.proxy, 'TypeError: Cannot perform'],
  ['whose `then` throws rejects receive', new Proxy({}, { get: refuse }), 'Error: trapped'],
])('a message %s, and the next one follows', async (_what, message, text) => {
  const system = createTestSystem();
  const log: string[] = [];
  const pid = spawn<unknown>(system, async (self) => {
    log.push(await self.receive().then(String, String), String(await self.receive()));
  });
  send(pid, message);
  send(pid, 'next');
  await settle(system);
  expect(log).toEqual([expect.stringContaining(text), 'next']);
});

describe.each(unreadable)('%s', (_what, message) => {
  test('is a message like any other to a server, also with an idle timer', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, counter, undefined);
    await GenServer.call(pid, 'seen');
    send(pid, message);
    const seen = await GenServer.call(pid, 'seen');
    expect(seen.map((one) => one === message)).toEqual([true]);
    expect(system.reports).toEqual([]);
  });

  test('waits in the mailbox of a suspended server, and is shown to its hooks', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, counter, undefined);
    await sys.suspend(pid);
    send(pid, message);
    await sys.log(pid, true);
    await sys.resume(pid);
    expect(await GenServer.call(pid, 'seen')).toHaveLength(1);
  });

  test('does not end a server that takes no messages', async () => {
    const system = createTestSystem();
    const silent = GenServer.define({ init: () => ok(0) });
    const pid: Pid = await GenServer.start(system, silent, undefined);
    send(pid as Pid<object>, message);
    await settle(system);
    expect(isAlive(pid)).toBe(true);
  });

  test('is dropped by a full mailbox', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'dropOldest' } as const;
    const pid = await GenServer.start(system, counter, undefined, { mailbox });
    [message, message, message].forEach((one) => send(pid, one));
    await settle(system);
    expect(await GenServer.call(pid, 'seen')).toHaveLength(1);
  });

  test('does not end a supervisor, and one that a start rejects with fails that start alone', async () => {
    const system = createTestSystem();
    const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [] });
    send(app as Pid as Pid<object>, message);
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a user may reject with it
    const failing = childSpec((): Promise<Pid> => Promise.reject(message), { id: 'a' });
    await expect(Supervisor.startChild(app, failing)).rejects.toThrow('a child failed to start');
    expect(await Supervisor.countChildren(app)).toMatchObject({ specs: 0 });
  });
});
