import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  type Clock,
  createSystem,
  exit,
  GenServer,
  kill,
  killed,
  ok,
  reply,
  send,
  systemClock,
} from '@reprise/actor';
import { virtualClock } from '@reprise/actor/testing';
import fc from 'fast-check';

import { assertDelay, assertTimeout, CallbackTimer, Timers } from '../../src/host/timers.ts';
import { idleProcess } from '../support/processes.ts';

const longestWait = 2 ** 31 - 1;

/** One timer of the host. */
interface HostTimer {
  readonly callback: () => void;
  readonly due: number;
  readonly ms: number;
  state: 'waiting' | 'fired' | 'cleared';
  keepsAlive: boolean;
}

/** A host whose time is set by the test, and which records the calls to it. */
class ManualHost implements Clock {
  time = 0;
  readonly timers: HostTimer[] = [];

  now(): number {
    return this.time;
  }

  setTimeout(callback: () => void, ms: number) {
    const timer: HostTimer = {
      callback,
      due: this.time + ms,
      ms,
      state: 'waiting',
      keepsAlive: true,
    };
    this.timers.push(timer);
    return {
      timer,
      ref: () => void (timer.keepsAlive = true),
      unref: () => void (timer.keepsAlive = false),
    };
  }

  clearTimeout(handle: object): void {
    (handle as { readonly timer: HostTimer }).timer.state = 'cleared';
  }

  get waiting(): readonly HostTimer[] {
    return this.timers.filter(({ state }) => state === 'waiting');
  }

  get keepsAlive(): boolean {
    return this.waiting.some(({ keepsAlive }) => keepsAlive);
  }

  /** Moves the time, and fires each timer `early` ms before it is due. */
  advance(ms: number, early = 0): void {
    const until = this.time + ms;
    for (
      let next = this.#next(until + early);
      next !== undefined;
      next = this.#next(until + early)
    ) {
      this.time = Math.max(this.time, next.due - early);
      next.state = 'fired';
      next.callback();
    }
    this.time = until;
  }

  #next(until: number): HostTimer | undefined {
    return this.waiting.filter(({ due }) => due <= until).toSorted((a, b) => a.due - b.due)[0];
  }
}

function setup() {
  const host = new ManualHost();
  const errors: unknown[] = [];
  const timers = new Timers(host, (error) => void errors.push(error));
  const fired: [name: string, at: number][] = [];
  const start = (name: string, ms: number): CallbackTimer => {
    const timer = new CallbackTimer(() => void fired.push([name, host.time]));
    timers.start(timer, ms);
    return timer;
  };
  return { host, timers, errors, fired, start };
}

