import { type Clock, systemClock, type TimeoutHandle } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

/** A clock that can jump ahead. */
export interface JumpingClock extends Clock {
  date(): number;
  /**
   * Jumps ahead by `ms`, as when a machine wakes up whose monotonic clock counts its sleep (as on
   * Windows), or when the thread was held: timers that have fallen due meanwhile fire as soon as
   * possible, in order.
   * @throws RangeError if `ms` is not a finite number from 0 on: a monotonic clock never goes back.
   */
  jump(ms: number): void;
  /**
   * Only the date moves ahead, by `ms`, as when a machine wakes up whose monotonic clock stood
   * still with it (as on Linux and macOS), or when a user sets the wall clock. No timer falls due.
   * @throws RangeError if `ms` is not a finite number from 0 on.
   */
  sleep(ms: number): void;
}

/**
 * A clock that follows the system's, or another one, and can jump: for the system under test, for a
 * `chaos` server, or for both.
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { jumpingClock } from '@reprise/sse/testing';
 *
 * const clock = jumpingClock();
 * const system = createSystem({ clock });
 * const before = clock.now();
 * clock.jump(3_600_000);
 * console.log(clock.now() - before >= 3_600_000); // true
 * await system.stop();
 * ```
 */
export function jumpingClock(clock: Clock = systemClock()): JumpingClock {
  return new ClockWithJumps(clock);
}

class ClockWithJumps implements JumpingClock {
  readonly #clock: Clock;
  readonly #timers = new Set<JumpingTimer>();
  #ahead = 0;
  #slept = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // Functions and no methods, as with any clock: a user may take them off the object.

  readonly now = (): number => this.#clock.now() + this.#ahead;

  readonly date = (): number => (this.#clock.date?.() ?? Date.now()) + this.#ahead + this.#slept;

  readonly setTimeout = (callback: () => void, ms: number): JumpingTimer => {
    const timer = new JumpingTimer(this.#clock, this.now() + ms, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
    timer.wait(ms);
    return timer;
  };

  readonly clearTimeout = (handle: TimeoutHandle): void => {
    const timer = handle as JumpingTimer;
    this.#timers.delete(timer);
    timer.clear();
  };

  readonly jump = (ms: number): void => {
    assertForward(ms);
    this.#ahead += ms;
    // In the order of their due times: timers with the same wait fire in the order of their start.
    for (const timer of [...this.#timers].toSorted((one, other) => one.due - other.due)) {
      timer.clear();
      timer.wait(Math.max(0, timer.due - this.now()));
    }
  };

  readonly sleep = (ms: number): void => {
    assertForward(ms);
    this.#slept += ms;
  };
}

function assertForward(ms: number): void {
  if (!(ms >= 0 && ms < Infinity)) {
    throw new RangeError(`Expected milliseconds from 0 on, got ${describe(ms)}`);
  }
}

/** A timer that can be started again with another wait. */
class JumpingTimer implements TimeoutHandle {
  readonly due: number;
  readonly #clock: Clock;
  readonly #callback: () => void;
  #handle: TimeoutHandle | undefined = undefined;
  #isRef = true;

  constructor(clock: Clock, due: number, callback: () => void) {
    this.#clock = clock;
    this.due = due;
    this.#callback = callback;
  }

  wait(ms: number): void {
    this.#handle = this.#clock.setTimeout(this.#callback, ms);
    if (!this.#isRef) {
      this.#handle.unref?.();
    }
  }

  clear(): void {
    if (this.#handle !== undefined) {
      this.#clock.clearTimeout(this.#handle);
    }
  }

  ref(): void {
    this.#isRef = true;
    this.#handle?.ref?.();
  }

  unref(): void {
    this.#isRef = false;
    this.#handle?.unref?.();
  }
}
