import { setTimeout } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';
import {
  createSystem,
  exit,
  GenServer,
  kill,
  ok,
  type Pid,
  processes,
  processInfo,
  reply,
  send,
  setLabel,
  spawn,
  sys,
} from '@reprise/actor';
import { inHand, shownState, watch } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { forever } from '../support/processes.ts';
import { counter } from './servers.ts';

/** Holds the thread. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;) {
    // It waits.
  }
}

const spinning = GenServer.define({
  init: () => ok(0),
  handleCall: {
    now: (ms: number, state) => {
      spin(ms);
      return reply(state, state);
    },
    later: async (ms: number, state) => {
      await setTimeout(1);
      spin(ms);
      return reply(state, state);
    },
  },
});

const busyOf = (pid: Pid): number => processInfo(pid)?.busy ?? Number.NaN;

describe('handled', () => {
  test('OBS-R01 counts the messages of all kinds that a server has taken, once each', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, counter, 0);
    for (let count = 0; count < 3; count++) {
      GenServer.cast(pid, 'add', 1);
    }
    const calls = Promise.all([GenServer.call(pid, 'get'), GenServer.call(pid, 'get')]);
    send(pid, 'news');
    const state = sys.getState(pid);
    expect(processInfo(pid)?.handled).toBe(0);
    await Promise.all([calls, state]);
    expect(processInfo(pid)?.handled).toBe(7);
  });

  test('OBS-R01 counts the messages that a function has received, not those that wait', async () => {
    const system = createTestSystem();
    const pid = spawn<number>(system, async (self) => {
      for (;;) {
        await self.receive((n) => n < 5);
      }
    });
    for (let n = 1; n <= 6; n++) {
      send(pid, n);
    }
    await settle(system);
    expect(processInfo(pid)).toMatchObject({ handled: 4, messageQueueLen: 2 });
  });
});

describe('busy', () => {
  test('OBS-R02 is how long the turns of a server have held the thread', async () => {
    const system = createSystem({ slowCallback: Infinity });
    const pid = await GenServer.start(system, spinning, undefined);
    const before = busyOf(pid);
    const start = performance.now();
    await GenServer.call(pid, 'now', 30);
    // On a busy machine the thread may be taken away while it spins: that counts, too.
    const all = performance.now() - start;
    expect(busyOf(pid) - before).toBeGreaterThanOrEqual(30);
    expect(busyOf(pid) - before).toBeLessThanOrEqual(all);
    await system.stop();
  });

  test('OBS-R02 is told at the end of a process', async () => {
    const system = createSystem({ slowCallback: Infinity });
    const pid = await GenServer.start(system, spinning, undefined);
    await GenServer.call(pid, 'now', 20);
    const before = busyOf(pid);
    const told: unknown[] = [];
    watch(system, { ended: (ended, _reason, ...rest) => told.push([ended, ...rest]) });
    exit(system, pid, kill);
    await settle(system);
    expect(told).toStrictEqual([[pid, 1, before, undefined]]);
    await system.stop();
  });

  test('OBS-R02 leaves out the work after an await of a timer, and does not go backwards', async () => {
    const system = createSystem({ slowCallback: Infinity });
    const pid = await GenServer.start(system, spinning, undefined);
    await GenServer.call(pid, 'now', 5);
    const before = busyOf(pid);
    const start = performance.now();
    await GenServer.call(pid, 'later', 30);
    const all = performance.now() - start;
    const added = busyOf(pid) - before;
    expect(added).toBeGreaterThanOrEqual(0);
    // The turn itself was before the 30 ms.
    expect(added).toBeLessThanOrEqual(all - 30);
    await system.stop();
  });

  test('OBS-R02 counts the code of a function that runs after it has got a message', async () => {
    const system = createSystem({ slowCallback: Infinity });
    const pid = spawn<string>(system, async (self) => {
      await self.receive();
      spin(20);
      await forever();
    });
    await settle(system);
    send(pid, 'go');
    await settle(system);
    expect(busyOf(pid)).toBeGreaterThanOrEqual(20);
    await system.stop();
  });
});

describe('inHand', () => {
  test('OBS-R03 is the message whose callback awaits a promise, since when, as it was sent', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, counter, 0);
    const { promise, resolve } = Promise.withResolvers<void>();
    await advance(system, 1000);
    GenServer.cast(pid, 'wait', promise);
    await advance(system, 61_000);
    expect(system.clock.now() - (processInfo(pid)?.awaitingSince ?? 0)).toBe(61_000);
    expect(inHand(pid)).toStrictEqual({
      message: { cast: 'wait', payload: {} },
      callback: 'handleCast.wait',
      since: 1000,
    });
    resolve();
    await settle(system);
    expect([inHand(pid), processInfo(pid)?.awaitingSince]).toStrictEqual([undefined, undefined]);
  });

  test('OBS-R03 hides secrets, calls no toJSON of a user, and bounds long texts', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, counter, 0);
    let calls = 0;
    class Money {
      readonly cents = 5;
      toJSON(): string {
        calls += 1;
        return 'money';
      }
    }
    const payload = {
      then: forever().then.bind(forever()),
      password: 'x',
      money: new Money(),
      at: new Date(0),
      text: 'a'.repeat(1000),
      pid,
    };
    GenServer.cast(pid, 'wait', payload as unknown as Promise<void>);
    await settle(system);
    expect(inHand(pid)?.message).toStrictEqual({
      cast: 'wait',
      payload: {
        password: '[redacted]',
        money: { cents: 5 },
        at: '1970-01-01T00:00:00.000Z',
        text: `${'a'.repeat(200)}… (1000 characters)`,
        pid: '#Pid<2>',
      },
    });
    expect(calls).toBe(0);
  });

  test('has a callback and no message during init', async () => {
    const system = createTestSystem();
    const hanging = GenServer.define({
      init: async (_: undefined, self) => {
        setLabel(self, 'hangs');
        await forever();
        return ok(0);
      },
    });
    const started = GenServer.start(system, hanging, undefined, { timeout: 5000 });
    await settle(system);
    const [, pid = system.pid] = processes(system);
    expect([inHand(pid), shownState(pid)]).toStrictEqual([
      { callback: 'init', since: 0 },
      undefined,
    ]);
    await Promise.all([expect(started).rejects.toThrow('timeout'), advance(system, 5000)]);
    expect(inHand(pid)).toBeUndefined();
  });
});

describe('shownState', () => {
  test('is the state as formatStatus gives it, also of a server that is stuck', async () => {
    const system = createTestSystem();
    const shop = GenServer.define({
      init: () => ok({ items: 3, token: 'secret' }),
      handleCast: { hang: () => forever() },
      formatStatus: ({ items, token }) => ({ items, token, extra: true }),
    });
    const pid = await GenServer.start(system, shop, undefined);
    GenServer.cast(pid, 'hang');
    await settle(system);
    expect(shownState(pid)).toStrictEqual({ items: 3, token: '[redacted]', extra: true });
    expect(shownState(system.pid)).toBeUndefined();
  });
});