describe('timers', () => {
  test('they fire when they are due, earliest first', () => {
    const { host, fired, start } = setup();
    start('c', 30);
    start('a', 10);
    start('b', 20);
    host.advance(9);
    expect(fired).toStrictEqual([]);
    host.advance(100);
    expect(fired).toStrictEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ]);
  });

  test('of those due together the one started first is first', () => {
    const { host, fired, start } = setup();
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      start(name, 10);
    }
    host.advance(10);
    expect(fired.map(([name]) => name)).toStrictEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('one that starts and stops timers, and throws, keeps no other from firing', () => {
    const { host, timers, errors, fired, start } = setup();
    const oops = new Error('oops');
    const failing = new CallbackTimer(() => {
      timers.stop(stopped);
      start('started', 10);
      throw oops;
    });
    timers.start(failing, 10);
    const stopped = start('stopped', 10);
    start('together', 10);
    start('later', 30);
    host.advance(100);
    expect(fired).toStrictEqual([
      ['together', 10],
      ['started', 20],
      ['later', 30],
    ]);
    expect(errors).toStrictEqual([oops]);
  });

  test('one with 0 ms does not fire inside start', () => {
    const { host, fired, start } = setup();
    start('a', 0);
    expect(fired).toStrictEqual([]);
    host.advance(0);
    expect(fired).toStrictEqual([['a', 0]]);
  });

  test('one that is stopped does not fire; stopping returns the time left, rounded up', () => {
    const { host, timers, fired, start } = setup();
    const timer = start('a', 10);
    host.advance(2.5);
    expect(timers.read(timer)).toBe(8);
    expect(timers.cancel(timer)).toBe(8);
    expect(timers.read(timer)).toBe(false);
    expect(timers.cancel(timer)).toBe(false);
    host.advance(100);
    expect(fired).toStrictEqual([]);
  });

  test('one that has fired no longer waits, and may be started again', () => {
    const { host, timers, fired, start } = setup();
    const timer = start('a', 10);
    host.advance(10);
    expect(timers.read(timer)).toBe(false);
    expect(timers.cancel(timer)).toBe(false);
    timers.start(timer, 5);
    host.advance(5);
    expect(fired).toStrictEqual([
      ['a', 10],
      ['a', 15],
    ]);
  });

  test('one may start and stop others when it fires', () => {
    const { host, timers, fired, start } = setup();
    const stopped = start('stopped', 20);
    const starter = new CallbackTimer(() => {
      timers.stop(stopped);
      start('started', 15);
    });
    timers.start(starter, 10);
    host.advance(100);
    expect(fired).toStrictEqual([['started', 25]]);
  });

  test('one that stops another due at the same time keeps it from firing', () => {
    const { host, timers, fired, start } = setup();
    const stopper = new CallbackTimer(() => timers.stop(stopped));
    timers.start(stopper, 10);
    const stopped = start('stopped', 10);
    host.advance(10);
    expect(fired).toStrictEqual([]);
  });

  test('a host that is early is asked again: no timer fires before it is due', () => {
    const { host, fired, start } = setup();
    start('a', 10);
    host.advance(9.5, 0.5);
    expect(host.timers[0]?.state).toBe('fired');
    expect(fired).toStrictEqual([]);
    host.advance(1, 0);
    expect(fired).toHaveLength(1);
    expect(fired[0]?.[1]).toBeGreaterThanOrEqual(10);
  });

  test('cleared, none fires, and no timer of the host is left', () => {
    const { host, timers, fired, start } = setup();
    const timer = start('a', 10);
    start('b', 20);
    timers.clear();
    expect(host.waiting).toStrictEqual([]);
    expect(timers.cancel(timer)).toBe(false);
    host.advance(100);
    expect(fired).toStrictEqual([]);
    start('c', 10);
    host.advance(10);
    expect(fired).toStrictEqual([['c', 110]]);
  });
});

