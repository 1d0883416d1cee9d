import * as host from './host.ts';
import { Mailbox } from './mailbox.ts';
import type { Cell } from './process.ts';

/** How long processes may run, in ms, before timers, sockets and everybody else get their turn. */
const slice = 4;

/**
 * Who runs next: ready processes take turns, first come first served, in a microtask, so that a reply costs no trip through the event
 * loop. Microtasks alone would starve I/O, so once a slice has passed since I/O last had its chance the rest waits for a macrotask: a
 * flood of messages, or a chain of calls that never rests, delays a timer by about a slice.
 */
export class Scheduler {
  /** The process whose code is on the stack, if any. */
  current: Cell | undefined = undefined;
  readonly #ready = new Mailbox();
  #isPlanned = false;
  #sliceStart = host.now();

  ready(cell: Cell): void {
    this.#ready.push(cell);
    if (!this.#isPlanned) {
      this.#isPlanned = true;
      host.queueMicrotask(this.#microtask);
    }
  }

  /** True when no process is ready to run. One may still wait for a promise, a timer or a message. */
  get isIdle(): boolean {
    return !this.#isPlanned;
  }

  readonly #microtask = (): void => {
    const now = host.now();
    if (now - this.#sliceStart < slice) {
      this.#run(now);
    } else {
      host.queueMacrotask(this.#macrotask);
    }
  };

  readonly #macrotask = (): void => {
    this.#sliceStart = host.now();
    this.#run(this.#sliceStart);
  };

  #run(from: number): void {
    const end = this.#sliceStart + slice;
    let now = from;
    while (this.#ready.length > 0 && now < end) {
      (this.#ready.shift() as Cell).run();
      now = host.now();
    }
    if (this.#ready.length > 0) {
      host.queueMacrotask(this.#macrotask);
    } else {
      this.#isPlanned = false;
    }
  }
}
