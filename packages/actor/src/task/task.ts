import {
  childKeys,
  type ChildOptions,
  type ChildSpec,
  childSpec as createChildSpec,
  type Shutdown,
} from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { assertOneOf } from '../one-of.ts';
import type { Cell } from '../process/cell.ts';
import { ExitError, TimeoutError } from '../process/exit-error.ts';
import { type ExitReason, noproc } from '../process/exit-reason.ts';
import { firstResult, waitForResults } from '../process/pending-result.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { parentOf, spawn, spawnLink } from '../process/spawn.ts';
import { shutdownChild } from '../supervisor/shutdown.ts';
import {
  type ItemFunction,
  type Items,
  type Launch,
  streamKeys,
  type TaskStreamOptions,
  type ZippedResult,
} from './iteration.ts';
import { OwnedTask, ownedBy, type Task } from './owned-task.ts';
import { streamOf } from './stream.ts';
import { assertFunction, bodyOf, type TaskFunction, type TaskResult } from './watch.ts';

export type { Task, TaskMessage as Message } from './owned-task.ts';
export type {
  ItemFunction,
  Items,
  TaskStreamOptions as StreamOptions,
  ZippedResult,
} from './iteration.ts';
export * as Supervisor from './task-supervisor.ts';
export type { TaskFunction as Function, TaskResult as Result } from './watch.ts';

/** The type of the value of a task. */
export type ValueOf<T extends Task> = T extends Task<infer Value> ? Value : never;

/** The types of the values of several tasks. */
export type ValuesOf<Tasks extends readonly Task[]> = {
  -readonly [Index in keyof Tasks]: ValueOf<Tasks[Index]>;
};

/** The types of the results of several tasks. */
export type ResultsOf<Tasks extends readonly Task[]> = {
  -readonly [Index in keyof Tasks]: TaskResult<ValueOf<Tasks[Index]>> | undefined;
};

export interface AwaitOptions {
  /** In ms, for all tasks together. Default: 5,000. */
  readonly timeout?: number;
}

const awaitKeys: KeysOf<AwaitOptions> = { timeout: true };

export interface YieldManyOptions extends AwaitOptions {
  /**
   * The fate of tasks that are not done in time. `nothing`: they go on, and can be awaited again.
   * `ignore`: they go on, unlinked, and are given up. `killTask`: they are killed. Default:
   * `nothing`.
   */
  readonly onTimeout?: 'nothing' | 'ignore' | 'killTask';
  /**
   * How many results are enough, a whole number from 1 on: when so many have come, it waits no
   * longer, and leaves the other tasks as they are, whatever `onTimeout` says. Default: all.
   */
  readonly limit?: number;
}

const yieldManyKeys: KeysOf<YieldManyOptions> = {
  ...awaitKeys,
  onTimeout: true,
  limit: true,
};

export interface ShutdownOptions {
  /** In ms, until the task is killed; `brutalKill` kills it at once. Default: 5,000. */
  readonly timeout?: Shutdown;
}

const shutdownKeys: KeysOf<ShutdownOptions> = { timeout: true };

