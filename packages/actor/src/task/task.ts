import {
  type ChildOptions,
  type ChildSpec,
  childSpec as createChildSpec,
  type Shutdown,
} from '../child-spec.ts';
import { assertTimeout } from '../host/timers.ts';
import type { Cell } from '../process/cell.ts';
import { ExitError, TimeoutError } from '../process/exit-error.ts';
import { type ExitReason, noproc } from '../process/exit-reason.ts';
import { waitForResults } from '../process/pending-result.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { parentOf, spawn, spawnLink } from '../process/spawn.ts';
import { shutdownChild } from '../supervisor/shutdown.ts';
import type { ItemFunction, Items, Launch, TaskStreamOptions } from './iteration.ts';
import { OwnedTask, ownedBy, type Task } from './owned-task.ts';
import { streamOf } from './stream.ts';
import { bodyOf, type TaskFunction, type TaskResult } from './watch.ts';

export type { Task, TaskMessage as Message } from './owned-task.ts';
export type { ItemFunction, Items, TaskStreamOptions as StreamOptions } from './iteration.ts';
export * as Supervisor from './task-supervisor.ts';
export type { TaskFunction as Function, TaskResult as Result } from './watch.ts';

/** What a task comes to when all goes well. */
export type ValueOf<T extends Task> = T extends Task<infer Value> ? Value : never;

export type ValuesOf<Tasks extends readonly Task[]> = {
  -readonly [Index in keyof Tasks]: ValueOf<Tasks[Index]>;
};

export type ResultsOf<Tasks extends readonly Task[]> = {
  -readonly [Index in keyof Tasks]: TaskResult<ValueOf<Tasks[Index]>> | undefined;
};

export interface AwaitOptions {
  /** In ms, for all tasks together. Default: 5,000. */
  readonly timeout?: number;
}

export interface YieldManyOptions extends AwaitOptions {
  /**
   * What becomes of those that are not done by then: they go on, and can be awaited again; they go
   * on, but are given up, as by `ignore`; they are killed. Default: `nothing`.
   */
  readonly onTimeout?: 'nothing' | 'ignore' | 'killTask';
}

export interface ShutdownOptions {
  /** In ms, until the task is killed; `brutalKill` kills it at once. Default: 5,000. */
  readonly timeout?: Shutdown;
}

/**
 * Runs a function as a process of its own, linked to `self` and monitored by it: if either crashes,
 * so does the other, unless it traps exits. What the function returns is for `self` alone, which
 * takes it with `await`, `yield` or one of the others; if it does not wait when the function
 * returns, a `TaskMessage` tells it, and a `DOWN` message when the process has ended.
 *
 * Throws an `ExitError` (`noproc`) when `self` has ended, and a `TypeError` for what is no
 * function.
 * @see Elixir manual, `Task.async/1`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const task = Task.async(system, async () => 6 * 7);
 * console.log(await Task.await(system, task)); // 42
 * await system.stop();
 * ```
 */
function async_<Value>(self: Process, fn: TaskFunction<Value>): Task<Value> {
  const owner = parentOf(self);
  const task = new OwnedTask(owner, owner, fn);
  owner.link(task.cell as Cell);
  return task.handle;
}

export { async_ as async };

/**
 * Waits for a task, and resolves with what its function returned, once. Other messages to `self`
 * stay where they are; those of the task are gone afterwards.
 *
 * Rejects with an `ExitError` that has the reason when the task ended without a value; with a
 * `TimeoutError` after `timeout` ms, and then the task goes on, but nothing more is heard of it, or
 * at once when its value was taken before; with an `Error` for a task of another process.
 * @see Elixir manual, `Task.await/2`
 * @example
 * ```ts
 * import { createSystem, spawn, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<number>();
 * spawn(system, async (self) => {
 *   const [left, right] = [Task.async(self, async () => 20), Task.async(self, async () => 22)];
 *   resolve((await Task.await(self, left)) + (await Task.await(self, right, { timeout: 1000 })));
 * });
 * console.log(await promise); // 42
 * await system.stop();
 * ```
 */
