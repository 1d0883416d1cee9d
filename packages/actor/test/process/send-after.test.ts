import { describe, expect, test } from '@jest/globals';
import {
  childSpec,
  PartitionSupervisor,
  cancelTimer,
  type CancelTimerMessage,
  createSystem,
  exit,
  kill,
  monitor,
  name,
  type Pid,
  readTimer,
  register,
  send,
  sendAfter,
  sendInterval,
  spawn,
  spawnLink,
  startTimer,
  type TimeoutMessage,
  type TimerRef,
  unregister,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { drain, forever, idleProcess, type Log, recordingProcess } from '../support/processes.ts';

const echo = name<Pid<unknown>>('echo');

async function setup() {
  const system = createTestSystem();
  const log: Log = [];
  const { pid } = await recordingProcess(system, log, 'p');
  const messages = (): unknown[] => log.map(([, message]) => message);
  return { system, log, pid, messages };
}

/** Moves the time step by step, and returns the times at which messages came. */
async function arrivals(system: TestSystem, log: Log, until: number): Promise<[number, unknown][]> {
  const seen: [number, unknown][] = [];
  for (let at = system.clock.now(); at <= until; at += 1) {
    await advance(system, at - system.clock.now());
    seen.push(...log.splice(0).map(([, message]): [number, unknown] => [at, message]));
  }
  return seen;
}

/** An address that can be resolved while its supervisor has a partition in use. */
async function routed(system: TestSystem) {
  const child = childSpec(async (parent) => spawnLink<string>(parent, forever), { id: 'part' });
  const supervisor = await PartitionSupervisor.startLink(system, { child, partitions: 1 });
  const address = PartitionSupervisor.route(supervisor, 0);
  return { address, resize: (size: number) => PartitionSupervisor.resize(supervisor, size) };
}

describe('sendAfter', () => {
  test('TI01 sends the plain message once, when the time has passed', async () => {
    const { system, log, pid } = await setup();
    sendAfter(pid, 'm', 10);
    expect(await arrivals(system, log, 40)).toStrictEqual([[10, 'm']]);
  });

  const wrong: [unknown, string][] = [
    [-1, '-1'],
    [1.5, '1.5'],
    [Infinity, 'Infinity'],
    [Number.NaN, 'NaN'],
    ['10', '"10"'],
    [undefined, 'undefined'],
  ];

  test.each(wrong)('TI07 refuses %p as a time, and sends nothing', async (time, got) => {
    const { system, log, pid } = await setup();
    const error = new RangeError(`Expected a whole number of milliseconds from 0 on, got ${got}`);
    expect(() => sendAfter(pid, 'm', time as number)).toThrow(error);
    expect(() => startTimer(pid, 'm', time as number)).toThrow(error);
    expect(await arrivals(system, log, 20)).toStrictEqual([]);
  });

  test('TI08 timers of 10, 20 and 5 ms come as 5, 10, 20', async () => {
    const { system, log, pid } = await setup();
    for (const ms of [10, 20, 5]) {
      sendAfter(pid, ms, ms);
    }
    expect(await arrivals(system, log, 30)).toStrictEqual([
      [5, 5],
      [10, 10],
      [20, 20],
    ]);
  });

  test('TI09 timers of 100, 101 and 102 ms come in that order; of equal ones the first started is first', async () => {
    const { system, log, pid } = await setup();
    for (const ms of [100, 101, 102]) {
      sendAfter(pid, ms, ms);
      sendAfter(pid, `${ms} again`, ms);
    }
    expect(await arrivals(system, log, 110)).toStrictEqual([
      [100, 100],
      [100, '100 again'],
      [101, 101],
      [101, '101 again'],
      [102, 102],
      [102, '102 again'],
    ]);
  });

  test('TI10 with 0 ms is never inline: a message that is sent right after it comes first', async () => {
    const { system, pid, messages } = await setup();
    sendAfter(pid, 't', 0);
    send(pid, 'a');
    expect(messages()).toStrictEqual([]);
    await settle(system);
    expect(messages()).toStrictEqual(['a']);
    await advance(system, 0);
    expect(messages()).toStrictEqual(['a', 't']);
  });

  test('TI11 is cancelled as soon as its process has ended', async () => {
    const { system, pid } = await setup();
    const ref = sendAfter(pid, 'm', 10);
    exit(system, pid, kill);
    expect(readTimer(ref)).toBe(false);
    expect(cancelTimer(ref)).toBe(false);
  });

  test('TI11 to a process that has ended is cancelled from the start', async () => {
    const { system, pid } = await setup();
    exit(system, pid, kill);
    expect(readTimer(sendAfter(pid, 'm', 10))).toBe(false);
  });

  test('TI12 to a name that no process has when it is due is dropped', async () => {
    const { system, log, pid } = await setup();
    register(system, echo, pid);
    sendAfter(echo.in(system), 'm', 10);
    unregister(system, echo);
    expect(await arrivals(system, log, 20)).toStrictEqual([]);
    expect(system.reports).toStrictEqual([]);
  });

  test('TI12 to an address that cannot be resolved is dropped, and the other timers fire', async () => {
    const { system, pid, messages } = await setup();
    const { address, resize } = await routed(system);
    sendAfter(address, 'lost', 10);
    sendAfter(pid, 'together', 10);
    sendAfter(pid, 'later', 20);
    await resize(0);
    await advance(system, 20);
    expect(messages()).toStrictEqual(['together', 'later']);
    expect(system.reports).toStrictEqual([]);
  });

  test('TI13 to a name reaches the process that has it when it is due', async () => {
    const { system, log, pid } = await setup();
    sendAfter(echo.in(system), 'm', 10);
    await advance(system, 5);
    register(system, echo, pid);
    expect(await arrivals(system, log, 20)).toStrictEqual([[10, 'm']]);
  });

  test('TI14 comes though the process that started it has ended', async () => {
    const { system, log, pid } = await setup();
    const creator = spawn(system, () => {
      sendAfter(pid, 'm', 10);
    });
    const watcher = await idleProcess(system);
    monitor(watcher, creator);
    await settle(system);
    expect(watcher.messageQueueLen).toBe(1);
    expect(await arrivals(system, log, 20)).toStrictEqual([[10, 'm']]);
  });

  test('TI18 with abs comes at that time of the clock, or at once if it has passed', async () => {
    const { system, log, pid } = await setup();
    await advance(system, 100);
    sendAfter(pid, 'at 130', 130, { abs: true });
    startTimer(pid, 'at 120', 120, { abs: true });
    sendAfter(pid, 'at 50', 50, { abs: true });
    expect(await arrivals(system, log, 150)).toStrictEqual([
      [100, 'at 50'],
      [120, expect.objectContaining({ type: 'timeout', message: 'at 120' })],
      [130, 'at 130'],
    ]);
  });

  test.each([[Number.NaN], [Infinity], ['10']])('TI18 with abs refuses %p', async (time) => {
    const { pid } = await setup();
    expect(() => sendAfter(pid, 'm', time as number, { abs: true })).toThrow(RangeError);
    expect(() => sendAfter(pid, 'm', time as number, { abs: true })).toThrow(
      "Expected a time on the system's clock, got ",
    );
  });

  test('TI19 of 2^31 ms is not due early, and answers the time left', async () => {
    const { system, log, pid } = await setup();
    const ref = sendAfter(pid, 'm', 2 ** 31);
    await advance(system, 200);
    expect(log).toStrictEqual([]);
    expect(cancelTimer(ref)).toBe(2 ** 31 - 200);
  });

  test('TI19 of 2^31 ms comes when it is due', async () => {
    const { system, pid, messages } = await setup();
    sendAfter(pid, 'm', 2 ** 31);
    await advance(system, 2 ** 31 - 1);
    expect(messages()).toStrictEqual([]);
    await advance(system, 1);
    expect(messages()).toStrictEqual(['m']);
  });

  test('takes only messages that the process accepts', () => {
    const misuse = (_wrong: (pid: Pid<'tick'>) => unknown): void => undefined;
    // @ts-expect-error: it accepts ticks
    misuse((pid) => sendAfter(pid, 'tock', 1));
    // @ts-expect-error: it accepts ticks
    misuse((pid) => sendInterval(pid, 'tock', 1));
    expect(misuse).toBeDefined();
  });
});

describe('startTimer', () => {
  test('TI02 sends the message with the timer it comes from', async () => {
    const { system, pid, messages } = await setup();
    const ref = startTimer(pid, 'm', 10);
    await advance(system, 9);
    expect(messages()).toStrictEqual([]);
    await advance(system, 1);
    const [message] = messages() as [TimeoutMessage];
    expect(Object.keys(message)).toStrictEqual(['type', 'ref', 'message']);
    expect(message.type).toBe('timeout');
    expect(message.ref).toBe(ref);
    expect(message.message).toBe('m');
  });

  test('takes the content of the timeouts that the process accepts', () => {
    type Accepts = 'tick' | TimeoutMessage<'tea' | 'cake'> | { readonly message: 1 };
    const accept = (_: (pid: Pid<Accepts>, all: Pid<unknown>) => TimerRef): void => undefined;
    accept((pid) => startTimer(pid, 'tea', 1));
    accept((_, all) => startTimer(all, { any: 'thing' }, 1));
    // @ts-expect-error: no such timeout is accepted
    accept((pid) => startTimer(pid, 'tick', 1));
    // @ts-expect-error: no timeout at all is accepted
    accept((pid: Pid<'tick'>) => startTimer(pid, 'tick', 1));
    expect(accept).toBeDefined();
  });
});

describe('cancelTimer', () => {
  test('TI03 returns the time left, in whole ms, and the message never comes', async () => {
    const { system, log, pid } = await setup();
    const ref = sendAfter(pid, 'm', 10);
    await advance(system, 4);
    const left = cancelTimer(ref);
    expectTypeOf(left).toEqualTypeOf<number | false>();
    expect(left).toBe(6);
    expect(await arrivals(system, log, 40)).toStrictEqual([]);
  });

  test('TI04 answers false for one that was cancelled, and for one that has fired', async () => {
    const { system, pid } = await setup();
    const [cancelled, fired] = [sendAfter(pid, 'a', 10), startTimer(pid, 'b', 5)];
    cancelTimer(cancelled);
    await advance(system, 5);
    for (const ref of [cancelled, fired]) {
      expect(cancelTimer(ref)).toBe(false);
      expect(readTimer(ref)).toBe(false);
    }
  });

  test('TI05 answers false for a reference that is no timer', async () => {
    const { system, pid } = await setup();
    const ref: unknown = monitor(system, pid);
    expect(cancelTimer(ref as TimerRef)).toBe(false);
    expect(readTimer(ref as TimerRef)).toBe(false);
  });

  test('TI05 throws for a value that is no timer', () => {
    const error = new TypeError('Expected a timer of sendAfter, startTimer or sendInterval, got 5');
    const ref: unknown = 5;
    expect(() => cancelTimer(ref as TimerRef)).toThrow(error);
    expect(() => readTimer(ref as TimerRef)).toThrow(error);
  });

  test('TI15 is allowed to any process', async () => {
    const { system, log, pid } = await setup();
    const ref = sendAfter(pid, 'm', 10);
    const left: unknown[] = [];
    spawn(system, () => {
      left.push(cancelTimer(ref));
    });
    await settle(system);
    expect(left).toStrictEqual([10]);
    expect(await arrivals(system, log, 20)).toStrictEqual([]);
  });

  test('TI16 without info answers nothing', async () => {
    const { system, log, pid } = await setup();
    const ref = sendAfter(pid, 'm', 10);
    const answer = cancelTimer(ref, { info: false });
    expectTypeOf(answer).toEqualTypeOf<void>();
    expect(answer).toBeUndefined();
    expect(readTimer(ref)).toBe(false);
    expect(await arrivals(system, log, 20)).toStrictEqual([]);
  });

  test('TI17 async returns nothing, and sends the result as a message', async () => {
    const { system, log, pid } = await setup();
    const asker = await idleProcess(system);
    const ref = sendAfter(pid, 'm', 10);
    await advance(system, 3);
    expect(cancelTimer(ref, { async: asker })).toBeUndefined();
    expect(cancelTimer(ref, { async: asker })).toBeUndefined();
    const messages = (await drain(asker)) as CancelTimerMessage[];
    expect(messages.map(({ type, result }) => [type, result])).toStrictEqual([
      ['cancelTimer', 7],
      ['cancelTimer', false],
    ]);
    expect(messages.every((message) => message.ref === ref)).toBe(true);
    expect(await arrivals(system, log, 20)).toStrictEqual([]);
  });

  test('TI17 async without info sends nothing', async () => {
    const { system, pid } = await setup();
    const asker = await idleProcess(system);
    const ref = sendAfter(pid, 'm', 10);
    expect(cancelTimer(ref, { async: asker, info: false })).toBeUndefined();
    expect(asker.messageQueueLen).toBe(0);
    expect(readTimer(ref)).toBe(false);
  });
});

describe('readTimer', () => {
  test('TI06 returns the time left, and the timer runs on', async () => {
    const { system, log, pid } = await setup();
    const ref = sendAfter(pid, 'm', 10);
    expect(readTimer(ref)).toBe(10);
    await advance(system, 4);
    expect(readTimer(ref)).toBe(6);
    expect(await arrivals(system, log, 20)).toStrictEqual([[10, 'm']]);
  });
});

describe('sendInterval', () => {
  test('TI20 sends at each interval until it is cancelled', async () => {
    const { system, log, pid } = await setup();
    const ref = sendInterval(pid, 'tick', 10);
    expect(await arrivals(system, log, 35)).toStrictEqual([
      [10, 'tick'],
      [20, 'tick'],
      [30, 'tick'],
    ]);
    expect(readTimer(ref)).toBe(5);
    expect(cancelTimer(ref)).toBe(5);
    expect(cancelTimer(ref)).toBe(false);
    expect(await arrivals(system, log, 100)).toStrictEqual([]);
  });

  test('TI20 ends with its process', async () => {
    const { system, pid } = await setup();
    const ref = sendInterval(pid, 'tick', 10);
    await advance(system, 15);
    exit(system, pid, kill);
    expect(readTimer(ref)).toBe(false);
    await advance(system, 100);
    expect(readTimer(ref)).toBe(false);
  });

  test('TI20 ends with a process that its own message ends', async () => {
    const system = createTestSystem();
    const pid = spawn<unknown>(system, () => new Promise(() => {}), {
      mailbox: { capacity: 1, overflow: 'exit' },
    });
    const ref = sendInterval(pid, 'tick', 10);
    await advance(system, 10);
    expect(readTimer(ref)).toBe(10);
    await advance(system, 10);
    expect(readTimer(ref)).toBe(false);
  });

  test('TI20 to a name goes on while no process has it', async () => {
    const { system, log, pid } = await setup();
    const ref = sendInterval(echo.in(system), 'tick', 10);
    await advance(system, 15);
    register(system, echo, pid);
    expect(await arrivals(system, log, 25)).toStrictEqual([[20, 'tick']]);
    unregister(system, echo);
    expect(await arrivals(system, log, 35)).toStrictEqual([]);
    register(system, echo, pid);
    expect(await arrivals(system, log, 45)).toStrictEqual([[40, 'tick']]);
    expect(cancelTimer(ref)).toBe(5);
  });

  test('TI20 to an address goes on while it cannot be resolved', async () => {
    const { system, log } = await setup();
    const { address, resize } = await routed(system);
    const ref = sendInterval(address, 'tick', 10);
    await resize(0);
    expect(await arrivals(system, log, 35)).toStrictEqual([]);
    expect(cancelTimer(ref)).toBe(5);
  });

  test('TI20 skips the ticks that fell due while the thread was blocked, and keeps to its grid', async () => {
    const host = { time: 0, wake: (): void => undefined };
    const system = createSystem({
      clock: {
        now: () => host.time,
        setTimeout: (callback) => {
          host.wake = callback;
          return {};
        },
        clearTimeout: () => undefined,
      },
    });
    const log: Log = [];
    const { pid } = await recordingProcess(system, log, 'p');
    const ref = sendInterval(pid, 'tick', 10);
    host.time = 47;
    host.wake();
    await settle(system);
    expect(log).toStrictEqual([['p', 'tick']]);
    expect(readTimer(ref)).toBe(3);
    host.time = 50;
    host.wake();
    expect(readTimer(ref)).toBe(10);
  });

  test.each([0, -1, 0.5, Infinity, Number.NaN, '10', undefined])(
    'TI20 refuses %p as a time',
    async (ms) => {
      const { pid } = await setup();
      const start = (): TimerRef => sendInterval(pid, 'tick', ms as number);
      expect(start).toThrow(RangeError);
      expect(start).toThrow('Expected a whole number of milliseconds from 1 on, got ');
    },
  );
});
