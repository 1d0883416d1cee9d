import { describe } from '../describe.ts';
import { type Cell, cellOfProcess } from '../process/cell.ts';
import { MonitorRef } from '../process/monitor-ref.ts';
import { type Pid, type Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { type TaskFunction, type TaskResult, TaskWatch } from './watch.ts';

declare const comesTo: unique symbol;

/**
 * A function that runs as a process, and whose value the process that started it, and no other, can
 * await.
 */
export interface Task<out Value = unknown> {
  /** `undefined` when it was completed from the start. */
  readonly pid: Pid | undefined;
  /** The one of its messages: see `TaskMessage`. */
  readonly ref: Ref;
  readonly [comesTo]: Value;
}

/**
 * What the owner of a task gets when its function returns while nobody awaits it; a `DOWN` message
 * with the same `ref` follows. It is taken out of the mailbox again when the task is awaited after
 * all.
 */
export interface TaskMessage<out Value = unknown> {
  readonly type: 'task';
  readonly ref: Ref;
  readonly value: Value;
}

/** Who is told at once, in place of a message. */
interface Wait {
  came(task: OwnedTask, result: TaskResult): void;
}

const silence: Wait = { came: () => undefined };

let open: (task: unknown) => OwnedTask | undefined;

/** What a `Task` is at run time: it prints no more than this. */
class TaskHandle {
  readonly pid: Pid | undefined;
  readonly ref: Ref;
  readonly #owned: OwnedTask;

  static {
    open = (task) =>
      typeof task === 'object' && task !== null && #owned in task ? task.#owned : undefined;
  }

  constructor(owned: OwnedTask) {
    this.pid = owned.cell?.pid;
    this.ref = owned.ref;
    this.#owned = owned;
  }
}

/**
 * A task from its owner's side: what came of it, who waits for that, and which messages tell of it.
 */
export class OwnedTask extends TaskWatch {
  readonly owner: Cell;
  readonly ref: MonitorRef<Cell>;
  /** Its result was taken, or is not wanted any more. */
  isOver = false;
  #wait: Wait | undefined = undefined;
  #message: TaskMessage | undefined = undefined;
  #isTold = false;

  /**
   * Starts the task, monitored by its owner from the first instant; without a function none is
   * started.
   */
  constructor(owner: Cell, parent: Process, fn: TaskFunction<unknown> | undefined) {
    super();
    this.owner = owner;
    const cell = fn && this.run(parent, fn);
    // Its alias says whether the reply is still wanted: the owner may take the monitor off itself.
    this.ref = new MonitorRef(owner, { pid: (cell ?? owner).pid }, 'DOWN', 'demonitor');
    if (cell !== undefined) {
      owner.monitor(cell, this.ref);
    }
  }

  /** Without a process, and with its result. */
  static completed(owner: Cell, value: unknown): OwnedTask {
    const task = new OwnedTask(owner, owner, undefined);
    task.settle({ type: 'ok', value });
    return task;
  }

  get handle(): Task<never> {
    return new TaskHandle(this) as unknown as Task<never>;
  }

  /** Nobody gives it a time: whoever waits has a timer. */
  fire(): void {}

  protected came(result: TaskResult): void {
    if (this.isOver) {
      return;
    }
    if (this.#wait !== undefined) {
      this.owner.demonitor(this.ref);
      this.#wait.came(this, result);
      return;
    }
    // Of an end the monitor tells.
    this.#isTold = true;
    if (result.type === 'ok' && this.ref.alias() !== undefined) {
      this.#message = { type: 'task', ref: this.ref, value: result.value };
      this.owner.pushSystem(this.#message);
    }
  }

  override toString(): string {
    return `task ${String(this.cell?.pid ?? 'without a process')}`;
  }

  get isWaitedFor(): boolean {
    return this.#wait !== undefined;
  }

  waitFor(wait: Wait | undefined): void {
    this.#wait = wait;
  }

  /** From now on no message tells of it. */
  hush(): void {
    this.#wait = silence;
  }

  /**
   * The result, once; afterwards the owner hears nothing of the task any more. `undefined` when
   * there is none.
   */
  take(): TaskResult | undefined {
    const result = this.isOver ? undefined : this.result;
    this.isOver = true;
    this.owner.demonitor(this.ref);
    if (this.#isTold) {
      this.#isTold = false;
      this.owner.flush((message) => message === this.#message || this.ref.isDown(message));
    }
    return result;
  }
}

/**
 * The task behind its handle. Throws a `TypeError` for what is no task, and an `Error` for one that
 * is another process's, or that is waited for already.
 */
export function ownedBy(self: Process, task: Task): OwnedTask {
  const owner = cellOfProcess(self);
  const owned = open(task);
  if (owned === undefined) {
    throw new TypeError(`Expected a task, got ${describe(task)}`);
  }
  if (owned.owner !== owner) {
    const other = String(owned.owner.pid);
    throw new Error(`Expected a task of ${String(owner.pid)}, got one of ${other}`);
  }
  if (owned.isWaitedFor) {
    throw new Error(`Expected a task that nobody waits for, got ${String(owned)}`);
  }
  return owned;
}
