import { describe, expect, test } from '@jest/globals';

import { createSystem, GenServer, ok, reply, type Reply, send, spawn } from '../../src/index.ts';
import { type VirtualClock, virtualClock } from '../../src/testing.ts';

/** A virtual clock whose thread can be held: its timers are late by that time. */
function heldClock(): VirtualClock & { hold(ms: number): void } {
  const clock = virtualClock();
  let held = 0;
  return {
    ...clock,
    now: () => clock.now() + held,
    hold: (ms) => {
      held += ms;
    },
  };
}

const ready = Promise.resolve();

describe('after the thread was held, a timeout judges only what has arrived', () => {
  test('of a call: an answer that only has to be read is in time', async () => {
    const clock = heldClock();
    const system = createSystem({ clock });
    const given = Promise.withResolvers<string>();
    const slow = GenServer.define({
      init: () => ok(0),
      handleCall: { read: async (_, state) => reply(await given.promise, state) },
    });
    const pid = await GenServer.start(system, slow, undefined);
    const call = GenServer.call(pid, 'read', undefined, { timeout: 1000 });
    clock.hold(5000);
    // As a socket does whose bytes lie there: it is read before the next macrotask.
    const advanced = clock.advance(1000, () => ready);
    setImmediate(() => {
      given.resolve('in time');
    });
    expect(await call).toBe('in time');
    await advanced;
    await system.stop();
  });

  test('of a call: the clock decides when all that arrived has been read, if it has setImmediate', async () => {
    const callbacks: (() => void)[] = [];
    const clock = {
      ...heldClock(),
      setImmediate: (callback: () => void) => void callbacks.push(callback),
    };
    const system = createSystem({ clock });
    const slow = GenServer.define({
      init: () => ok(0),
      handleCall: { read: (_, state) => new Promise<Reply<string, number>>(() => state) },
    });
    const pid = await GenServer.start(system, slow, undefined);
    const call = GenServer.call(pid, 'read', undefined, { timeout: 1000 });
    let failed = false;
    call.catch(() => (failed = true));
    clock.hold(5000);
    await clock.advance(1000);
    expect([callbacks.length, failed]).toStrictEqual([1, false]);
    callbacks[0]?.();
    await expect(call).rejects.toThrow('read');
    await system.stop();
  });

  test('of a receive: so is a message', async () => {
    const clock = heldClock();
    const system = createSystem({ clock });
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const pid = spawn<string>(system, async (self) => {
      resolve(await self.receive({ timeout: 1000 }));
    });
    await new Promise(setImmediate);
    clock.hold(5000);
    const advanced = clock.advance(1000, () => ready);
    setImmediate(() => {
      send(pid, 'in time');
    });
    expect(await promise).toBe('in time');
    await advanced;
    await system.stop();
  });

  test('where nothing has arrived it passes all the same', async () => {
    const clock = heldClock();
    const system = createSystem({ clock });
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    spawn<string>(system, async (self) => {
      resolve(await self.receive({ timeout: 1000 }));
    });
    await new Promise(setImmediate);
    clock.hold(5000);
    await clock.advance(1000);
    expect(await promise).toBeUndefined();
    await system.stop();
  });

  test('a timer that is started meanwhile fires too', async () => {
    const clock = heldClock();
    const system = createSystem({ clock });
    const got: string[] = [];
    const pid = spawn<string>(system, async (self) => {
      for (;;) {
        got.push((await self.receive({ timeout: 1000 })) ?? 'timeout');
      }
    });
    await new Promise(setImmediate);
    clock.hold(5000);
    const advanced = clock.advance(1000, () => ready);
    setImmediate(() => {
      send(pid, 'a');
    });
    await advanced;
    await new Promise(setImmediate);
    await clock.advance(1000);
    expect(got).toEqual(['a', 'timeout']);
    await system.stop();
  });
});
