import { setBrand } from '../brand.ts';
import { describe } from '../describe.ts';
import { type Clock, setImmediateOn, type TimeoutHandle } from './clock.ts';
import { longestHostDelay } from './long-timeout.ts';

/** From this lateness on, in ms, a timer shows that the thread was held. */
const stall = 50;

/**
 * A timer that fires once. A pending call extends this class and is its own timer: that saves an
 * object and a closure for each call.
 */
export abstract class Timer {
  static {
    setBrand(this, 'any timer');
  }

  /** On the clock of the system it was started in, in ms. */
  due = 0;
  /** Of timers that are due at the same time, the one that was started first fires first. */
  sequence = 0;
  /** Its index in the heap; -1 while it is not running. */
  position = -1;
  abstract fire(): void;
}

/** A timer that calls back. */
export class CallbackTimer extends Timer {
  readonly fire: () => void;

  constructor(fire: () => void) {
    super();
    this.fire = fire;
  }
}

/**
 * All timers of a system, on one timer of the host: a binary heap with the earliest on top. A new
 * timer is usually the latest, and the timeout of a call is usually stopped before it fires; each
 * then costs one comparison.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #heap: Timer[] = [];
  #started = 0;
  #handle: TimeoutHandle | undefined;
  #wakeAt = Infinity;

  /** `failed`: is given the errors that timers throw. They stop no other timer. */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Fires `timer` once, after `ms`; never earlier, and never inside this call. */
  start(timer: Timer, ms: number): void {
    timer.due = this.#clock.now() + ms;
    timer.sequence = this.#started++;
    this.#heap.push(timer);
    this.#up(timer, this.#heap.length - 1);
    if (this.#heap.length === 1) {
      this.#handle?.ref?.();
    }
    this.#wakeBy(timer.due);
  }

  /** Stops a timer; nothing happens if it is not running. */
  stop(timer: Timer): void {
    if (timer.position >= 0) {
      this.#remove(timer);
      if (this.#heap.length === 0) {
        // The host's timer stays set: the next `start` usually comes soon and is due later. It must
        // not keep the program alive, though.
        this.#handle?.unref?.();
      }
    }
  }

  /** Stops it; the milliseconds that were left, rounded up, or `false` if it was not running. */
  cancel(timer: Timer): number | false {
    const left = this.read(timer);
    this.stop(timer);
    return left;
  }

  /** The milliseconds that are left, rounded up, or `false` if it is not running. */
  read(timer: Timer): number | false {
    return timer.position < 0 ? false : this.#left(timer);
  }

  /** Stops every timer, and the host's. */
  clear(): void {
    for (const timer of this.#heap) {
      timer.position = -1;
    }
    this.#heap.length = 0;
    this.#sleep();
  }

  #left(timer: Timer): number {
    return Math.max(0, Math.ceil(timer.due - this.#clock.now()));
  }

  #wakeBy(due: number): void {
    if (due < this.#wakeAt) {
      this.#sleep();
      this.#wakeAt = due;
      const wait = Math.min(Math.ceil(due - this.#clock.now()), longestHostDelay);
      this.#handle = this.#clock.setTimeout(this.#wake, Math.max(0, wait));
    }
  }

  #sleep(): void {
    if (this.#handle !== undefined) {
      this.#clock.clearTimeout(this.#handle);
      this.#handle = undefined;
    }
    this.#wakeAt = Infinity;
  }

  /**
   * Timers run before sockets, and before processes that wait for a macrotask. A timer that is late
   * tells that the thread was held: the answer that a timeout is for may be there, and only not
   * delivered yet. So everything else has a turn first.
   */
  readonly #wake = (): void => {
    this.#handle = undefined;
    const first = this.#heap[0];
    if (first !== undefined && this.#clock.now() - first.due >= stall) {
      // No other timer of the host is needed until then.
      this.#wakeAt = -Infinity;
      setImmediateOn(this.#clock, this.#fire);
    } else {
      this.#fire();
    }
  };

  readonly #fire = (): void => {
    this.#wakeAt = Infinity;
    const now = this.#clock.now();
    for (
      let first = this.#heap[0];
      first !== undefined && first.due <= now;
      first = this.#heap[0]
    ) {
      this.#remove(first);
      try {
        first.fire();
      } catch (error) {
        this.#failed(error);
      }
    }
    const next = this.#heap[0];
    if (next !== undefined) {
      this.#wakeBy(next.due);
    }
  };

  #remove(timer: Timer): void {
    const at = timer.position;
    const last = this.#heap.pop() as Timer;
    timer.position = -1;
    if (last !== timer) {
      this.#up(last, at);
      this.#down(last);
    }
  }

  #up(timer: Timer, from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Timer;
      if (!isBefore(timer, parent)) {
        break;
      }
      heap[at] = parent;
      parent.position = at;
      at = above;
    }
    heap[at] = timer;
    timer.position = at;
  }

  #down(timer: Timer): void {
    const heap = this.#heap;
    let at = timer.position;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let first = heap[left];
      if (first === undefined) {
        break;
      }
      const other = heap[right];
      if (other !== undefined && isBefore(other, first)) {
        first = other;
      }
      if (!isBefore(first, timer)) {
        break;
      }
      const next = first.position;
      heap[at] = first;
      first.position = at;
      at = next;
    }
    heap[at] = timer;
    timer.position = at;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}

/** Throws a `RangeError` unless `ms` is a whole number from 0 on or `Infinity`, for no timeout. */
export function assertTimeout(ms: unknown): asserts ms is number {
  if (ms !== Infinity) {
    assertDelay(ms);
  }
}

/** Throws a `RangeError` unless `ms` is a whole number from 0 on. */
export function assertDelay(ms: unknown): asserts ms is number {
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms) || ms < 0) {
    throw new RangeError(`Expected a whole number of milliseconds from 0 on, got ${describe(ms)}`);
  }
}
