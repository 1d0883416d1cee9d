import { Queue } from '../collections/queue.ts';
import * as host from '../host.ts';
import { diagnostics } from '../host/diagnostics.ts';
import { type Cell, nameOf } from './cell.ts';
import { loggerFor } from './extras.ts';

/** Messages in one turn: enough that reading the clock once in a turn costs next to nothing. */
const longTurn = 16;
const shortTurn = 2;
/** In ms: after a turn that took longer, the next turn of that process is short. */
const heavyTurn = 1;

/** How long processes may run, in ms, before timers and I/O get their turn. */
const slice = 4;

/**
 * Decides which process runs next. Ready processes take turns, first come first served, in a
 * microtask: a reply costs no trip through the event loop. Microtasks alone would starve I/O: once
 * a slice has passed since I/O last had its turn, the processes that are left wait for a macrotask.
 * A flood of messages, or an endless chain of calls, delays a timer by about a slice. A message to
 * an idle system does not wait at all.
 */
export class SliceScheduler {
  /**
   * How many messages the process whose turn it is may handle: few in its first turn of a slice,
   * since they may be slow to handle though those before were not.
   */
  turnLength: number = longTurn;
  readonly #ready = new Queue<Cell>();
  readonly #slow: number;
  readonly #context: host.AsyncContext;
  #isPlanned = false;
  #isYielding = false;
  /** The process whose code goes on in microtasks now, and since when. */
  #inMicrotasks: Cell | undefined = undefined;
  #microtasksFrom = 0;
  #sliceStart = 0;
  /** Counts the slices. */
  #slices = 1;
  /** Whether the macrotask that was queued when the slice began has not run yet. */
  #isInSlice = false;

  /**
   * `slow`: how long a process may block the thread before a warning is logged, in ms. `context`:
   * the processes run in it, and not in that of the code that has woken them.
   */
  constructor(slow: number, context: host.AsyncContext) {
    this.#slow = slow;
    this.#context = context;
  }

  ready(cell: Cell): void {
    this.#ready.push(cell);
    if (!this.#isPlanned) {
      this.#isPlanned = true;
      host.queueMicrotask(this.#microtask);
    }
  }

  /**
   * Lets the microtasks run that the process on the stack has queued, before the next process has
   * its turn. `cell`: given when its own code goes on in those microtasks, and the time they take
   * counts as its own.
   */
  yieldToMicrotasks(cell?: Cell): void {
    this.#isYielding = true;
    this.#inMicrotasks = cell;
  }

  /**
   * Whether no process is ready to run. Processes may still wait for promises, timers or messages.
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
      this.#context.runInAsyncScope(this.#run, undefined, now);
    } else {
      host.queueMacrotask(this.#macrotask);
    }
  };

  /**
   * Waits for one microtask more: the error that a process function throws reaches the process one
   * microtask after the function went on.
   */
  readonly #afterMicrotasks = (): void => {
    if (this.#inMicrotasks !== undefined) {
      this.#count(this.#inMicrotasks, host.now() - this.#microtasksFrom);
      this.#inMicrotasks = undefined;
    }
    host.queueMicrotask(this.#microtask);
  };

  readonly #macrotask = (): void => {
    const now = host.now();
    this.#startSlice(now);
    this.#context.runInAsyncScope(this.#run, undefined, now);
  };

  /** I/O has just had its turn. Its next turn is over when a macrotask that is queued now runs. */
  #startSlice(now: number): void {
    this.#sliceStart = now;
    // A small integer, also after months.
    this.#slices = (this.#slices % 1e9) + 1;
    if (!this.#isInSlice) {
      this.#isInSlice = true;
      host.queueMacrotask(this.#afterMacrotask);
    }
  }

  readonly #afterMacrotask = (): void => {
    this.#isInSlice = false;
  };

  readonly #run = (from: number): void => {
    const end = this.#sliceStart + slice;
    let now = from;
    this.#isYielding = false;
    while (this.#ready.length > 0 && now < end && !this.#isYielding) {
      const cell = this.#ready.shift();
      this.turnLength = cell.fastIn === this.#slices ? longTurn : shortTurn;
      cell.takeTurn();
      // The clock is read once in a turn: the end of this turn is the start of the next.
      const after = host.now();
      this.#count(cell, after - now);
      cell.fastIn = after - now > heavyTurn ? 0 : this.#slices;
      now = after;
    }
    this.#microtasksFrom = now;
    this.#plan(now < end);
  };

  /** Counts the `ms` for which a process has held the thread. */
  #count(cell: Cell, ms: number): void {
    cell.busy += ms;
    if (ms > this.#slow) {
      reportSlow(cell, ms);
    }
  }

  /** Plans the turns of the processes that are still ready: in a microtask, or after I/O. */
  #plan(isInTime: boolean): void {
    this.#isPlanned = this.#ready.length > 0 || this.#inMicrotasks !== undefined;
    if (this.#inMicrotasks !== undefined) {
      // The microtask after this one checks whether the slice has passed.
      host.queueMicrotask(this.#afterMicrotasks);
    } else if (this.#isPlanned && isInTime) {
      host.queueMicrotask(this.#isYielding ? this.#afterMicrotasks : this.#microtask);
    } else if (this.#isPlanned) {
      host.queueMacrotask(this.#macrotask);
    }
  }
}

function reportSlow(cell: Cell, ms: number): void {
  const rounded = Math.round(ms);
  loggerFor(cell).warn({ ms: rounded }, `${nameOf(cell)} held the thread for ${rounded} ms`);
  if (diagnostics.callbackSlow.hasSubscribers) {
    diagnostics.callbackSlow.publish({ pid: cell.pid, ms: rounded });
  }
  cell.runtime.witnesses?.tell('slow', cell.pid, rounded);
}
