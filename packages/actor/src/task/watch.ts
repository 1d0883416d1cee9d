import { describe } from '../describe.ts';
import { type Cell, cellOf } from '../process/cell.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { ProcessFunction, Receiver } from '../process/function-process.ts';
import type { Process } from '../process/process.ts';
import { Request } from '../process/request.ts';
import { spawn } from '../process/spawn.ts';

/** The result of a task: the value of its function, or the reason why there is none. */
export type TaskResult<Value = unknown> =
  | { readonly type: 'ok'; readonly value: Value }
  | { readonly type: 'exit'; readonly reason: ExitReason };

/** The function that a task runs, as a process of its own. */
export type TaskFunction<Value> = (self: Receiver<unknown>) => Value | PromiseLike<Value>;

/** Watches a task. It is a timer, too: a stream gives each of its tasks a timeout. */
export abstract class TaskWatch extends Request {
  cell: Cell | undefined = undefined;
  #isSettled = false;

  protected abstract settled(result: TaskResult): void;

  /**
   * Starts the task, without any link.
   * @throws TypeError for anything but a function
   */
  run(parent: Process, fn: TaskFunction<unknown>): Cell {
    assertFunction(fn);
    const pid = spawn(parent, async (self: Receiver<unknown>) => {
      this.settle({ type: 'ok', value: await fn(self) });
    });
    const cell = cellOf(pid);
    this.cell = cell;
    cell.addRequest(this);
    return cell;
  }

  /** The process ended. */
  fail(reason: ExitReason): void {
    this.settle({ type: 'exit', reason });
  }

  /** Only the first result counts: after its function has returned, the process ends, too. */
  settle(result: TaskResult): void {
    if (!this.#isSettled) {
      this.#isSettled = true;
      this.settled(result);
    }
  }
}

/**
 * The body of a process that runs a function and drops its value.
 * @throws TypeError for anything but a function
 */
export function bodyOf(fn: TaskFunction<unknown>): ProcessFunction<unknown> {
  assertFunction(fn);
  return async (self) => {
    await fn(self);
  };
}

export function assertFunction(fn: unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(`Expected a function for a task, got ${describe(fn)}`);
  }
}