async function await_<Value>(
  self: Process,
  task: Task<Value>,
  { timeout = 5000 }: AwaitOptions = {},
): Promise<Value> {
  const owned = ownedBy(self, task);
  const result = await waitForResults([owned], timeout, any, () => owned.take());
  return valueOf(owned, result) as Value;
}

export { await_ as await };

/**
 * Waits for all tasks, and resolves with their values, in the order of the tasks. `timeout`, in ms,
 * is for all of them together.
 *
 * Rejects as `await` does: at once when the first of them ends without a value. Nothing more is
 * heard of any of them then; those that run go on.
 * @see Elixir manual, `Task.await_many/2`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const tasks = [Task.async(system, () => 'one'), Task.async(system, async () => 2)] as const;
 * const [one, two] = await Task.awaitMany(system, tasks);
 * console.log(one.length + two); // 5
 * await system.stop();
 * ```
 */
export async function awaitMany<const Tasks extends readonly Task[]>(
  self: Process,
  tasks: Tasks,
  { timeout = 5000 }: AwaitOptions = {},
): Promise<ValuesOf<Tasks>> {
  const all = tasks.map((task) => ownedBy(self, task));
  const results = await waitForResults(all, timeout, isExit, () => takeAll(all));
  const failed = results.findIndex((result) => result?.type === 'exit');
  if (failed >= 0) {
    valueOf(all[failed] as OwnedTask, results[failed]);
  }
  return all.map((task, index) => valueOf(task, results[index])) as ValuesOf<Tasks>;
}

/**
 * Waits for a task: what came of it, or `undefined` when there is nothing after `timeout` ms; then
 * it can be awaited again. A crash is a value here, and rejects nothing. After its result was taken
 * there is nothing any more.
 *
 * Rejects with an `Error` for a task of another process.
 * @see Elixir manual, `Task.yield/2`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const task = Task.async(system, () => promise);
 * console.log(await Task.yield(system, task, { timeout: 1 })); // undefined
 * resolve('done');
 * console.log(await Task.yield(system, task)); // { type: 'ok', value: 'done' }
 * await system.stop();
 * ```
 */
async function yield_<Value>(
  self: Process,
  task: Task<Value>,
  { timeout = 5000 }: AwaitOptions = {},
): Promise<TaskResult<Value> | undefined> {
  const owned = ownedBy(self, task);
  return waitForResults([owned], timeout, any, () => takeIfSettled(owned)) as Promise<
    TaskResult<Value> | undefined
  >;
}

export { yield_ as yield };

/**
 * Waits for all tasks: what came of each, in the order of the tasks, `undefined` for one that is
 * not done in time.
 *
 * Rejects with an `Error` for a task of another process.
 * @see Elixir manual, `Task.yield_many/2`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const quick = Task.async(system, () => 1);
 * const slow = Task.async(system, async (self) => {
 *   await self.receive();
 * });
 * const [one, none] = await Task.yieldMany(system, [quick, slow], { timeout: 1, onTimeout: 'killTask' });
 * console.log(one, none); // { type: 'ok', value: 1 } undefined
 * await system.stop();
 * ```
 */
export async function yieldMany<const Tasks extends readonly Task[]>(
  self: Process,
  tasks: Tasks,
  { timeout = 5000, onTimeout = 'nothing' }: YieldManyOptions = {},
): Promise<ResultsOf<Tasks>> {
  const all = tasks.map((task) => ownedBy(self, task));
  const results = await waitForResults(all, timeout, none, () => all.map(takeIfSettled));
  const rest = all.map(async (task, index) => results[index] ?? leave(task, onTimeout));
  return (await Promise.all(rest)) as ResultsOf<Tasks>;
}

