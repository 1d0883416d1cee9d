import { describe } from '../describe.ts';
import type { Clock, TimeoutHandle } from './clock.ts';

/**
 * The longest a host's timer can wait: it fires at once when asked for more (Node warns and waits 1
 * ms).
 */
const longestWait = 2 ** 31 - 1;

/**
 * Something that falls due once. To be extended: a pending call is its own timer, which spares an
 * object and a closure a call.
 */
export abstract class Timer {
  /** On the clock of the system it was started in, in ms. */
  due = 0;
  /** Among timers due at the same time the one started first is first. */
  sequence = 0;
  /**
   * Where it stands in the heap; -1 while it is not started, and when it has fired or was stopped.
   */
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
 * All timers of a system behind one timer of the host: a binary heap, the earliest on top. A new
 * timer is mostly the latest one, and a call's timeout is mostly stopped before it fires: both cost
 * one comparison.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #heap: Timer[] = [];
  #started = 0;
  #handle: TimeoutHandle | undefined;
  #wakeAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Fires `timer` once, `ms` from now; never before that, and never inside this call. */
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

  /** Nothing, if it was not waiting. */
  stop(timer: Timer): void {
    if (timer.position >= 0) {
      this.#remove(timer);
      if (this.#heap.length === 0) {
        // Not cleared: the next timer mostly follows at once and is later than this. But it must
        // not keep the program alive.
        this.#handle?.unref?.();
      }
    }
  }

  /** Stops it: the milliseconds that were left, rounded up, or `false` if it was not waiting. */
  cancel(timer: Timer): number | false {
    const left = this.read(timer);
    this.stop(timer);
    return left;
  }

  /** The milliseconds that are left, rounded up, or `false` if it is not waiting. */
  read(timer: Timer): number | false {
    return timer.position < 0 ? false : this.#left(timer);
  }

  /** Forgets every timer and lets go of the host's. */
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
      const wait = Math.min(Math.ceil(due - this.#clock.now()), longestWait);
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

  readonly #wake = (): void => {
    this.#handle = undefined;
    this.#wakeAt = Infinity;
    const now = this.#clock.now();
    for (
      let first = this.#heap[0];
      first !== undefined && first.due <= now;
      first = this.#heap[0]
    ) {
      this.#remove(first);
      first.fire();
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

/**
 * Throws a `RangeError` unless `ms` is a whole number from 0 on, or, where it means to wait for
 * ever, `Infinity`.
 */
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
