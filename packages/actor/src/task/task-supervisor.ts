import { type ChildOptions, childSpec as createChildSpec } from '../child-spec.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import type { Destination } from '../process/address.ts';
import { type Cell, cellOfProcess } from '../process/cell.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { parentOf, spawnLink } from '../process/spawn.ts';
import {
  type ChildSpec as DynamicChildSpec,
  type Pid as DynamicSupervisorPid,
  startChild as startDynamic,
  type Started,
  whichChildren,
} from '../supervisor/dynamic/dynamic-supervisor.ts';
import {
  type ItemFunction,
  type Items,
  type Launch,
  streamKeys,
  type TaskStreamOptions,
  type ZippedResult,
} from './iteration.ts';
import { OwnedTask, type Task } from './owned-task.ts';
import { streamOf } from './stream.ts';
import { assertFunction, bodyOf, type TaskFunction, type TaskResult } from './watch.ts';

export {
  childSpec,
  type Options,
  startLink,
  stop,
  terminateChild,
} from '../supervisor/dynamic/dynamic-supervisor.ts';

/** The pid of a task supervisor. Any dynamic supervisor is one. */
type TaskSupervisorPid = DynamicSupervisorPid<readonly unknown[]>;

export type { TaskSupervisorPid as Pid };

type Supervisor = Destination<TaskSupervisorPid>;

export interface SupervisedTaskOptions {
  /** How the supervisor ends the task when it shuts down. Default: 5,000 ms. */
  readonly shutdown?: ChildOptions['shutdown'];
}

const taskKeys: KeysOf<SupervisedTaskOptions> = { shutdown: true };

export interface TaskChildOptions extends SupervisedTaskOptions {
  /** Whether the function runs again when it has ended. Default: `temporary`, it does not. */
  readonly restart?: ChildOptions['restart'];
}

const taskChildKeys: KeysOf<TaskChildOptions> = { ...taskKeys, restart: true };

const supervisedStreamKeys = { ...taskKeys, ...streamKeys };

/**
 * `Task.async`, but the task is a child of the supervisor, and also ends with it. Like every task
 * it is never restarted. Resolves when it runs.
 * @throws ExitError `maxChildren` when the supervisor is full, `noproc` when it or `self` has ended
 * @throws TypeError for anything but a function
 * @see Elixir manual, `Task.Supervisor.async/3`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const tasks = await Task.Supervisor.startLink(system);
 * const task = await Task.Supervisor.async(system, tasks, () => 42);
 * console.log(await Task.await(system, task)); // 42
 * await system.stop();
 * ```
 */
async function async_<Value>(
  self: Process,
  supervisor: Supervisor,
  fn: TaskFunction<Value>,
  options: SupervisedTaskOptions = {},
): Promise<Task<Value>> {
  assertKnownKeys('Task.Supervisor.async', options, taskKeys);
  return startOwned(self, supervisor, fn, true, options);
}

/**
 * `async`, but the task is not linked to `self`: neither ends the other. A crash of the task is its
 * result, or comes as a `DOWN` message when `self` is not waiting.
 * @throws as `async` does
 * @see Elixir manual, `Task.Supervisor.async_nolink/3`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
 * const tasks = await Task.Supervisor.startLink(system);
 * const task = await Task.Supervisor.asyncNolink(system, tasks, () => {
 *   throw new Error('no network');
 * });
 * const result = await Task.yield(system, task);
 * console.log(result?.type); // exit
 * await system.stop();
 * ```
 */
export async function asyncNolink<Value>(
  self: Process,
  supervisor: Supervisor,
  fn: TaskFunction<Value>,
  options: SupervisedTaskOptions = {},
): Promise<Task<Value>> {
  assertKnownKeys('Task.Supervisor.asyncNolink', options, taskKeys);
  return startOwned(self, supervisor, fn, false, options);
}

export { async_ as async };

/**
 * Runs a function as a child of the supervisor, for its effects: its value is dropped. Resolves
 * with its pid.
 * @throws ExitError `maxChildren` when the supervisor is full, `noproc` when it has ended
 * @throws TypeError for anything but a function
 * @see Elixir manual, `Task.Supervisor.start_child/3`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const tasks = await Task.Supervisor.startLink(system);
 * const { promise, resolve } = Promise.withResolvers<string>();
 * await Task.Supervisor.startChild(tasks, () => {
 *   resolve('sent');
 * });
 * console.log(await promise); // sent
 * await system.stop();
 * ```
 */
export async function startChild(
  supervisor: Supervisor,
  fn: TaskFunction<unknown>,
  options: TaskChildOptions = {},
): Promise<Pid> {
  assertKnownKeys('Task.Supervisor.startChild', options, taskChildKeys);
  const body = bodyOf(fn);
  return startDynamic(
    supervisor,
    taskSpec((parent) => spawnLink(parent, body), options),
  );
}

/**
 * The pids of the running tasks, in no particular order.
 * @throws as `GenServer.call` does
 * @see Elixir manual, `Task.Supervisor.children/1`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const tasks = await Task.Supervisor.startLink(system);
 * const pid = await Task.Supervisor.startChild(tasks, async (self) => {
 *   await self.receive();
 * });
 * console.log((await Task.Supervisor.children(tasks)).includes(pid)); // true
 * await system.stop();
 * ```
 */