describe('the heap', () => {
  const operation = fc.oneof(
    // Few different delays, so that many timers fall due together.
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('start' as const),
        ms: fc.integer({ min: 0, max: 20 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('stop' as const), which: fc.nat() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('advance' as const),
        ms: fc.integer({ min: 0, max: 5 }),
      }),
    },
  );
  type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

  interface Waiting {
    readonly name: string;
    readonly due: number;
    readonly timer: CallbackTimer;
  }

  /** The timers, and a list as the model of them. */
  class Both {
    readonly host: ManualHost;
    readonly timers: Timers;
    readonly fired: readonly [string, number][];
    readonly expected: [string, number][] = [];
    waiting: Waiting[] = [];
    readonly #start: (name: string, ms: number) => CallbackTimer;
    #started = 0;

    constructor() {
      const { host, timers, fired, start } = setup();
      this.host = host;
      this.timers = timers;
      this.fired = fired;
      this.#start = start;
    }

    run(each: Operation): void {
      switch (each.type) {
        case 'start': {
          const name = `t${this.#started++}`;
          const due = this.host.time + each.ms;
          this.waiting.push({ name, due, timer: this.#start(name, each.ms) });
          break;
        }
        case 'stop':
          this.#stop(each.which);
          break;
        case 'advance':
          this.#advance(each.ms);
          break;
        default:
          each satisfies never;
      }
    }

    #stop(any: number): void {
      if (this.waiting.length > 0) {
        const [stopped] = this.waiting.splice(any % this.waiting.length, 1) as [Waiting];
        expect(this.timers.cancel(stopped.timer)).toBe(stopped.due - this.host.time);
      }
    }

    #advance(ms: number): void {
      this.host.advance(ms);
      const due = this.waiting.filter((one) => one.due <= this.host.time);
      // The sort is stable: of timers that are due together, the one started first stays first.
      for (const one of due.toSorted((a, b) => a.due - b.due)) {
        this.expected.push([one.name, one.due]);
      }
      this.waiting = this.waiting.filter((one) => !due.includes(one));
    }
  }

  test('stopping one deep in the heap keeps the order, even if the last one is earlier than the parent there', () => {
    const { host, timers, fired, start } = setup();
    const [first] = [18, 8, 4, 17, 16, 19, 7].map((ms) => start(`at ${ms}`, ms));
    timers.stop(first as CallbackTimer);
    host.advance(100);
    expect(fired.map(([, at]) => at)).toStrictEqual([4, 7, 8, 16, 17, 19]);
  });

  test('it fires the same timers as a sorted list, at the same times, with one timer of the host', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
        const both = new Both();
        for (const each of operations) {
          both.run(each);
          expect(both.fired).toStrictEqual(both.expected);
          expect(both.host.waiting.length).toBeLessThanOrEqual(1);
          for (const { timer, due } of both.waiting) {
            expect(both.timers.read(timer)).toBe(due - both.host.time);
          }
        }
      }),
    );
  });
});

describe('far away', () => {
  test('a timer beyond 2^31 ms fires when it is due; the host is never asked for more than it can', () => {
    const { host, fired, start } = setup();
    const month = 30 * 24 * 3_600_000;
    start('soon', 1000);
    start('in three months', 3 * month);
    host.advance(3 * month - 1);
    expect(fired).toStrictEqual([['soon', 1000]]);
    host.advance(1);
    expect(fired).toStrictEqual([
      ['soon', 1000],
      ['in three months', 3 * month],
    ]);
    expect(Math.max(...host.timers.map(({ ms }) => ms))).toBe(longestWait);
  });
});

