import { describe } from '../describe.ts';
import { type Cell, cellOf } from '../process/cell.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Process } from '../process/process.ts';
import { Request } from '../process/request.ts';
import { type ProcessFunction, type Receiver, spawn } from '../process/spawn.ts';

/** What came of a task: what its function returned, or why its process ended before that. */
export type TaskResult<Value = unknown> =
  | { readonly type: 'ok'; readonly value: Value }
  | { readonly type: 'exit'; readonly reason: ExitReason };

/** What a task does, as a process of its own. */
export type TaskFunction<Value> = (self: Receiver<unknown>) => Value | PromiseLike<Value>;

/** Learns what comes of a task. A timer, too, for whoever gives it a time. */
export abstract class TaskWatch extends Request {
  cell: Cell | undefined = undefined;
  result: TaskResult | undefined = undefined;

  protected abstract came(result: TaskResult): void;

  /**
   * Starts the task, which nobody is linked to yet. Throws a `TypeError` for what is no function.
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

  fail(reason: ExitReason): void {
    this.settle({ type: 'exit', reason });
  }

  /** The first result is the one: after its function has returned, the process ends too. */
  settle(result: TaskResult): void {
    if (this.result === undefined) {
      this.result = result;
      this.came(result);
    }
  }
}

/**
 * The body of a process that runs a function nobody awaits. Throws a `TypeError` for what is no
 * function.
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
