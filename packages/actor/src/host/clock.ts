import { describe } from '../describe.ts';
import * as host from '../host.ts';
import { LongTimeout, longestHostDelay } from './long-timeout.ts';

/**
 * The time of a system. All its timers, timeouts, delays and restart windows use its clock: a test
 * gives it a clock that it moves by hand.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin; monotonic. */
  now(): number;
  /**
   * Calls back once, after `ms` milliseconds, however many; never for `Infinity`. Returns a handle
   * for `clearTimeout`.
   */
  setTimeout(callback: () => void, ms: number): TimeoutHandle;
  clearTimeout(handle: TimeoutHandle): void;
  /**
   * The wall clock: milliseconds since 1970, in UTC. It goes on while the machine sleeps, where a
   * monotonic clock may stand still; without it a sleep is not noticed.
   */
  date?(): number;
  /**
   * Calls back once, after the timers that are due and the I/O that has arrived have had their
   * turn. Default: the `setImmediate` of the host.
   */
  setImmediate?(callback: () => void): unknown;
}

/**
 * On Node, a timer keeps the program alive until `unref` is called; browsers have no such thing.
 */
export interface TimeoutHandle {
  ref?(): unknown;
  unref?(): unknown;
}

/**
 * The clock of the host: `performance.now`, `Date.now` and `setTimeout`, which here can wait longer
 * than the 24 days of the host.
 * @example
 * ```ts
 * import { createSystem, systemClock } from '@reprise/actor';
 *
 * const clock = systemClock();
 * const system = createSystem({ clock: { ...clock, now: () => clock.now() + 1000 } });
 * console.log(system.clock.now() > clock.now()); // true
 * await system.stop();
 * ```
 */
export function systemClock(): Clock {
  return {
    now: host.now,
    date: host.date,
    setImmediate: host.queueMacrotask,
    setTimeout: (callback, ms) =>
      ms > longestHostDelay
        ? new LongTimeout(callback, ms)
        : (host.setTimeout(callback, ms) as TimeoutHandle),
    clearTimeout: (handle) => {
      if (handle instanceof LongTimeout) {
        handle.clear();
      } else {
        host.clearTimeout(handle);
      }
    },
  };
}

/** `setImmediate` of a clock that may have none. */
export function setImmediateOn(clock: Clock, callback: () => void): void {
  if (clock.setImmediate === undefined) {
    host.queueMacrotask(callback);
  } else {
    clock.setImmediate(callback);
  }
}

/** A clock that stands still until `advance`; see `virtualClock`. */
export interface VirtualClock extends Clock {
  /**
   * Moves the time by `ms` and fires the timers that fall due, in order. Before each timer it
   * awaits `settle`, so that the effects of the one before have happened; by default that waits
   * until all microtasks have run.
   */
  advance(ms: number, settle?: () => Promise<void>): Promise<void>;
  date(): number;
  /**
   * The machine sleeps, as on Linux: only the date moves on, and no timer falls due.
   * @throws RangeError unless it is given 0 ms or more
   */
  sleep(ms: number): void;
}

interface VirtualTimer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * A new virtual clock, at 0. Its date is that of its making, and moves with its time.
 * @throws RangeError from its `advance`, unless that is given 0 ms or more
 * @example
 * ```ts
 * import { createSystem, sendAfter, spawn } from '@reprise/actor';
 * import { settle, virtualClock } from '@reprise/actor/testing';
 *
 * const clock = virtualClock();
 * const system = createSystem({ clock });
 * const pid = spawn<string>(system, async (self) => {
 *   console.log(await self.receive(), clock.now()); // a day later 86400000
 * });
 * sendAfter(pid, 'a day later', 86_400_000);
 * await clock.advance(86_400_000);
 * await settle(system);
 * await system.stop();
 * ```
 */
export function virtualClock(): VirtualClock {
  let time = 0;
  let birth = host.date();
  const timers = new Set<VirtualTimer>();
  return {
    now: () => time,
    date: () => birth + time,
    setTimeout(callback, ms) {
      const timer = { due: time + Math.max(0, ms), callback };
      timers.add(timer);
      return timer as TimeoutHandle;
    },
    clearTimeout(handle) {
      timers.delete(handle as VirtualTimer);
    },
    sleep(ms) {
      assertForward(ms);
      birth += ms;
    },
    async advance(ms, settle = macrotask) {
      assertForward(ms);
      const until = time + ms;
      await settle();
      for (let timer = nextOf(timers, until); timer !== undefined; timer = nextOf(timers, until)) {
        time = Math.max(time, timer.due);
        timers.delete(timer);
        timer.callback();
        await settle();
      }
      time = until;
    },
  };
}

function assertForward(ms: number): void {
  if (!(ms >= 0)) {
    throw new RangeError(`Expected milliseconds from 0 on, got ${describe(ms)}`);
  }
}

/** The earliest of the timers that are due by `until`; of several, the one that was set first. */
function nextOf(timers: ReadonlySet<VirtualTimer>, until: number): VirtualTimer | undefined {
  let first: VirtualTimer | undefined;
  for (const timer of timers) {
    if (timer.due <= until && (first === undefined || timer.due < first.due)) {
      first = timer;
    }
  }
  return first;
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    host.queueMacrotask(resolve);
  });
}
