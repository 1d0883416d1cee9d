import { describe, expect, test } from '@jest/globals';
import { alias, exit, GenServer, kill, processInfo, send, spawn } from '@reprise/actor';
import { explain } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { forever } from '../support/processes.ts';
import { counter } from './servers.ts';

/** A server that waits until `release`, for 1 s so far. */
async function stuck(options: GenServer.StartOptions = {}) {
  const system = createTestSystem();
  const pid = await GenServer.start(system, counter, 0, options);
  const { promise, resolve } = Promise.withResolvers<void>();
  GenServer.cast(pid, 'wait', promise);
  await advance(system, 1000);
  const release = async (): Promise<void> => {
    resolve();
    await settle(system);
  };
  return { system, pid, release };
}

const add = (by: number): object => ({ cast: 'add', payload: by });

describe('explain', () => {
  test('OBS-R13 shows the message of a stuck server, and how long the newest wait', async () => {
    const { system, pid, release } = await stuck();
    const explanation = explain(pid, 3);
    for (let by = 1; by <= 5; by++) {
      GenServer.cast(pid, 'add', by);
      await advance(system, 100);
    }
    expect(explanation.inHand).toMatchObject({ callback: 'handleCast.wait', since: 0 });
    expect(explanation.messages).toStrictEqual([
      { message: add(3), outcome: 'waiting', at: 1200, waited: 300, took: undefined },
      { message: add(4), outcome: 'waiting', at: 1300, waited: 200, took: undefined },
      { message: add(5), outcome: 'waiting', at: 1400, waited: 100, took: undefined },
    ]);
    expect(processInfo(pid)?.handled).toBe(1);
    await release();
    expect(explanation.messages).toStrictEqual([
      { message: add(3), outcome: 'done', at: 1200, waited: 300, took: 0 },
      { message: add(4), outcome: 'done', at: 1300, waited: 200, took: 0 },
      { message: add(5), outcome: 'done', at: 1400, waited: 100, took: 0 },
    ]);
    expect(await GenServer.call(pid, 'get')).toBe(15);
  });

  test('OBS-R13 counts from its own start for messages that were there before', async () => {
    const { system, pid, release } = await stuck();
    GenServer.cast(pid, 'add', 1);
    await advance(system, 500);
    const explanation = explain(pid, 3);
    await advance(system, 200);
    expect(explanation.messages).toMatchObject([{ message: add(1), at: 1500, waited: 200 }]);
    await release();
    expect(explanation.messages).toMatchObject([{ outcome: 'done', waited: 200 }]);
  });

  test('OBS-R13 shows how long a callback takes, and that the process ended before it was done', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, counter, 0);
    const explanation = explain(pid, 5);
    GenServer.cast(pid, 'wait', forever());
    GenServer.cast(pid, 'add', 1);
    await advance(system, 300);
    expect(explanation.messages).toMatchObject([
      { outcome: 'inHand', waited: 0, took: 300 },
      { outcome: 'waiting', waited: 300, took: undefined },
    ]);
    exit(system, pid, kill);
    await advance(system, 100);
    expect(explanation.messages).toMatchObject([
      { outcome: 'ended', took: 300 },
      { outcome: 'ended', waited: 300, took: undefined },
    ]);
  });

  test('OBS-R13 of a function shows the messages that it took, and those that wait', async () => {
    const system = createTestSystem();
    const pid = spawn<number>(system, async (self) => {
      for (;;) {
        await self.receive((n) => n % 2 === 0);
      }
    });
    const explanation = explain(pid, 5);
    for (const n of [1, 2, 4]) {
      send(pid, n);
    }
    await settle(system);
    expect(explanation.messages.map(({ message, outcome }) => [message, outcome])).toStrictEqual([
      [1, 'waiting'],
      [2, 'done'],
      [4, 'inHand'],
    ]);
  });

  test('OBS-R14 leaves the messages in order when it is taken off, and can be begun again', async () => {
    const { system, pid, release } = await stuck();
    const explanation = explain(pid, 2);
    for (let by = 1; by <= 3; by++) {
      GenServer.cast(pid, 'add', by);
    }
    expect(() => explain(pid, 2)).toThrow('not explained yet');
    explanation.stop();
    explanation.stop();
    const seen = explanation.messages.length;
    GenServer.cast(pid, 'add', 4);
    expect(explanation.messages).toHaveLength(seen);
    expect(processInfo(pid)?.messageQueueLen).toBe(4);
    explain(pid, 1).stop();
    await release();
    expect(await GenServer.call(pid, 'get')).toBe(10);
    await system.stop();
  });

  test('OBS-R14 keeps the bound of a mailbox and its count of dropped messages', async () => {
    const { pid, release } = await stuck({ mailbox: { capacity: 2, overflow: 'dropOldest' } });
    const explanation = explain(pid, 5);
    for (let by = 1; by <= 3; by++) {
      GenServer.cast(pid, 'add', by);
    }
    expect(processInfo(pid)?.mailbox).toStrictEqual({
      capacity: 2,
      overflow: 'dropOldest',
      dropped: 1,
    });
    expect(explanation.messages.map(({ outcome }) => outcome)).toStrictEqual([
      'dropped',
      'waiting',
      'waiting',
    ]);
    explanation.stop();
    GenServer.cast(pid, 'add', 4);
    expect(processInfo(pid)).toMatchObject({ messageQueueLen: 2, mailbox: { dropped: 2 } });
    await release();
    expect(await GenServer.call(pid, 'get')).toBe(7);
  });

  test('OBS-R14 keeps priority messages in front, also with a first alias made meanwhile', async () => {
    const system = createTestSystem();
    const got: unknown[] = [];
    let address: ReturnType<typeof alias> | undefined;
    const pid = spawn<string>(system, async (self) => {
      await self.receive((text) => text === 'alias');
      address = alias(self, { priority: true });
      await self.receive((text) => text === 'go');
      for (;;) {
        got.push(await self.receive());
      }
    });
    await settle(system);
    const explanation = explain(pid, 9);
    send(pid, 'alias');
    send(pid, 'one');
    await settle(system);
    send(address as never, 'urgent' as never, { priority: true });
    explanation.stop();
    send(address as never, 'urgent too' as never, { priority: true });
    send(pid, 'two');
    send(pid, 'go');
    await settle(system);
    expect(got).toStrictEqual(['urgent', 'urgent too', 'one', 'two']);
  });

  test('refuses a count that is none, and a process that has ended', async () => {
    const system = createTestSystem();
    const pid = spawn(system, () => {});
    expect(() => explain(pid, 0)).toThrow(RangeError);
    await settle(system);
    expect(() => explain(pid, 1)).toThrow('no such process');
  });
});
