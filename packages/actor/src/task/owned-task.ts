import { setBrand, isForeign } from '../brand.ts';
import { describe } from '../describe.ts';
import { type Cell, cellOfProcess, pidAndLabel, type Runtime } from '../process/cell.ts';
import { MonitorRef } from '../process/monitor-ref.ts';
import { PendingResult, type Waiter } from '../process/pending-result.ts';
import { type Pid, type Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { type TaskFunction, type TaskResult, TaskWatch } from './watch.ts';

declare const taskValue: unique symbol;

/** A function that runs as a process, and whose value only the process that started it can take. */
export interface Task<out Value = unknown> {
  /** `undefined` for `Task.completed`. */
  readonly pid: Pid | undefined;
  /** The `ref` of its messages: see `Task.Message`. */
  readonly ref: Ref;
  readonly [taskValue]: Value;
}

/**
 * Tells the owner of a task that its function has returned, when the owner is not waiting for it. A
 * `DOWN` message with the same `ref` follows. Both are removed from the mailbox when the value is
 * taken first.
 */
export interface TaskMessage<out Value = unknown> {
  readonly type: 'task';
  readonly ref: Ref;
  readonly value: Value;
}

/** For a result that needs no message. */
const silence: Waiter<TaskResult> = { settled: () => undefined };

/** The key by which a copy of this package reads the owned task in a task of another copy. */
const ownedTask: unique symbol = Symbol.for('@reprise/actor owned task') as typeof ownedTask;

let openHandle: (task: unknown) => OwnedTask | undefined;

/**
 * A `Task` at run time. The owned task is private: a message that holds a task must not print it.
 */
class TaskHandle {
  static {
    setBrand(this, 'task');
  }

  readonly pid: Pid | undefined;
  readonly ref: Ref;
  readonly #owned: OwnedTask;

  static {
    openHandle = (task) =>
      typeof task === 'object' && task !== null && #owned in task ? task.#owned : openForeign(task);
  }

  constructor(owned: OwnedTask) {
    this.pid = owned.cell?.pid;
    this.ref = owned.ref;
    this.#owned = owned;
  }

  /** For other copies of this package. */
  get [ownedTask](): OwnedTask {
    return this.#owned;
  }
}

function openForeign(task: unknown): OwnedTask | undefined {
  return isForeign(task) && ownedTask in task ? (task[ownedTask] as OwnedTask) : undefined;
}

/** A task as its owner sees it: its result, and the messages that tell of it. */
export class OwnedTask extends PendingResult<TaskResult> {
  readonly owner: Cell;
  /** `undefined` for a task that was completed from the start. */
  readonly cell: Cell | undefined;
  readonly ref: MonitorRef<Cell>;
  #message: TaskMessage | undefined = undefined;

  /**
   * Starts the task, monitored by its owner from the first instant; without `fn` starts nothing.
   */
  constructor(owner: Cell, parent: Process, fn: TaskFunction<unknown> | undefined) {
    super();
    this.owner = owner;
    this.cell = fn && new OwnedWatch(this).run(parent, fn);
    // Its alias says whether the value is still wanted: the owner may demonitor the task itself.
    this.ref = new MonitorRef(owner, { pid: (this.cell ?? owner).pid }, 'DOWN', 'demonitor');
    if (this.cell !== undefined) {
      owner.monitor(this.cell, this.ref);
    }
  }

  /** A task without a process, whose value is known. */
  static completed(owner: Cell, value: unknown): OwnedTask {
    const task = new OwnedTask(owner, owner, undefined);
    task.settle({ type: 'ok', value });
    return task;
  }

  get handle(): Task<never> {
    return new TaskHandle(this) as unknown as Task<never>;
  }

  override get target(): Cell | undefined {
    return this.cell;
  }

  override get runtime(): Runtime {
    return this.owner.runtime;
  }

  override settle(result: TaskResult): void {
    if (this.isWaitedFor) {
      // The owner gets the result itself, and not a DOWN message, too.
      this.owner.demonitor(this.ref);
    }
    super.settle(result);
  }

  /** After this the owner gets no message of the task. */
  override take(): TaskResult | undefined {
    this.owner.demonitor(this.ref);
    return super.take();
  }

  /** From now on no message tells of the task. */
  mute(): void {
    this.waitFor(silence);
  }

  /** Tells of a value only: the DOWN message of the monitor tells of an end without a value. */
  protected override notify(result: TaskResult): void {
    if (result.type === 'ok' && this.ref.alias() !== undefined) {
      this.#message = { type: 'task', ref: this.ref, value: result.value };
      this.owner.pushSystem(this.#message);
    }
  }

  override isNotice(message: unknown): boolean {
    return message !== undefined && (message === this.#message || this.ref.isDown(message));
  }

  override toString(): string {
    return `task ${this.cell === undefined ? 'without a process' : pidAndLabel(this.cell)}`;
  }
}

class OwnedWatch extends TaskWatch {
  readonly #task: OwnedTask;

  constructor(task: OwnedTask) {
    super();
    this.#task = task;
  }

  protected settled(result: TaskResult): void {
    this.#task.settle(result);
  }

  /** Never started: a wait for the task has a timer of its own. */
  fire(): void {}
}

/**
 * The task behind its handle.
 * @throws TypeError for anything but a task
 * @throws Error for a task of another process, or one that is waited for already
 */
export function ownedBy(self: Process, task: Task): OwnedTask {
  const owner = cellOfProcess(self);
  const owned = openHandle(task);
  if (owned === undefined) {
    throw new TypeError(`Expected a task, got ${describe(task)}`);
  }
  if (owned.owner !== owner) {
    throw new Error(
      `Expected a task of ${pidAndLabel(owner)}, got one of ${pidAndLabel(owned.owner)}`,
    );
  }
  if (owned.isWaitedFor) {
    throw new Error(`Expected a task that is not waited for, got ${String(owned)}`);
  }
  return owned;
}
