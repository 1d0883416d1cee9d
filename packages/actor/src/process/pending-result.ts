import { oneOfAll } from '../brand.ts';
import { assertTimeout, Timer } from '../host/timers.ts';
import type { Cell, Runtime, Wait } from './cell.ts';

/** Gets a result in place of a message to the owner. */
export interface Waiter<Result> {
  settled(pending: PendingResult<Result>, result: Result): void;
}

/** One count for all copies of this package: a process can wait for results of several copies. */
const settled: { count: number } = /* @__PURE__ */ oneOfAll('settled results', () => ({
  count: 0,
}));

/**
 * A result that comes later and is taken once: the reply to a request, the value of a task. When it
 * comes while the owner waits, it ends that wait. Otherwise a message tells the owner of it, which
 * is removed from the mailbox if the result is taken before the message.
 *
 * All fields are private: a `RequestId` is one of these, and a message that holds one must not
 * print more than that.
 */
export abstract class PendingResult<Result> implements Wait {
  #result: Result | undefined = undefined;
  #order = Infinity;
  #isOver = false;
  #isNotified = false;
  #waiter: Waiter<Result> | undefined = undefined;

  /** The process that the message is for; `undefined` when none is wanted. */
  abstract get owner(): Cell | undefined;

  /** The process that the result comes from; `undefined` when it has come from the start. */
  abstract get target(): Cell | undefined;

  /** The system on whose clock a wait is timed. */
  abstract get runtime(): Runtime;

  /** Sends the owner the message that tells of the result. */
  protected abstract notify(result: Result): void;

  /** Whether a message is one that tells of this result. */
  abstract isNotice(message: unknown): boolean;

  /** `undefined` before the result has come, and after it was taken. */
  get result(): Result | undefined {
    return this.#result;
  }

  /**
   * Its place among all results in the order in which they came, from 1; `Infinity` before it has
   * come.
   */
  get order(): number {
    return this.#order;
  }

  /** The result was taken, or given up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isWaitedFor(): boolean {
    return this.#waiter !== undefined;
  }

  /** Sets the waiter; `undefined` ends the wait. */
  waitFor(waiter: Waiter<Result> | undefined): void {
    this.#waiter = waiter;
    if (waiter === undefined) {
      this.owner?.removeWait(this);
    } else {
      this.owner?.addWait(this);
    }
  }

  settle(result: Result): void {
    if (this.#isOver) {
      return;
    }
    settled.count += 1;
    this.#order = settled.count;
    this.#result = result;
    if (this.#waiter === undefined) {
      this.#isNotified = true;
      this.notify(result);
    } else {
      this.#waiter.settled(this, result);
    }
  }

  /** The result, if it has come and was not taken. From here on no message tells of it. */
  take(): Result | undefined {
    const result = this.#result;
    this.#isOver = true;
    this.#result = undefined;
    if (this.#isNotified) {
      this.#isNotified = false;
      this.owner?.flush((message) => this.isNotice(message));
    }
    return result;
  }
}

/** The one whose result came first, wherever it stands in the list. */
export function firstSettled<Pending extends PendingResult<unknown>>(
  all: readonly Pending[],
): Pending | undefined {
  let first: Pending | undefined;
  for (const pending of all) {
    if (pending.order < (first?.order ?? Infinity)) {
      first = pending;
    }
  }
  return first;
}

/**
 * Waits until all results have come, or one that is enough, or the time is over; then resolves with
 * the value of `end`, which is called in the same instant: no other code can take a result before
 * that. Results that are over are not waited for.
 * @throws RangeError for a wrong timeout
 */
export async function waitForResults<Result, Value>(
  all: readonly PendingResult<Result>[],
  timeout: number,
  isEnough: (result: Result) => boolean,
  end: () => Value,
): Promise<Value> {
  assertTimeout(timeout);
  const wanted = all.filter(({ isOver }) => !isOver);
  const open = wanted.filter(({ result }) => result === undefined);
  const isEnoughNow = wanted.some(({ result }) => result !== undefined && isEnough(result));
  const [first] = open;
  if (first === undefined || isEnoughNow || timeout === 0) {
    return end();
  }
  return new Promise((resolve) => {
    const wait = new ResultWait(open, isEnough, first.runtime, () => {
      resolve(end());
    });
    wait.start(timeout);
  });
}

/** For a wait that the first result ends. */
export const firstResult = (): boolean => true;

class ResultWait<Result> extends Timer implements Waiter<Result> {
  /** The results that have not come. */
  readonly #open: Set<PendingResult<Result>>;
  readonly #isEnough: (result: Result) => boolean;
  readonly #runtime: Runtime;
  readonly #end: () => void;

  constructor(
    open: readonly PendingResult<Result>[],
    isEnough: (result: Result) => boolean,
    runtime: Runtime,
    end: () => void,
  ) {
    super();
    this.#open = new Set(open);
    this.#isEnough = isEnough;
    this.#runtime = runtime;
    this.#end = end;
  }

  start(ms: number): void {
    for (const pending of this.#open) {
      pending.waitFor(this);
    }
    if (ms < Infinity) {
      this.#runtime.timers.start(this, ms);
    }
  }

  settled(pending: PendingResult<Result>, result: Result): void {
    pending.waitFor(undefined);
    this.#open.delete(pending);
    if (this.#open.size === 0 || this.#isEnough(result)) {
      this.#runtime.timers.stop(this);
      this.fire();
    }
  }

  fire(): void {
    for (const pending of this.#open) {
      pending.waitFor(undefined);
    }
    this.#end();
  }
}
