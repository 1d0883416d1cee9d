import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, jest, test } from '@jest/globals';
import { createSystem, GenServer, type Logger, ok, reply, send, spawn } from '@reprise/actor';
import { type Report, settle } from '@reprise/actor/testing';

import { reportingSystem } from '../support/reporting-system.ts';

/** Blocks the thread. */
function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // Busy.
  }
}

/** The texts of the reports. A loaded machine can make more turns slow than the tests do. */
const textsOf = (reports: readonly Report[]): readonly string[] =>
  reports.map(({ message }) => message);

/** A limit in ms that the tests stay far below, on a loaded machine as well. */
const never = 60_000;

const worker = GenServer.define({
  init: (ms: number) => {
    hold(ms);
    return ok(undefined);
  },
  handleCall: {
    hold: (ms: number, state) => {
      hold(ms);
      return reply('held', state);
    },
    wait: async (ms: number, state) => {
      await new Promise((resolve) => {
        setTimeout(resolve, ms);
      });
      return reply('waited', state);
    },
  },
});

interface Slow {
  readonly ms: number;
}

describe('a callback that holds the thread', () => {
  test('longer than the limit is reported, with the name of its process and the duration', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 5 });
    const server = await GenServer.start(system, worker, 0, { name: 'worker' });
    await GenServer.call(server, 'hold', 20);
    await settle(system);
    const durations = reports.map(({ details }) => (details as Slow).ms);
    expect(Math.max(...durations)).toBeGreaterThanOrEqual(20);
    expect(reports).toStrictEqual(
      durations.map((ms) => ({
        level: 'warn',
        message: `worker held the thread for ${ms} ms`,
        details: { ms },
      })),
    );
  });

  test('shorter than the limit is not reported', async () => {
    const { system, reports } = reportingSystem({ slowCallback: never });
    const server = await GenServer.start(system, worker, 0);
    await GenServer.call(server, 'hold', 20);
    await settle(system);
    expect(reports).toStrictEqual([]);
  });

  test('is not one that waits for a promise', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 1000 });
    const server = await GenServer.start(system, worker, 0, { name: 'worker' });
    await GenServer.call(server, 'wait', 1100);
    await settle(system);
    expect(reports).toStrictEqual([]);
  });

  test('is reported each time', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 2 });
    const server = await GenServer.start(system, worker, 0);
    for (let round = 0; round < 3; round++) {
      await GenServer.call(server, 'hold', 10);
      await settle(system);
    }
    expect(reports.length).toBeGreaterThanOrEqual(3);
  });

  test('in init is reported by the name that was asked for', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 2 });
    await GenServer.start(system, worker, 10, { name: 'worker' });
    await settle(system);
    expect(textsOf(reports)).toContainEqual(
      expect.stringMatching(/^worker held the thread for \d+ ms$/),
    );
  });

  test('and then ends is reported as the process that it was', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 2 });
    const server = await GenServer.start(
      system,
      GenServer.define({
        init: () => ok(undefined),
        handleInfo: (ms: number) => {
          hold(ms);
          throw new Error('boom');
        },
      }),
      undefined,
      { name: 'worker' },
    );
    send(server, 10);
    await settle(system);
    const crash = textsOf(reports).indexOf('process worker crashed: Error: boom');
    expect(textsOf(reports).slice(crash)).toStrictEqual([
      'process worker crashed: Error: boom',
      expect.stringMatching(/^worker held the thread for \d+ ms$/),
    ]);
  });

  test('in the body of a function process is reported by its pid', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 2 });
    const pid = spawn(system, () => {
      hold(10);
    });
    await settle(system);
    expect(textsOf(reports)).toContainEqual(
      expect.stringMatching(/^#Pid<2> held the thread for \d+ ms$/),
    );
    expect(String(pid)).toBe('#Pid<2>');
  });

  test('in a function process, with the message that it took, is reported by its pid', async () => {
    const { system, reports } = reportingSystem({ slowCallback: 100 });
    const pid = spawn<number>(system, async (self) => {
      for (;;) {
        hold(await self.receive());
      }
    });
    send(pid, 200);
    await settle(system);
    send(pid, 0);
    await settle(system);
    expect(textsOf(reports)).toContainEqual(
      expect.stringMatching(/^#Pid<2> held the thread for \d{3,} ms$/),
    );
  });

  test('does no harm if the logger throws: the program goes on', async () => {
    const broken = (): never => {
      throw new Error('the disk is full');
    };
    const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { system } = reportingSystem({
      slowCallback: 2,
      logger: { error: broken, warn: broken },
    });
    const server = await GenServer.start(system, worker, 0);
    const rest = GenServer.call(server, 'hold', 10).then(() => GenServer.call(server, 'hold', 0));
    expect(await rest).toBe('held');
    expect(written).toHaveBeenCalled();
  });
});

test('the default limit is 100 ms', async () => {
  const texts: string[] = [];
  const keep: Logger['warn'] = (_, message) => void texts.push(message);
  const system = createSystem({ logger: { error: keep, warn: keep } });
  const server = await GenServer.start(system, worker, 0, { name: 'worker' });
  await GenServer.call(server, 'hold', 120);
  await settle(system);
  expect(texts).toContainEqual(expect.stringMatching(/^worker held the thread for \d+ ms$/));
});

test('a subscriber of reprise:callback:slow gets the process and the time', async () => {
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);
  const { system, reports } = reportingSystem({ slowCallback: 2 });
  subscribe('reprise:callback:slow', listen);
  const pid = spawn(system, () => {
    hold(10);
  });
  await settle(system);
  unsubscribe('reprise:callback:slow', listen);
  expect(published).not.toHaveLength(0);
  expect(published).toStrictEqual(reports.map(({ details }) => ({ pid, ...details })));
});