describe('the clock of the host', () => {
  const month = 30 * 24 * 3_600_000;
  const fired = (): [jest.Mock, Clock] => {
    jest.useFakeTimers();
    return [jest.fn(), systemClock()];
  };

  afterEach(() => {
    jest.useRealTimers();
  });

  test('calls back after more than 2^31 ms too, and not before', () => {
    const [callback, clock] = fired();
    clock.setTimeout(callback, 3 * month);
    jest.advanceTimersByTime(3 * month - 1);
    expect(callback).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('never calls back after `Infinity`', () => {
    const [callback, clock] = fired();
    const handle = clock.setTimeout(callback, Infinity);
    jest.advanceTimersByTime(12 * month);
    expect(callback).not.toHaveBeenCalled();
    clock.clearTimeout(handle);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('clears a long timer at any time, and may let the program end meanwhile', () => {
    const [callback, clock] = fired();
    const handle = clock.setTimeout(callback, 3 * month);
    handle.unref?.();
    handle.ref?.();
    jest.advanceTimersByTime(2 * month);
    handle.unref?.();
    clock.clearTimeout(handle);
    jest.advanceTimersByTime(3 * month);
    expect(callback).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the program', () => {
  test('is kept alive by a timer that waits', () => {
    const { host, start } = setup();
    expect(host.keepsAlive).toBe(false);
    start('a', 10);
    expect(host.keepsAlive).toBe(true);
    host.advance(10);
    expect(host.keepsAlive).toBe(false);
  });

  test('is not kept alive once all timers are stopped, and is again by the next', () => {
    const { host, timers, start } = setup();
    const a = start('a', 10);
    const b = start('b', 20);
    timers.stop(a);
    expect(host.keepsAlive).toBe(true);
    timers.stop(b);
    expect(host.keepsAlive).toBe(false);
    start('c', 15);
    expect(host.keepsAlive).toBe(true);
    expect(host.timers).toHaveLength(1);
  });

  test('is kept alive by a timer that is earlier than one that was stopped', () => {
    const { host, timers, fired, start } = setup();
    timers.stop(start('a', 10));
    start('b', 5);
    expect(host.keepsAlive).toBe(true);
    expect(host.waiting).toHaveLength(1);
    host.advance(100);
    expect(fired).toStrictEqual([['b', 5]]);
    expect(host.keepsAlive).toBe(false);
  });

  const echo = GenServer.define({
    init: () => ok(undefined),
    handleCall: { echo: (text: string, state) => reply(text, state) },
  });

  test('is not kept alive by a call that was answered', async () => {
    const host = new ManualHost();
    const system = createSystem({ clock: host });
    const server = await GenServer.start(system, echo, undefined);
    const answer = GenServer.call(server, 'echo', 'hi');
    expect(host.keepsAlive).toBe(true);
    expect(await answer).toBe('hi');
    expect(host.keepsAlive).toBe(false);
  });

  test('is not kept alive by a call whose server ended', async () => {
    const host = new ManualHost();
    const system = createSystem({ clock: host });
    const server = await GenServer.start(system, echo, undefined);
    const answer = GenServer.call(server, 'echo', 'hi');
    exit(system, server, kill);
    await expect(answer).rejects.toMatchObject({ reason: killed });
    expect(host.keepsAlive).toBe(false);
  });

  test('is not kept alive by a receive that got its message', async () => {
    const host = new ManualHost();
    const system = createSystem({ clock: host });
    const p = await idleProcess(system);
    const receiving = p.receive({ timeout: 3_600_000 });
    expect(host.keepsAlive).toBe(true);
    send(p.pid, 'a');
    expect(await receiving).toBe('a');
    expect(host.keepsAlive).toBe(false);
  });

  test('is not kept alive by a receive of a process that has ended', async () => {
    const host = new ManualHost();
    const system = createSystem({ clock: host });
    const p = await idleProcess(system);
    void p.receive({ timeout: 3_600_000 });
    expect(host.keepsAlive).toBe(true);
    exit(system, p.pid, kill);
    expect(host.keepsAlive).toBe(false);
  });

  test('ends by itself on a real host when nothing is left to wait for', () => {
    const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
    const program = `
      import { createSystem, GenServer, ok, reply, sendAfter, spawn } from ${JSON.stringify(index)};
      const system = createSystem();
      const server = await GenServer.startLink(system, {
        init: () => ok(0),
        handleCall: { echo: (text, state) => reply(text, state) },
      });
      console.log(await GenServer.call(server, 'echo', 'answered', { timeout: 3_600_000 }));
      const pid = spawn(system, async (self) => {
        console.log(await self.receive({ timeout: 3_600_000 }));
      });
      sendAfter(pid, 'received', 1);
    `;
    const { stdout, stderr, signal, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { encoding: 'utf8', timeout: 30_000 },
    );
    expect({ stdout, stderr, signal, status }).toStrictEqual({
      stdout: 'answered\nreceived\n',
      stderr: '',
      signal: null,
      status: 0,
    });
  });
});

describe('the virtual clock', () => {
  test('it stands still until advance', async () => {
    const clock = virtualClock();
    const fired: number[] = [];
    clock.setTimeout(() => void fired.push(clock.now()), 0);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(clock.now()).toBe(0);
    expect(fired).toStrictEqual([]);
    await clock.advance(0);
    expect(fired).toStrictEqual([0]);
  });

  test('each timer sees the time at which it was due, and the timers that it starts fall due as well', async () => {
    const clock = virtualClock();
    const log: [string, number][] = [];
    const at = (name: string, ms: number, then?: () => void): unknown =>
      clock.setTimeout(() => {
        log.push([name, clock.now()]);
        then?.();
      }, ms);
    at('b', 20);
    at('a', 10, () => at('started', 5));
    at('late', 101);
    await clock.advance(100);
    expect(log).toStrictEqual([
      ['a', 10],
      ['started', 15],
      ['b', 20],
    ]);
    expect(clock.now()).toBe(100);
  });

  test('of timers due together the one set first is first', async () => {
    const clock = virtualClock();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      clock.setTimeout(() => void log.push(name), 10);
    }
    await clock.advance(10);
    expect(log).toStrictEqual(['a', 'b', 'c']);
  });

  test('a timer that is cleared does not fire', async () => {
    const clock = virtualClock();
    const log: string[] = [];
    const b = { handle: clock.setTimeout(() => void log.push('b'), 20) };
    clock.setTimeout(() => {
      log.push('a');
      clock.clearTimeout(b.handle);
    }, 10);
    await clock.advance(100);
    expect(log).toStrictEqual(['a']);
  });

  test('the effects of a timer have happened before the next one fires', async () => {
    const clock = virtualClock();
    const log: string[] = [];
    clock.setTimeout(() => {
      log.push('first');
      void Promise.resolve()
        .then(() => undefined)
        .then(() => log.push('caused by the first'));
    }, 10);
    clock.setTimeout(() => void log.push('second'), 10);
    await clock.advance(10);
    expect(log).toStrictEqual(['first', 'caused by the first', 'second']);
  });
});

describe('the system clock', () => {
  test('it never goes back', () => {
    const clock = systemClock();
    let last = clock.now();
    for (let count = 0; count < 1000; count++) {
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  test('it calls back once the time has passed', async () => {
    const clock = systemClock();
    const before = clock.now();
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, 5);
    });
    // Node rounds to whole milliseconds of its own clock: a timer may be up to 1 ms early.
    expect(clock.now() - before).toBeGreaterThan(3.9);
  });

  test('it does not call back when cleared', async () => {
    const clock = systemClock();
    const log: string[] = [];
    clock.clearTimeout(clock.setTimeout(() => void log.push('cleared'), 1));
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, 2);
    });
    expect(log).toStrictEqual([]);
  });

  test('it uses fake timers that were installed after it was loaded', () => {
    const clock = systemClock();
    const log: string[] = [];
    jest.useFakeTimers();
    try {
      clock.clearTimeout(clock.setTimeout(() => void log.push('cleared'), 500));
      clock.setTimeout(() => void log.push('an hour later'), 3_600_000);
      jest.advanceTimersByTime(3_600_000);
    } finally {
      jest.useRealTimers();
    }
    expect(log).toStrictEqual(['an hour later']);
  });

  test('its timers can let the program end', () => {
    const clock = systemClock();
    const handle = clock.setTimeout(() => undefined, 3_600_000) as NodeJS.Timeout;
    expect(handle.hasRef()).toBe(true);
    handle.unref();
    expect(handle.hasRef()).toBe(false);
    clock.clearTimeout(handle);
  });
});

describe('a number of milliseconds', () => {
  const wrong: [unknown, string][] = [
    [-1, '-1'],
    [0.5, '0.5'],
    [2 ** 53, '9007199254740992'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    ['10', '"10"'],
    [undefined, 'undefined'],
  ];

  test.each(wrong)('%p is neither a delay nor a timeout', (ms, got) => {
    const error = new RangeError(`Expected a whole number of milliseconds from 0 on, got ${got}`);
    expect(() => {
      assertDelay(ms);
    }).toThrow(error);
    expect(() => {
      assertTimeout(ms);
    }).toThrow(error);
  });

  test.each([0, 1, 5000, 2 ** 31, Number.MAX_SAFE_INTEGER])('%p is both', (ms) => {
    expect(() => {
      assertDelay(ms);
      assertTimeout(ms);
    }).not.toThrow();
  });

  test('Infinity is a timeout, and no delay', () => {
    expect(() => {
      assertTimeout(Infinity);
    }).not.toThrow();
    expect(() => {
      assertDelay(Infinity);
    }).toThrow(new RangeError('Expected a whole number of milliseconds from 0 on, got Infinity'));
  });
});
