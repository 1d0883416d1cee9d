import { assertTimeout, Timer, type Timers } from '../host/timers.ts';
import type { OwnedTask } from './owned-task.ts';
import type { TaskResult } from './watch.ts';

type Match = (result: TaskResult) => boolean;

/**
 * Waits until something came of all tasks, or of one that says enough, or until the time is over;
 * then resolves with what `end` returns. That is called in the same instant, so that nothing can
 * come between. A task that is over is not waited for.
 *
 * Rejects with a `RangeError` for a wrong timeout.
 */
export async function waitFor<Value>(
  tasks: readonly OwnedTask[],
  timeout: number,
  isEnough: Match,
  end: () => Value,
): Promise<Value> {
  assertTimeout(timeout);
  const wanted = tasks.filter(({ isOver }) => !isOver);
  const open = wanted.filter(({ result }) => result === undefined);
  const isEnoughNow = wanted.some(({ result }) => result !== undefined && isEnough(result));
  if (open.length === 0 || isEnoughNow || timeout === 0) {
    return end();
  }
  return new Promise((resolve) => {
    new TaskWait(open, isEnough, () => {
      resolve(end());
    }).start(timeout);
  });
}

class TaskWait extends Timer {
  /** Those that nothing has come of. */
  readonly #open: Set<OwnedTask>;
  readonly #isEnough: Match;
  readonly #end: () => void;
  readonly #timers: Timers;

  constructor(open: readonly OwnedTask[], isEnough: Match, end: () => void) {
    super();
    this.#open = new Set(open);
    this.#isEnough = isEnough;
    this.#end = end;
    this.#timers = (open[0] as OwnedTask).owner.runtime.timers;
  }

  start(ms: number): void {
    for (const task of this.#open) {
      task.waitFor(this);
    }
    if (ms < Infinity) {
      this.#timers.start(this, ms);
    }
  }

  came(task: OwnedTask, result: TaskResult): void {
    task.waitFor(undefined);
    this.#open.delete(task);
    if (this.#open.size === 0 || this.#isEnough(result)) {
      this.#timers.stop(this);
      this.fire();
    }
  }

  fire(): void {
    for (const task of this.#open) {
      task.waitFor(undefined);
    }
    this.#end();
  }
}