/**
 * Runs a function as a process of its own, linked to `self` and monitored by it: if either crashes,
 * so does the other, unless it traps exits. Only `self` can take the value of the function, with
 * `await`, `yield` and their sisters. If `self` is not waiting when the function returns, it gets a
 * `Task.Message`, and a `DOWN` message when the process has ended.
 * @throws ExitError `noproc` when `self` has ended; TypeError for anything but a function
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
 * Waits for a task, and resolves with the value of its function, once. The messages of the task are
 * removed from the mailbox of `self`, and no others.
 * @throws ExitError with the reason when the task ended without a value
 * @throws TimeoutError after `timeout`, or at once when the value was taken before; the task goes
 * on, and no message tells of it
 * @throws Error for a task of another process, or one that is waited for already
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
  options: AwaitOptions = {},
): Promise<Value> {
  assertKnownKeys('Task.await', options, awaitKeys);
  const { timeout = 5000 } = options;
  const owned = ownedBy(self, task);
  const result = await waitForResults([owned], timeout, firstResult, () => owned.take());
  return valueOrThrow(owned, result) as Value;
}

export { await_ as await };

/**
 * Waits for all tasks, and resolves with their values, in the order of the tasks.
 * @throws as `await` does, at once when a task ends without a value; the others go on, and no
 * message tells of them
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
  options: AwaitOptions = {},
): Promise<ValuesOf<Tasks>> {
  assertKnownKeys('Task.awaitMany', options, awaitKeys);
  const { timeout = 5000 } = options;
  const all = tasks.map((task) => ownedBy(self, task));
  const results = await waitForResults(all, timeout, firstFailure, () => takeAll(all));
  const failed = results.findIndex((result) => result?.type === 'exit');
  if (failed >= 0) {
    valueOrThrow(all[failed] as OwnedTask, results[failed]);
  }
  return all.map((task, index) => valueOrThrow(task, results[index])) as ValuesOf<Tasks>;
}

/**
 * Waits for a task, and resolves with its result, which may be a crash. Resolves with `undefined`
 * when there is none after `timeout`, and then the task can be awaited again, or when the result
 * was taken before.
 * @throws Error for a task of another process, or one that is waited for already
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
  options: AwaitOptions = {},
): Promise<TaskResult<Value> | undefined> {
  assertKnownKeys('Task.yield', options, awaitKeys);
  const { timeout = 5000 } = options;
  const owned = ownedBy(self, task);
  return waitForResults([owned], timeout, firstResult, () => takeIfSettled(owned)) as Promise<
    TaskResult<Value> | undefined
  >;
}

export { yield_ as yield };

/**
 * Waits for all tasks, and resolves with their results, in the order of the tasks: `undefined` for
 * a task that is not done in time, or when the `limit` was reached.
 * @throws Error for a task of another process, or one that is waited for already; RangeError or
 * TypeError for a wrong option
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
  options: YieldManyOptions = {},
): Promise<ResultsOf<Tasks>> {
  assertKnownKeys('Task.yieldMany', options, yieldManyKeys);
  const { timeout = 5000, onTimeout = 'nothing', limit = Infinity } = options;
  assertOneOf('Expected onTimeout to be', onTimeout, ['nothing', 'ignore', 'killTask']);
  assertLimit(limit);
  const all = tasks.map((task) => ownedBy(self, task));
  const isEnough = (): boolean => limit < Infinity && settledOf(all).size >= limit;
  const taken = await waitForResults(all, timeout, isEnough, () => takeFirst(all, limit));
  const late = taken.size < limit ? onTimeout : 'nothing';
  const rest = all.map(async (task) => taken.get(task) ?? handleLate(task, late));
  return (await Promise.all(rest)) as ResultsOf<Tasks>;
}

/**
 * Ends a task: unlinks it, sends it a `shutdown` signal, and kills it after `timeout`. Resolves
 * when it has ended: with `undefined`, or with its result when it was done before the end, or ended
 * for another reason.
 * @throws Error for a task of another process, or one without a process
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
  options: ShutdownOptions = {},
): Promise<TaskResult<Value> | undefined> {
  assertKnownKeys('Task.shutdown', options, shutdownKeys);
  const { timeout = 5000 } = options;
  const owned = ownedBy(self, task);
  if (timeout !== 'brutalKill') {
    assertTimeout(timeout);
  }
  return end(owned, timeout) as Promise<TaskResult<Value> | undefined>;
}

/**
 * Gives a task up: it goes on, but unlinked, and no message tells of it. Returns its result, if it
 * has one.
 * @throws Error for a task of another process, or one that is waited for already
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
  return abandon(ownedBy(self, task)) as TaskResult<Value> | undefined;
}

/**
 * A task without a process, whose value is known.
 * @throws ExitError `noproc` when `self` has ended
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
 * Runs `fn` for each item, at most `maxConcurrency` at a time, each as a process of its own, and
 * iterates over the results. The first call of `next` starts it. An item is taken when a result is
 * wanted and there is room: with `ordered`, at most twice `maxConcurrency` items are started whose
 * results were not taken. When the loop is left early, the unfinished tasks are killed.
 *
 * The processes are linked to a process that is linked to `self`. An item that crashes ends `self`,
 * unless it traps exits: then the result of the item is `{ type: 'exit', reason }`. When `self`
 * ends, for any reason, the tasks end.
 * @throws RangeError for wrong options; TypeError for anything but a function
 * @throws TimeoutError from the iteration, when an item takes too long and `onTimeout` is `exit`
 * @throws ExitError from the iteration, when `self` has ended
 * @throws from the iteration, the error that `items` throws
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
  options: TaskStreamOptions & { readonly zipInputOnExit: true },
): AsyncIterable<ZippedResult<Item, Value>>;
export function asyncStream<Item, Value>(
  self: Process,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options?: TaskStreamOptions,
): AsyncIterable<TaskResult<Value>>;
export function asyncStream<Item, Value>(
  self: Process,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options: TaskStreamOptions = {},
): AsyncIterable<TaskResult<Value>> {
  assertKnownKeys('Task.asyncStream', options, streamKeys);
  return streamOf(self, { items, fn, launch }, options);
}

/**
 * Runs a function as a process, for its effects: its value is dropped. Not linked to `parent`.
 * @throws as `spawn` does
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
 * @throws as `spawn` does
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
 * A child spec that runs a function. Most tasks run once: the default of `restart` is `temporary`.
 * @throws TypeError or RangeError for a wrong option
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
  assertKnownKeys('Task.childSpec', options, childKeys);
  assertFunction(fn);
  return createChildSpec<Id, Pid>(async (parent) => startLink(parent, fn), {
    restart: 'temporary',
    ...options,
  });
}

const firstFailure = ({ type }: TaskResult): boolean => type === 'exit';

function takeAll(tasks: readonly OwnedTask[]): readonly (TaskResult | undefined)[] {
  // Read before any is taken: a task may be in the list twice.
  const results = tasks.map(({ result }) => result);
  for (const task of tasks) {
    task.take();
  }
  return results;
}

function assertLimit(limit: unknown): void {
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && (limit as number) > 0)) {
    throw new RangeError(`Expected limit to be a whole number above 0, got ${describe(limit)}`);
  }
}

function settledOf(tasks: readonly OwnedTask[]): ReadonlySet<OwnedTask> {
  return new Set(tasks.filter(({ result }) => result !== undefined));
}

/** Takes the results that came first; the others can be taken later. */
function takeFirst(
  tasks: readonly OwnedTask[],
  limit: number,
): ReadonlyMap<OwnedTask, TaskResult | undefined> {
  const first = [...settledOf(tasks)].toSorted((a, b) => a.order - b.order).slice(0, limit);
  return new Map(first.map((task) => [task, task.take()]));
}

