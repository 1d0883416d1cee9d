import { type Clock, systemClock, type TimeoutHandle } from '@reprise/actor';

/** A clock that can be made to jump. */
export interface JumpingClock extends Clock {
  /**
   * All at once it is `ms` later, as when a machine wakes up: what has fallen due meanwhile is
   * called as soon as can be, in order.
   * @throws RangeError for what is no number from 0 on: a monotonic clock does not go back.
   */
  jump(ms: number): void;
}

/**
 * The host's own time, or that of another clock, with jumps: for the system that is tested, for the
 * server, or for both.
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
  const timers = new Set<JumpingTimer>();
  let ahead = 0;
  const now = (): number => clock.now() + ahead;
  return {
    now,
    setTimeout(callback, ms) {
      const timer = new JumpingTimer(clock, now() + ms, () => {
        timers.delete(timer);
        callback();
      });
      timers.add(timer);
      timer.wait(ms);
      return timer;
    },
    clearTimeout(handle) {
      timers.delete(handle as JumpingTimer);
      (handle as JumpingTimer).clear();
    },
    jump(ms) {
      if (!(ms >= 0 && ms < Infinity)) {
        throw new RangeError(`Expected milliseconds from 0 on, got ${ms}`);
      }
      ahead += ms;
      // Timers of one wait are called in the order in which they were set.
      for (const timer of [...timers].toSorted((one, other) => one.due - other.due)) {
        timer.clear();
        timer.wait(Math.max(0, timer.due - now()));
      }
    },
  };
}

/** A timer that can be set anew. */
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
