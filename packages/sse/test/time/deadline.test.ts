import type { ServerResponse } from 'node:http';

import { describe, expect, test } from '@jest/globals';
import type { Clock } from '@reprise/actor';
import { virtualClock } from '@reprise/actor/testing';

import { openConnection } from '../../src/http/connection.ts';
import { jumpingClock } from '../../src/testing.ts';
import { Deadline } from '../../src/time/deadline.ts';
import { Queue } from '../support/queue.ts';
import { serve } from '../support/servers.ts';

const hour = 3_600_000;

/** A deadline of a virtual clock, and whether it has passed. */
function deadline(ms: number) {
  const clock = virtualClock();
  const found = { clock, hasPassed: false, it: undefined as unknown as Deadline };
  found.it = new Deadline(clock, ms, () => (found.hasPassed = true));
  return found;
}

describe('a deadline', () => {
  test('passes when its time is over, and not before', async () => {
    const limit = deadline(1000);
    await limit.clock.advance(999);
    expect(limit.hasPassed).toBe(false);
    await limit.clock.advance(1);
    expect(limit.hasPassed).toBe(true);
  });

  test('does not pass once it is cleared', async () => {
    const limit = deadline(1000);
    limit.it.clear();
    await limit.clock.advance(hour);
    expect(limit.hasPassed).toBe(false);
  });

  test('is kept to where no timer can hold it', async () => {
    const limit = deadline(2 ** 32);
    await limit.clock.advance(2 ** 32 - 1);
    expect(limit.hasPassed).toBe(false);
    await limit.clock.advance(1);
    expect(limit.hasPassed).toBe(true);
  });

  test('judges after the sockets were read once more', async () => {
    const limit = deadline(1000);
    // The bytes in a socket are read before the next macrotask: here they bring the answer.
    const advanced = limit.clock.advance(1000, async () => {
      await Promise.resolve();
    });
    setImmediate(() => {
      limit.it.clear();
    });
    await advanced;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(limit.hasPassed).toBe(false);
  });

  test('judges in an immediate of its clock, if that has some', async () => {
    const own = virtualClock();
    const immediates: (() => void)[] = [];
    const clock: Clock = { ...own, setImmediate: (callback) => immediates.push(callback) };
    let hasPassed = false;
    const limit = new Deadline(clock, 1000, () => (hasPassed = true));
    await own.advance(1000);
    await new Promise(setImmediate);
    expect(hasPassed).toBe(false);
    immediates.shift()?.();
    expect(hasPassed).toBe(true);
    limit.clear();
  });

  test('whose timer is late waits a little longer, for what has arrived to get through', async () => {
    const late = virtualClock();
    let ahead = 0;
    const clock: Clock = { ...late, now: () => late.now() + ahead };
    let hasPassed = false;
    const limit = new Deadline(clock, 5000, () => (hasPassed = true));
    ahead = 3000;
    await late.advance(5999);
    expect(hasPassed).toBe(false);
    await late.advance(1);
    expect(hasPassed).toBe(true);
    limit.clear();
  });

  describe('where the machine sleeps, and its monotonic clock with it', () => {
    test('counts the sleep: it passes soon after the machine woke up', async () => {
      const limit = deadline(300_000);
      await limit.clock.advance(1000);
      limit.clock.sleep(hour);
      await limit.clock.advance(11_000);
      expect(limit.hasPassed).toBe(true);
    });

    test('has its rest left after a shorter sleep', async () => {
      const limit = deadline(300_000);
      limit.clock.sleep(200_000);
      await limit.clock.advance(99_999);
      expect(limit.hasPassed).toBe(false);
      await limit.clock.advance(1);
      expect(limit.hasPassed).toBe(true);
    });

    test('does not change by a wall clock that is set back', async () => {
      let back = 0;
      const real = virtualClock();
      const clock: Clock = { ...real, date: () => real.date() - back };
      let hasPassed = false;
      const limit = new Deadline(clock, 300_000, () => (hasPassed = true));
      back = hour;
      await real.advance(299_999);
      expect(hasPassed).toBe(false);
      limit.clear();
    });

    test('without a date knows of no sleep, and sets no timer to look for one', async () => {
      const { date: _none, ...clock } = virtualClock();
      const set: number[] = [];
      const counting: Clock = {
        ...clock,
        setTimeout: (callback, ms) => {
          set.push(ms);
          return clock.setTimeout(callback, ms);
        },
      };
      new Deadline(counting, 300_000, () => undefined).clear();
      expect(set).toEqual([300_000]);
    });

    test('leaves no timer behind', async () => {
      const real = virtualClock();
      const open = new Set<unknown>();
      const clock: Clock = {
        ...real,
        setTimeout: (callback, ms) => {
          const handle = real.setTimeout(callback, ms);
          open.add(handle);
          return handle;
        },
        clearTimeout: (handle) => {
          open.delete(handle);
          real.clearTimeout(handle);
        },
      };
      const limits = [1, 2].map(() => new Deadline(clock, 300_000, () => undefined));
      expect(open.size).toBe(3);
      for (const limit of limits) {
        limit.clear();
      }
      expect(open.size).toBe(0);
    });
  });
});

describe('a connection whose thread is held', () => {
  /** Ends in the phase of the loop after which timers come before sockets. */
  async function holdThread(
    clock: { jump(ms: number): void },
    ms: number,
    arrive: () => unknown,
  ): Promise<void> {
    await new Promise(setImmediate);
    arrive();
    clock.jump(ms);
    for (const start = performance.now(); performance.now() - start < 5;);
    await new Promise(setImmediate);
  }

  test('BODY-06 REC-24 time with unread bytes in its socket is no silence', async () => {
    const given = Promise.withResolvers<ServerResponse>();
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      given.resolve(response);
    });
    const clock = jumpingClock();
    const calls = new Queue<unknown>();
    const connection = openConnection(
      { url: server.url, idleTimeout: 60_000 },
      {
        connected: () => calls.push('connected'),
        packet: (bytes) => calls.push(Buffer.from(bytes).toString()),
        failed: (failure) => calls.push(failure),
        disconnected: (disconnect) => calls.push(disconnect),
      },
      clock,
    );
    const response = await given.promise;
    expect(await calls.next()).toBe('connected');
    for (const text of [': 1\n', ': 2\n', ': 3\n']) {
      await holdThread(clock, 61_000, () => response.write(text));
      expect(await calls.next()).toBe(text);
    }
    connection.destroy();
  });

  test('ST-17 REC-24 a head that lies in its socket meanwhile is in time', async () => {
    const given = Promise.withResolvers<ServerResponse>();
    await using server = await serve((_, response) => {
      given.resolve(response);
    });
    const clock = jumpingClock();
    const calls = new Queue<unknown>();
    const connection = openConnection(
      { url: server.url, responseTimeout: 60_000 },
      {
        connected: () => calls.push('connected'),
        packet: () => undefined,
        failed: (failure) => calls.push(failure),
        disconnected: (disconnect) => calls.push(disconnect),
      },
      clock,
    );
    const response = await given.promise;
    await holdThread(clock, 61_000, () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    expect(await calls.next()).toBe('connected');
    connection.destroy();
  });
});