/** A task without a result stays as it is, and can be awaited again. */
function takeIfSettled(task: OwnedTask): TaskResult | undefined {
  return task.result === undefined ? undefined : task.take();
}

function valueOrThrow(task: OwnedTask, result: TaskResult | undefined): unknown {
  if (result === undefined) {
    throw new TimeoutError(`${String(task)} was not done in time, or was awaited before`);
  }
  if (result.type === 'exit') {
    throw new ExitError(result.reason, String(task));
  }
  return result.value;
}

/** A task was not done in time. */
function handleLate(
  task: OwnedTask,
  onTimeout: 'nothing' | 'ignore' | 'killTask',
): TaskResult | undefined | Promise<TaskResult | undefined> {
  if (task.isOver || onTimeout === 'nothing') {
    return undefined;
  }
  return onTimeout === 'ignore' ? abandon(task) : end(task, 'brutalKill');
}

function abandon(task: OwnedTask): TaskResult | undefined {
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
  return result.type === 'exit' && isObedient(result.reason, how) ? undefined : result;
}

/** Whether the process ended in the way it was told to. */
function isObedient(reason: ExitReason, how: Shutdown): boolean {
  return how === 'brutalKill'
    ? reason.type === 'killed'
    : reason.type === 'shutdown' && reason.detail === undefined;
}

const launch: Launch = (hub, watch, fn) => {
  hub.link(watch.run(hub, fn));
};