export async function children(supervisor: Supervisor): Promise<readonly Pid[]> {
  const all = await whichChildren(supervisor);
  return all.map(({ pid }) => pid).filter((pid) => pid !== 'restarting');
}

/**
 * `Task.asyncStream`, but the tasks are children of the supervisor, and also end with it.
 * @throws as `Task.asyncStream` does; ExitError `maxChildren` from the iteration, when the
 * supervisor is full
 * @see Elixir manual, `Task.Supervisor.async_stream/4`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const tasks = await Task.Supervisor.startLink(system);
 * const doubled: number[] = [];
 * for await (const result of Task.Supervisor.asyncStream(system, tasks, [1, 2], (n) => n * 2)) {
 *   doubled.push(result.type === 'ok' ? result.value : 0);
 * }
 * console.log(doubled); // [ 2, 4 ]
 * await system.stop();
 * ```
 */
export function asyncStream<Item, Value>(
  self: Process,
  supervisor: Supervisor,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options: SupervisedTaskOptions & TaskStreamOptions & { readonly zipInputOnExit: true },
): AsyncIterable<ZippedResult<Item, Value>>;
export function asyncStream<Item, Value>(
  self: Process,
  supervisor: Supervisor,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options?: SupervisedTaskOptions & TaskStreamOptions,
): AsyncIterable<TaskResult<Value>>;
export function asyncStream<Item, Value>(
  self: Process,
  supervisor: Supervisor,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options: SupervisedTaskOptions & TaskStreamOptions = {},
): AsyncIterable<TaskResult<Value>> {
  assertKnownKeys('Task.Supervisor.asyncStream', options, supervisedStreamKeys);
  return streamOf(self, { items, fn, launch: launcher(supervisor, true, options) }, options);
}

/**
 * `asyncStream`, but the tasks are not linked to `self`: a crash of one is its result, and the
 * others go on.
 * @throws as `asyncStream` does
 * @see Elixir manual, `Task.Supervisor.async_stream_nolink/4`
 * @example
 * ```ts
 * import { createSystem, Task } from '@reprise/actor';
 *
 * const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
 * const tasks = await Task.Supervisor.startLink(system);
 * const numbers = Task.Supervisor.asyncStreamNolink(system, tasks, ['1', 'one'], (text) => BigInt(text));
 * const types: string[] = [];
 * for await (const result of numbers) {
 *   types.push(result.type);
 * }
 * console.log(types); // [ 'ok', 'exit' ]
 * await system.stop();
 * ```
 */
export function asyncStreamNolink<Item, Value>(
  self: Process,
  supervisor: Supervisor,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options: SupervisedTaskOptions & TaskStreamOptions & { readonly zipInputOnExit: true },
): AsyncIterable<ZippedResult<Item, Value>>;
export function asyncStreamNolink<Item, Value>(
  self: Process,
  supervisor: Supervisor,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options?: SupervisedTaskOptions & TaskStreamOptions,
): AsyncIterable<TaskResult<Value>>;
export function asyncStreamNolink<Item, Value>(
  self: Process,
  supervisor: Supervisor,
  items: Items<Item>,
  fn: ItemFunction<Item, Value>,
  options: SupervisedTaskOptions & TaskStreamOptions = {},
): AsyncIterable<TaskResult<Value>> {
  assertKnownKeys('Task.Supervisor.asyncStreamNolink', options, supervisedStreamKeys);
  return streamOf(self, { items, fn, launch: launcher(supervisor, false, options) }, options);
}

async function startOwned<Value>(
  self: Process,
  supervisor: Supervisor,
  fn: TaskFunction<Value>,
  isLinked: boolean,
  options?: SupervisedTaskOptions,
): Promise<Task<Value>> {
  assertFunction(fn);
  const owner = cellOfProcess(self);
  const spec = taskSpec((parent) => {
    const task = new OwnedTask(parentOf(owner), parent, fn);
    return { pid: linkTask(task.cell as Cell, parent, isLinked ? owner : undefined), info: task };
  }, options);
  const { info } = await startDynamic(supervisor, spec);
  return info.handle;
}

function launcher(
  supervisor: Supervisor,
  isLinked: boolean,
  options?: SupervisedTaskOptions,
): Launch {
  return (hub, watch, fn) => {
    const spec = taskSpec((parent) => {
      // Throws when the stream has ended while the supervisor was busy.
      parentOf(hub);
      return linkTask(watch.run(parent, fn), parent, isLinked ? hub : undefined);
    }, options);
    return startDynamic(supervisor, spec);
  };
}

function linkTask(task: Cell, parent: Cell, owner: Cell | undefined): Pid {
  parent.link(task);
  owner?.link(task);
  return task.pid;
}

function taskSpec<Value extends Started>(
  start: (parent: Cell) => Value,
  { restart = 'temporary', shutdown = 5000 }: TaskChildOptions = {},
): DynamicChildSpec<Value, readonly unknown[]> {
  const spec = createChildSpec(() => Promise.resolve(undefined), { id: 'task', restart, shutdown });
  return { ...spec, start: async (parent) => start(cellOfProcess(parent)) };
}