/**
 * Ends a task, and resolves once it has ended: with `undefined`, or with what came of it, when it
 * was done before, or in the time that it was given, or has ended for another reason. It is
 * unlinked, and asked to `shutdown`, and killed after `timeout` ms, or killed at once.
 *
 * Rejects with an `Error` for a task of another process, or one that was completed from the start.
 * @see Elixir manual, `Task.shutdown/2`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const task = Task.async(system, async (self) => {
 *   await self.receive();
 * });
 * console.log((await Task.yield(system, task, { timeout: 1 })) ?? (await Task.shutdown(system, task))); // undefined
 * await system.stop();
 * ```
 */
export async function shutdown<Value>(
  self: Process,
  task: Task<Value>,
  { timeout = 5000 }: ShutdownOptions = {},
): Promise<TaskResult<Value> | undefined> {
  const owned = ownedBy(self, task);
  if (timeout !== 'brutalKill') {
    assertTimeout(timeout);
  }
  return end(owned, timeout) as Promise<TaskResult<Value> | undefined>;
}

/**
 * Gives a task up: it goes on, but unlinked, and nothing more is heard of it. What came of it, if
 * something has.
 *
 * Throws an `Error` for a task of another process.
 * @see Elixir manual, `Task.ignore/1`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const task = Task.async(system, async (self) => {
 *   await self.receive();
 * });
 * console.log(Task.ignore(system, task)); // undefined
 * await system.stop();
 * ```
 */
export function ignore<Value>(self: Process, task: Task<Value>): TaskResult<Value> | undefined {
  return giveUp(ownedBy(self, task)) as TaskResult<Value> | undefined;
}

/**
 * A task that needs no process: its value is there.
 *
 * Throws an `ExitError` (`noproc`) when `self` has ended.
 * @see Elixir manual, `Task.completed/1`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const cache = new Map([['a', 1]]);
 * const tasks = ['a', 'bc'].map((key) => {
 *   const known = cache.get(key);
 *   return known === undefined
 *     ? Task.async(system, async () => key.length)
 *     : Task.completed(system, known);
 * });
 * console.log(await Task.awaitMany(system, tasks)); // [ 1, 2 ]
 * await system.stop();
 * ```
 */
export function completed<Value>(self: Process, value: Value): Task<Value> {
  return OwnedTask.completed(parentOf(self), value).handle;
}

/**
 * Runs `fn` for each item, as many at a time as `maxConcurrency` says, each as a process of its
 * own, and gives what came of each. It starts when the first result is asked for, and takes an item
 * when a result is asked for and there is room: with `ordered` at most twice `maxConcurrency` are
 * started and not yet handed out. When the loop is left early, what is unfinished is killed.
 *
 * The processes are linked to one that is linked to `self`: unless `self` traps exits, an item that
 * crashes ends it; if it does, the item comes to `{ type: 'exit', reason }`. The end of `self`, for
 * whatever reason, ends them.
 *
 * Throws a `RangeError` for wrong options. The iteration rejects with a `TimeoutError` when an item
 * takes too long, unless `onTimeout` is `killTask`; with what `items` threw; with an `ExitError`
 * when `self` has ended.
 * @see Elixir manual, `Task.async_stream/3`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const lengths = Task.asyncStream(system, ['one', 'three'], async (text) => text.length, {
 *   maxConcurrency: 8,
 * });
 * let sum = 0;
 * for await (const result of lengths) {
 *   sum += result.type === 'ok' ? result.value : 0;
 * }
 * console.log(sum); // 8
 * await system.stop();
 * ```
 */
export function asyncStream<Item, Value>(
  self: Process,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options?: TaskStreamOptions,
): AsyncIterable<TaskResult<Value>> {
  return streamOf(self, { items, fn, launch }, options);
}

/**
 * Runs a function as a process that nobody awaits, not linked to `parent`: `spawn`, by the name
 * that says what for.
 *
 * Throws as `spawn` does.
 * @see Elixir manual, `Task.start/1`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * Task.start(system, async () => resolve('done'));
 * console.log(await promise); // done
 * await system.stop();
 * ```
 */
