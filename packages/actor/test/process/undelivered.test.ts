import { describe, expect, test } from '@jest/globals';
import {
  createSystem,
  exit,
  GenServer,
  kill,
  link,
  monitor,
  noreply,
  ok,
  send,
  shutdown,
  spawn,
  spawnLink,
  trapExit,
  undelivered,
  type UndeliveredMessage,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { forever, idleProcess } from '../support/processes.ts';

const server = GenServer.define({
  init: () => ok(0),
  handleCall: { ask: () => forever() },
  handleCast: { add: (by: number, count) => noreply(count + by), wait: () => forever() },
  handleInfo: (_: string, count) => noreply(count),
});

describe('the messages left in a mailbox at the end', () => {
  test('XT31 are counted, and told with the pid and the reason', async () => {
    const system = createTestSystem();
    const told: UndeliveredMessage[] = [];
    const dead = undelivered(system, { tell: (message) => told.push(message) });
    const pid = await GenServer.start(system, server, undefined);
    GenServer.cast(pid, 'wait');
    await settle(system);
    GenServer.cast(pid, 'add', 1);
    send(pid, 'hello');
    exit(system, pid, kill);
    expect([dead.count, told]).toStrictEqual([2, []]);
    await settle(system);
    const reason = { type: 'killed' };
    expect(told).toStrictEqual([
      { pid, reason, message: { cast: 'add', payload: 1 } },
      { pid, reason, message: 'hello' },
    ]);
    expect(dead.last).toStrictEqual([]);
  });

  test('XT31 of a function that returns, and of all processes of a system that stops', async () => {
    const system = createTestSystem();
    const dead = undelivered(system);
    send(
      spawn(system, () => {}),
      'a' as never,
    );
    await settle(system);
    expect(dead.count).toBe(1);
    const pid = spawn<string>(system, () => forever());
    send(pid, 'b');
    spawnLink<string>(system, () => forever());
    await system.stop();
    expect(dead.count).toBe(2);
  });

  test('XT31 are the messages that no code has taken: not the one that is handled', async () => {
    const system = createTestSystem();
    const dead = undelivered(system);
    const pid = spawn<string>(system, async (self) => {
      await self.receive();
      throw new Error('boom');
    });
    send(pid, 'handled');
    send(pid, 'left');
    await settle(system);
    expect(dead.count).toBe(1);
  });

  test('XT32 with keep the last hundred stay, as reports show them', async () => {
    const system = createSystem({ redact: ['seat'] });
    const dead = undelivered(system, { keep: true });
    const fill = (from: number, count: number): void => {
      const pid = spawn<object>(system, () => forever(), { label: from });
      for (let number = from; number < from + count; number++) {
        send(pid, { number, seat: 's1', password: 'p1', text: 'x'.repeat(10_000) });
      }
      exit(system, pid, kill);
    };
    fill(0, 1000);
    fill(1000, 3);
    expect([dead.count, dead.last.length]).toStrictEqual([1003, 100]);
    expect(dead.last.map(({ message }) => (message as { number: number }).number)).toStrictEqual(
      Array.from({ length: 100 }, (_, index) => 903 + index),
    );
    expect(dead.last.at(-1)?.process).toMatch(/^#Pid<\d+> 1000$/);
    const text = JSON.stringify(dead.last);
    expect(text).not.toMatch(/s1|p1/);
    expect(text.length).toBeLessThan(100 * 2500);
    await system.stop();
  });

  test('XT33 are no calls, whose callers get an error', async () => {
    const system = createTestSystem();
    const dead = undelivered(system);
    const pid = await GenServer.start(system, server, undefined);
    const asked = [1, 2].map(() => outcome(GenServer.call(pid, 'ask')));
    const stopped = outcome(GenServer.stop(pid));
    await settle(system);
    exit(system, pid, kill);
    expect(await Promise.all([...asked, stopped])).toStrictEqual(
      [1, 2, 3].map(() => ({ exit: { type: 'killed' } })),
    );
    expect(dead.count).toBe(0);
  });

  test('XT33 are no EXIT and no DOWN message, but look-alikes of users are', async () => {
    const system = createTestSystem();
    const dead = undelivered(system, { keep: true });
    const self = await idleProcess(system, { traps: true });
    const other = await idleProcess(system);
    trapExit(self, true);
    link(self, other.pid);
    monitor(self, other.pid);
    exit(system, other.pid, shutdown);
    expect(self.messageQueueLen).toBe(2);
    send(self.pid, { type: 'DOWN', ref: {} });
    exit(system, self.pid, kill);
    expect(dead.last.map(({ message }) => message)).toStrictEqual([{ type: 'DOWN', ref: {} }]);
  });

  test('XT34 count from the first question on, for each that asks', async () => {
    const system = createTestSystem();
    const end = async (): Promise<void> => {
      const self = await idleProcess(system);
      send(self.pid, 'a');
      exit(system, self.pid, kill);
      send(self.pid, 'too late');
    };
    await end();
    const first = undelivered(system);
    await end();
    const second = undelivered(system, { keep: true });
    await end();
    expect([first.count, second.count]).toStrictEqual([2, 1]);
    expect([first.last.length, second.last.length]).toStrictEqual([0, 1]);
  });

  test('XT34 a listener that throws is reported, and is told of the others', async () => {
    const system = createTestSystem();
    const told: unknown[] = [];
    undelivered(system, {
      tell: ({ message }) => {
        told.push(message);
        throw new Error('boom');
      },
    });
    const self = await idleProcess(system);
    send(self.pid, 'a');
    send(self.pid, 'b');
    exit(system, self.pid, kill);
    await settle(system);
    expect(told).toStrictEqual(['a', 'b']);
    expect(system.reports.map(({ message }) => message)).toStrictEqual(
      ['a', 'b'].map(() => `undelivered: the listener failed for ${String(self.pid)}`),
    );
  });

  test('XT34 an async listener that fails is reported, and no rejection is left', async () => {
    const system = createTestSystem();
    const tell = (): unknown => Promise.reject(new Error('boom'));
    undelivered(system, { tell });
    const self = await idleProcess(system);
    send(self.pid, 'a');
    exit(system, self.pid, kill);
    await settle(system);
    expect(system.reports).toStrictEqual([
      expect.objectContaining({
        message: `undelivered: the listener failed for ${String(self.pid)}`,
        details: { err: new Error('boom') },
      }),
    ]);
  });

  test('a message that cannot be read counts, and harms nothing', async () => {
    const system = createTestSystem();
    const dead = undelivered(system, { keep: true });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const self = await idleProcess(system);
    for (const message of [proxy, undefined, null, 7]) {
      send(self.pid, message);
    }
    exit(system, self.pid, kill);
    expect(dead.last.map(({ message }) => message)).toStrictEqual(['[Proxy]', undefined, null, 7]);
  });

  test('refuses an unknown option, and a listener that is no function', () => {
    expect(() => undelivered(createTestSystem(), { kept: true } as never)).toThrow('keep');
    expect(() => undelivered(createTestSystem(), { tell: 'me' } as never)).toThrow(
      new TypeError('Expected tell to be a function (undelivered) => void, got "me"'),
    );
  });
});
