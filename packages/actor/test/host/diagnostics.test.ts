import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  crash,
  createSystem,
  exit,
  type ExitReason,
  GenServer,
  kill,
  killed,
  noproc,
  noreply,
  normal,
  ok,
  reply,
  send,
  shutdown,
  spawn,
  spawnLink,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { forever } from '../support/processes.ts';

const channels = [
  'reprise:spawn',
  'reprise:exit',
  'reprise:message:dropped',
  'reprise:call:timeout',
  'reprise:restart',
] as const;

/** The messages that were published during the test, by channel. */
let published: Record<string, unknown[]>;

const listen = (message: unknown, channel: string | symbol): void => {
  (published[String(channel)] ??= []).push(message);
};

const unsubscribeAll = (): void => channels.forEach((channel) => void unsubscribe(channel, listen));

beforeEach(() => {
  published = {};
  channels.forEach((channel) => {
    subscribe(channel, listen);
  });
});

afterEach(unsubscribeAll);

const server = GenServer.define({
  init: () => ok<number>(0),
  handleCall: {
    get: (_, state) => reply(state, state),
    ignore: (_, state) => noreply(state),
  },
  handleCast: { set: (value: number, _state) => noreply(value) },
  handleInfo: (reason: ExitReason, _state, self) => exit(self, reason),
});

describe('reprise:spawn', () => {
  test('has the process, of any kind, and its parent; a system has no parent', async () => {
    const system = createTestSystem();
    const plain = spawn(system, forever);
    const loop = await GenServer.start(system, server, undefined);
    expect(published['reprise:spawn']).toStrictEqual([
      { pid: system.pid, parent: undefined },
      { pid: plain, parent: system.pid },
      { pid: loop, parent: system.pid },
    ]);
  });
});

describe('reprise:exit', () => {
  test('has the process and the reason, in the order of the ends', async () => {
    const system = createTestSystem();
    const returns = spawn(system, () => {});
    const throws = spawn(system, (self) => exit(self, shutdown));
    const isKilled = spawn(system, forever);
    await settle(system);
    exit(system, isKilled, kill);
    expect(published['reprise:exit']).toStrictEqual([
      { pid: returns, reason: normal },
      { pid: throws, reason: shutdown },
      { pid: isKilled, reason: killed },
    ]);
  });

  test('is published once for each process that ends by a link', async () => {
    const system = createTestSystem();
    const ends: unknown[] = [];
    const top = spawn(system, async (self) => {
      ends.push(spawnLink(self, forever), spawnLink(self, forever));
      await forever();
    });
    await settle(system);
    const reason = crash('bang');
    exit(system, top, reason);
    expect(published['reprise:exit']).toStrictEqual([top, ...ends].map((pid) => ({ pid, reason })));
  });
});

describe('reprise:message:dropped', () => {
  test('has the process and the dropped message, under each policy', async () => {
    const system = createTestSystem();
    const pids = (['dropNewest', 'reject', 'exit', 'dropOldest'] as const).map((overflow) =>
      spawn<string>(system, forever, { mailbox: { capacity: 1, overflow } }),
    );
    for (const pid of pids) {
      send(pid, 'old');
      send(pid, 'new');
    }
    expect(published['reprise:message:dropped']).toStrictEqual(
      ['new', 'new', 'new', 'old'].map((message, at) => ({ pid: pids[at], message })),
    );
  });

  test('has a cast or a call in the form in which its sender wrote it', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, server, undefined, {
      mailbox: { capacity: 1, overflow: 'reject' },
    });
    GenServer.cast(pid, 'set', 1);
    GenServer.cast(pid, 'set', 2);
    await outcome(GenServer.call(pid, 'get'));
    expect(published['reprise:message:dropped']).toEqual([
      { pid, message: { cast: 'set', payload: 2 } },
      { pid, message: { call: 'get', payload: undefined } },
    ]);
  });

  test('is not published for a message to a process that has ended', async () => {
    const system = createTestSystem();
    const pid = spawn<string>(system, () => {}, { mailbox: { capacity: 1, overflow: 'reject' } });
    await settle(system);
    send(pid, 'late');
    expect(published['reprise:message:dropped']).toBeUndefined();
  });
});

describe('reprise:call:timeout', () => {
  test('has the server and the request, at the timeout', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, server, undefined);
    const late = outcome(GenServer.call(pid, 'ignore', undefined, { timeout: 10 }));
    await advance(system, 9);
    expect(published['reprise:call:timeout']).toBeUndefined();
    await advance(system, 1);
    expect(await late).toBe('timeout');
    expect(published['reprise:call:timeout']).toStrictEqual([{ pid, request: 'ignore' }]);
  });

  test('is not published for a call that was answered, or failed', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, server, undefined);
    await GenServer.call(pid, 'get', undefined, { timeout: 10 });
    const failed = outcome(GenServer.call(pid, 'ignore', undefined, { timeout: 10 }));
    exit(system, pid, kill);
    expect(await failed).toStrictEqual({ exit: killed });
    expect(await outcome(GenServer.call(pid, 'get', undefined, { timeout: 10 }))).toStrictEqual({
      exit: noproc,
    });
    await advance(system, 100);
    expect(published['reprise:call:timeout']).toBeUndefined();
  });

  test('is not published for a call with timeout 0 to a full mailbox: the mailbox is why it failed', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, server, undefined, {
      mailbox: { capacity: 1, overflow: 'reject' },
    });
    GenServer.cast(pid, 'set', 1);
    const result = await outcome(GenServer.call(pid, 'get', undefined, { timeout: 0 }));
    expect(result).toStrictEqual({ exit: { type: 'mailboxOverflow', capacity: 1 } });
    expect(published['reprise:call:timeout']).toBeUndefined();
  });
});

describe('reprise:restart', () => {
  test('has the supervisor, the child, and the reason of its end', async () => {
    const system = createTestSystem();
    const supervisor = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [
        GenServer.childSpec(server, undefined, { id: 'a' }),
        GenServer.childSpec(server, undefined, { id: 'b', restart: 'temporary' }),
      ],
    });
    const reason = crash('bang');
    send(Supervisor.child(supervisor, 'b'), reason);
    send(Supervisor.child(supervisor, 'a'), reason);
    await settle(system);
    expect(published['reprise:restart']).toStrictEqual([
      { supervisor: supervisor as unknown, id: 'a', reason },
    ]);
  });
});

test('nothing comes after unsubscribing', async () => {
  const system = createTestSystem();
  const pid = spawn<string>(system, forever, { mailbox: { capacity: 1, overflow: 'reject' } });
  const before = structuredClone(Object.keys(published));
  unsubscribeAll();
  send(pid, 'old');
  send(pid, 'new');
  exit(system, pid, kill);
  const silent = await GenServer.start(system, server, undefined);
  const late = outcome(GenServer.call(silent, 'ignore', undefined, { timeout: 10 }));
  await advance(system, 10);
  expect(await late).toBe('timeout');
  expect(Object.keys(published)).toStrictEqual(before);
  expect(published['reprise:spawn']).toHaveLength(2);
});

test('a subscriber gets the events of every system', () => {
  const [one, other] = [createSystem(), createSystem()];
  expect(published['reprise:spawn']).toStrictEqual([
    { pid: one.pid, parent: undefined },
    { pid: other.pid, parent: undefined },
  ]);
});