export function start(parent: Process, fn: TaskFunction<unknown>): Pid {
  return spawn(parent, bodyOf(fn));
}

/**
 * `start`, linked to `parent`.
 *
 * Throws as `spawn` does.
 * @see Elixir manual, `Task.start_link/1`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * Task.startLink(system, async () => resolve('done'));
 * console.log(await promise); // done
 * await system.stop();
 * ```
 */
export function startLink(parent: Process, fn: TaskFunction<unknown>): Pid {
  return spawnLink(parent, bodyOf(fn));
}

/**
 * How to run a function under a supervisor. As most tasks are to be done once, `restart` is
 * `temporary` if it is not given.
 *
 * Throws as the function `childSpec` does.
 * @see Elixir manual, `Task.child_spec/1`
 * @example
 * ```ts
 * import { createSystem, Supervisor, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [Task.childSpec(() => resolve('warm'), { id: 'warm up' })],
 * });
 * console.log(await promise); // warm
 * await system.stop();
 * ```
 */
export function childSpec<const Id extends string>(
  fn: TaskFunction<unknown>,
  options: ChildOptions<Id>,
): ChildSpec<Id, Pid> {
  return createChildSpec<Id, Pid>(async (parent) => startLink(parent, fn), {
    restart: 'temporary',
    ...options,
  });
}

const any = (): boolean => true;
const none = (): boolean => false;
const isExit = ({ type }: TaskResult): boolean => type === 'exit';

function takeAll(tasks: readonly OwnedTask[]): readonly (TaskResult | undefined)[] {
  // Read before any is taken: a task may be in the list twice.
  const results = tasks.map(({ result }) => result);
  for (const task of tasks) {
    task.take();
  }
  return results;
}

/** A task without a result stays as it is, and can be awaited again. */
function takeIfSettled(task: OwnedTask): TaskResult | undefined {
  return task.result === undefined ? undefined : task.take();
}

function valueOf(task: OwnedTask, result: TaskResult | undefined): unknown {
  if (result === undefined) {
    throw new TimeoutError(`${String(task)} was not done in time, or was awaited before`);
  }
  if (result.type === 'exit') {
    throw new ExitError(result.reason, String(task));
  }
  return result.value;
}

/** What is done about a task that is late. */
function leave(
  task: OwnedTask,
  onTimeout: 'nothing' | 'ignore' | 'killTask',
): TaskResult | undefined | Promise<TaskResult | undefined> {
  if (task.isOver || onTimeout === 'nothing') {
    return undefined;
  }
  return onTimeout === 'ignore' ? giveUp(task) : end(task, 'brutalKill');
}

function giveUp(task: OwnedTask): TaskResult | undefined {
  if (task.cell !== undefined) {
    task.owner.unlink(task.cell);
  }
  return task.take();
}

async function end(task: OwnedTask, how: Shutdown): Promise<TaskResult | undefined> {
  const { cell, owner } = task;
  if (cell === undefined) {
    throw new Error(`Expected a task with a process, got ${String(task)}`);
  }
  if (task.isOver && !cell.isAlive) {
    return { type: 'exit', reason: noproc };
  }
  task.mute();
  const reason = await shutdownChild(owner, cell, how);
  const result = task.take() ?? { type: 'exit', reason };
  task.waitFor(undefined);
  return result.type === 'exit' && isAsked(result.reason, how) ? undefined : result;
}

/** Whether it ended as it was asked to. */
function isAsked(reason: ExitReason, how: Shutdown): boolean {
  return how === 'brutalKill'
    ? reason.type === 'killed'
    : reason.type === 'shutdown' && reason.detail === undefined;
}

const launch: Launch = (hub, watch, fn) => {
  hub.link(watch.run(hub, fn));
};
