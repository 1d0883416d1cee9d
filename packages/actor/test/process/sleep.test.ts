import { expect, test } from '@jest/globals';
import { createSystem, exit, GenServer, kill, ok, reply, send, sleep, spawn } from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { idleProcess } from '../support/processes.ts';
import { watchedClock } from '../support/watched-clock.ts';

test('XT11 a process sleeps for the time that it gives, and its messages wait in order', async () => {
  const system = createTestSystem();
  const log: unknown[] = [];
  const pid = spawn<string>(system, async (self) => {
    await sleep(self, 100);
    log.push(system.clock.now(), await self.receive(), await self.receive());
  });
  send(pid, 'a');
  send(pid, 'b');
  await advance(system, 99);
  expect(log).toStrictEqual([]);
  await advance(system, 1);
  expect(log).toStrictEqual([100, 'a', 'b']);
});

test('XT11 a server that sleeps in a callback takes no other message', async () => {
  const system = createTestSystem();
  const server = GenServer.define({
    init: () => ok(0),
    handleCall: {
      nap: async (ms: number, count, _from, self) => {
        await sleep(self, ms);
        return reply(count, count + 1);
      },
      count: (_, count) => reply(count, count),
    },
  });
  const pid = await GenServer.start(system, server, undefined);
  const answers = Promise.all([GenServer.call(pid, 'nap', 10), GenServer.call(pid, 'count')]);
  await advance(system, 10);
  expect(await answers).toStrictEqual([0, 1]);
});

test('XT11 0 lets the others have their turn', async () => {
  const system = createTestSystem();
  const log: string[] = [];
  spawn(system, async (self) => {
    await sleep(self, 0);
    log.push('slept');
  });
  spawn(system, () => {
    log.push('other');
  });
  await advance(system, 0);
  expect(log).toStrictEqual(['other', 'slept']);
});

test('XT12 the end of the process is the end of its sleep: its timer is gone', async () => {
  const { clock, timers } = watchedClock();
  const system = createSystem({ clock });
  const process = await idleProcess(system);
  const log: unknown[] = [];
  void outcome(sleep(process, 100)).then((settled) => log.push(settled));
  expect(timers()).toBe(1);
  exit(system, process.pid, kill);
  await settle(system);
  expect([timers(), log]).toStrictEqual([0, []]);
});

test('XT12 a process that has ended does not sleep', async () => {
  const system = createTestSystem();
  const process = await idleProcess(system);
  exit(system, process.pid, kill);
  expect(await outcome(sleep(process, 100))).toStrictEqual({ exit: { type: 'killed' } });
});

test('XT13 Infinity sleeps until the end', async () => {
  const system = createTestSystem();
  const log: unknown[] = [];
  void sleep(await idleProcess(system), Infinity).then(() => log.push('awake'));
  await advance(system, 1_000_000_000);
  expect(log).toStrictEqual([]);
});

test.each([-1, 0.5, Number.NaN, '5'])('XT13 %p ms is no time to sleep', async (ms) => {
  await expect(sleep(createTestSystem(), ms as number)).rejects.toThrow(RangeError);
});
