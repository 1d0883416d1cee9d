import { Queue } from '../collections/queue.ts';
import { diagnostics } from '../host/diagnostics.ts';
import * as host from '../host/host.ts';
import { type Cell, nameOf } from './cell.ts';

/** Enough messages a turn that looking at the clock costs nothing. */
const longTurn = 16;
const shortTurn = 2;
/** In ms: a turn that took longer was of messages that are work. */
const heavyTurn = 1;

/** How long processes may run, in ms, before timers, sockets and everybody else get their turn. */
const slice = 4;

/**
 * Who runs next: ready processes take turns, first come first served, in a microtask, so that a
 * reply costs no trip through the event loop. Microtasks alone would starve I/O, so once a slice
 * has passed since I/O last had its chance the rest waits for a macrotask: a flood of messages, or
 * a chain of calls that never rests, delays a timer by about a slice. A message that comes after a
 * rest waits for nothing.
 */
export class Scheduler {
  /** The process whose code is on the stack, if any. */
  current: Cell | undefined = undefined;
  /**
   * How many messages a process may handle in its turn: few while turns are long, so that a slice
   * does not run over.
   */
  turnLength: number = longTurn;
  readonly #ready = new Queue<Cell>();
  readonly #slow: number;
  #isPlanned = false;
  #isYielding = false;
  /** The process whose code goes on in the microtasks that are waited for, and since when. */
  #watched: Cell | undefined = undefined;
  #watchedFrom = 0;
  #sliceStart = 0;
  /** Whether the event loop has yet to come round since the slice began. */
  #isInSlice = false;

  /** `slow`: how long a process may hold the thread before it is reported, in ms. */
  constructor(slow: number) {
    this.#slow = slow;
  }

  ready(cell: Cell): void {
    this.#ready.push(cell);
    if (!this.#isPlanned) {
      this.#isPlanned = true;
      host.queueMicrotask(this.#microtask);
    }
  }

  /**
   * Lets the microtasks run that the process on the stack has caused, before the next process has
   * its turn. `cell` is given when its own code is what goes on in them: how long that holds the
   * thread is then watched, too.
   */
  yieldToMicrotasks(cell?: Cell): void {
    this.#isYielding = true;
    this.#watched = cell;
  }

  /**
   * True when no process is ready to run. One may still wait for a promise, a timer or a message.
   */
  get isIdle(): boolean {
    return !this.#isPlanned;
  }

  readonly #microtask = (): void => {
    const now = host.now();
    if (!this.#isInSlice) {
      this.#startSlice(now);
    }
    if (now - this.#sliceStart < slice) {
      this.#run(now);
    } else {
      host.queueMacrotask(this.#macrotask);
    }
  };

  /**
   * One microtask more: what a function throws ends its process in the microtask after the one that
   * went on with it.
   */
  readonly #hop = (): void => {
    if (this.#watched !== undefined) {
      this.#watch(this.#watched, host.now() - this.#watchedFrom);
      this.#watched = undefined;
    }
    host.queueMicrotask(this.#microtask);
  };

  readonly #macrotask = (): void => {
    const now = host.now();
    this.#startSlice(now);
    this.#run(now);
  };

  /**
   * I/O has just had its chance. It will have had the next when a macrotask that is queued now has
   * its turn.
   */
  #startSlice(now: number): void {
    this.#sliceStart = now;
    if (!this.#isInSlice) {
      this.#isInSlice = true;
      host.queueMacrotask(this.#cameRound);
    }
  }

  readonly #cameRound = (): void => {
    this.#isInSlice = false;
  };

  #run(from: number): void {
    const end = this.#sliceStart + slice;
    let now = from;
    this.#isYielding = false;
    while (this.#ready.length > 0 && now < end && !this.#isYielding) {
      const cell = this.#ready.shift();
      cell.run();
      // One reading of the clock a turn: the end of this one is the start of the next.
      const after = host.now();
      this.#watch(cell, after - now);
      this.turnLength = after - now > heavyTurn ? shortTurn : longTurn;
      now = after;
    }
    this.#watchedFrom = now;
    this.#plan(now < end);
  }

  #watch(cell: Cell, ms: number): void {
    if (ms > this.#slow) {
      reportSlow(cell, ms);
    }
  }

  /** The rest of what is ready, soon or after I/O. */
  #plan(isInTime: boolean): void {
    this.#isPlanned = this.#ready.length > 0 || this.#watched !== undefined;
    if (this.#watched !== undefined) {
      // What comes after it finds out by itself whether the slice has passed.
      host.queueMicrotask(this.#hop);
    } else if (this.#isPlanned && isInTime) {
      host.queueMicrotask(this.#isYielding ? this.#hop : this.#microtask);
    } else if (this.#isPlanned) {
      host.queueMacrotask(this.#macrotask);
    }
  }
}

function reportSlow(cell: Cell, ms: number): void {
  const rounded = Math.round(ms);
  cell.runtime.logger.warn({ ms: rounded }, `${nameOf(cell)} held the thread for ${rounded} ms`);
  if (diagnostics.callbackSlow.hasSubscribers) {
    diagnostics.callbackSlow.publish({ pid: cell.pid, ms: rounded });
  }
}
