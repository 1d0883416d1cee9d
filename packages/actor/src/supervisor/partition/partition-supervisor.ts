import {
  assertChildSpec,
  childKeys,
  type ChildOptions,
  type ChildSpec,
  specOf,
} from '../../child-spec.ts';
import { describe } from '../../describe.ts';
import { assertKnownKeys, type KeysOf, partOf } from '../../known-keys.ts';
import { assertOneBag } from '../../one-bag.ts';
import { type Destination, destinationText, type Name, type Named } from '../../process/address.ts';
import { cellOfProcess } from '../../process/cell.ts';
import { ExitError } from '../../process/exit-error.ts';
import { noproc } from '../../process/exit-reason.ts';
import { type Pid } from '../../process/pid.ts';
import type { Process } from '../../process/process.ts';
import type { Server } from '../../server/behaviour.ts';
import * as GenServer from '../../server/gen-server.ts';
import type { SupervisorCalls } from '../behaviour.ts';
import { callSupervisor, type Outcome, type SupervisorRequest, valueOf } from '../call.ts';
import type { ChildCounts, ChildInfo } from '../children.ts';
import { type Intensity, intensityOf } from '../intensity.ts';
import { type CheckedOptions, checkedOptions } from '../options.ts';
import { PartitionAddress } from './address.ts';
import { partitionSupervisorBehaviour } from './behaviour.ts';
import type { PartitionKey } from './key.ts';
import { partitionStateOf } from './state.ts';

export type {
  PartitionInfo as ChildInfo,
  PartitionSpec as ChildSpec,
  PartitionSupervisorOptions as Options,
  PartitionSupervisorPid as Pid,
};
export type { PartitionKey as Key } from './key.ts';

/**
 * A child spec whose `start` also takes the number of the partition, from 0. A `start` without that
 * parameter is allowed as well.
 */
interface PartitionSpec<out Child extends Pid = Pid> extends Omit<ChildSpec, 'start'> {
  readonly start: (parent: Process, partition: number) => Promise<Child | undefined>;
}

interface PartitionSupervisorOptions<Child extends Pid = Pid> extends Partial<Intensity> {
  /** The child spec of each partition. */
  readonly child: PartitionSpec<Child>;
  /** How many partitions there are. Default: the `parallelism` of the system. */
  readonly partitions?: number;
  /** A name in the system; a `Name` also has the type of the partitions. */
  readonly name?: string | Name<PartitionSupervisorPid<Child>>;
}

const partitionKeys: KeysOf<PartitionSupervisorOptions> = {
  child: true,
  partitions: true,
  name: true,
  maxRestarts: true,
  maxSeconds: true,
};

/** The requests of a partition supervisor: those of a static one, and `resize`. */
interface PartitionCalls extends SupervisorCalls {
  readonly resize: SupervisorRequest<number, Outcome<number>>;
}

declare const partition: unique symbol;

/** The pid of a partition supervisor. Its type has the type of the partitions. */
interface PartitionSupervisorPid<out Child extends Pid = Pid> extends Server<
  PartitionCalls,
  unknown
> {
  readonly [partition]: Child;
}

/** The answer of a partition supervisor about one partition. */
interface PartitionInfo {
  /** The number of the partition, from 0. */
  readonly id: number;
  /** `undefined` while it does not run, for example beyond the size. */
  readonly pid: ChildInfo['pid'];
  readonly type: 'worker' | 'supervisor';
}

type AnyPartitionSupervisor = Destination<PartitionSupervisorPid>;

/**
 * Starts a supervisor, linked to `parent`, of equal processes that share the work: `route` finds
 * the process for a key. Each is restarted by itself.
 * @throws as `Supervisor.startLink` does; TypeError or RangeError for wrong options
 * @see Elixir manual, `PartitionSupervisor.start_link/1`; in place of `:with_arguments` the start
 * is given the partition
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, PartitionSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const counters = await PartitionSupervisor.startLink(system, {
 *   child: childSpec((parent, partition: number) => Agent.startLink(parent, () => partition * 100), {
 *     id: 'counter',
 *   }),
 *   partitions: 4,
 * });
 * const counter = PartitionSupervisor.route(counters, 7);
 * console.log(await Agent.get(counter, (n) => n)); // 300
 * await system.stop();
 * ```
 */
export async function startLink<Child extends Pid>(
  parent: Process,
  options: PartitionSupervisorOptions<Child>,
): Promise<PartitionSupervisorPid<Child>> {
  assertOneBag('PartitionSupervisor.startLink', arguments, 2);
  assertKnownKeys('PartitionSupervisor.startLink', options, partitionKeys);
  const { name } = options;
  const start = GenServer.startLink as (...args: readonly unknown[]) => Promise<never>;
  return start(
    parent,
    partitionSupervisorBehaviour,
    optionsOf(options, cellOfProcess(parent, 'parent').runtime.parallelism),
    name === undefined ? {} : { name },
  );
}

/**
 * A child spec that starts a partition supervisor under another supervisor. Default for `shutdown`:
 * `Infinity`, as OTP advises for supervisors.
 * @throws as the function `childSpec` does
 * @see Elixir manual, `PartitionSupervisor.child_spec/1`
 * @example
 * ```ts
 * import { createSystem, PartitionSupervisor, Supervisor, Task } from '@reprise/actor';
 *
 * const system = createSystem();
 * const child = Task.Supervisor.childSpec({ id: 'tasks' });
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [PartitionSupervisor.childSpec({ id: 'tasks', child, partitions: 2 })],
 * });
 * const tasks = PartitionSupervisor.route(Supervisor.child(app, 'tasks'), 'joe');
 * const task = await Task.Supervisor.async(system, tasks, () => 42);
 * console.log(await Task.await(system, task)); // 42
 * await system.stop();
 * ```
 */
export function childSpec<Child extends Pid, const Id extends string>(
  options: ChildOptions<Id> & PartitionSupervisorOptions<Child>,
): ChildSpec<Id, PartitionSupervisorPid<Child>> {
  assertOneBag('PartitionSupervisor.childSpec', arguments, 1);
  assertKnownKeys('PartitionSupervisor.childSpec', options, { ...childKeys, ...partitionKeys });
  // Checked now rather than at the start, when siblings may run already.
  optionsOf(options, 1);
  const own = partOf<PartitionSupervisorOptions<Child>>(options, partitionKeys);
  return specOf<Id, PartitionSupervisorPid<Child>>((parent) => startLink(parent, own), {
    ...options,
    type: 'supervisor',
  });
}

/**
 * The address of the partition that a key belongs to, looked up at each use: after a restart it is
 * the new process, after a resize it may be another partition. A key always belongs to the same
 * partition of a given number: a whole number by its remainder, a pid by its id, other keys by a
 * hash of their text. A message to the address while the size is 0 throws an `Error`.
 * @throws TypeError for a value that is not a key
 * @see Elixir manual, `PartitionSupervisor`, `{:via, PartitionSupervisor, {name, key}}`
 * @example
 * ```ts
 * import { Agent, createSystem, PartitionSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const caches = await PartitionSupervisor.startLink(system, {
 *   child: Agent.childSpec(() => new Map<string, number>(), { id: 'cache' }),
 * });
 * await Agent.update(PartitionSupervisor.route(caches, 'joe'), (cache) => cache.set('joe', 1));
 * const cache = PartitionSupervisor.route(caches, 'joe');
 * console.log(await Agent.get(cache, (map) => map.get('joe'))); // 1
 * await system.stop();
 * ```
 */
export function route<Child extends Pid>(
  supervisor: Destination<PartitionSupervisorPid<Child>>,
  key: PartitionKey,
): Named<Child> {
  return new PartitionAddress(supervisor, key) as unknown as Named<Child>;
}

/**
 * How many partitions are in use.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see Elixir manual, `PartitionSupervisor.partitions/1`
 * @example
 * ```ts
 * import { Agent, createSystem, PartitionSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const child = Agent.childSpec(() => 0, { id: 'n' });
 * const supervisor = await PartitionSupervisor.startLink(system, { child, partitions: 3 });
 * console.log(PartitionSupervisor.partitions(supervisor)); // 3
 * await system.stop();
 * ```
 */
export function partitions(supervisor: AnyPartitionSupervisor): number {
  const found = partitionStateOf(supervisor);
  if (found === undefined) {
    throw new ExitError(noproc, `partitions of ${destinationText(supervisor)}`);
  }
  return found.size;
}

/**
 * Sets how many partitions are in use: the first `size`. The others are shut down, or started again
 * when the size grows. Resolves with the size before.
 * @throws RangeError for more partitions than the supervisor was started with
 * @throws ExitError with the reason when a partition does not start; those before it are in use
 * then. Otherwise as `GenServer.call` does
 * @see Elixir manual, `PartitionSupervisor.resize!/2`
 * @example
 * ```ts
 * import { Agent, createSystem, PartitionSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const child = Agent.childSpec(() => 0, { id: 'n' });
 * const supervisor = await PartitionSupervisor.startLink(system, { child, partitions: 3 });
 * console.log(await PartitionSupervisor.resize(supervisor, 1)); // 3
 * console.log((await PartitionSupervisor.countChildren(supervisor)).active); // 1
 * await system.stop();
 * ```
 */
export async function resize(supervisor: AnyPartitionSupervisor, size: number): Promise<number> {
  const most = partitionStateOf(supervisor)?.total ?? Infinity;
  if (!Number.isInteger(size) || size < 0 || size > most) {
    throw new RangeError(
      `Expected a whole number of partitions from 0 to ${most}, got ${describe(size)}`,
    );
  }
  return valueOf(await callSupervisor(supervisor, 'resize', size), supervisor) as number;
}

/**
 * Each partition in order, including those beyond the size.
 * @throws as `GenServer.call` does
 * @see Elixir manual, `PartitionSupervisor.which_children/1`
 * @example
 * ```ts
 * import { Agent, createSystem, PartitionSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const child = Agent.childSpec(() => 0, { id: 'n' });
 * const supervisor = await PartitionSupervisor.startLink(system, { child, partitions: 2 });
 * const children = await PartitionSupervisor.whichChildren(supervisor);
 * console.log(children.map(({ id, type }) => `${id}: ${type}`)); // [ '0: worker', '1: worker' ]
 * await system.stop();
 * ```
 */
export async function whichChildren(
  supervisor: AnyPartitionSupervisor,
): Promise<readonly PartitionInfo[]> {
  const all: readonly ChildInfo[] = await callSupervisor(supervisor, 'whichChildren', undefined);
  return all.toReversed().map((info) => ({ ...info, id: Number(info.id) }));
}

/**
 * How many partitions there are at the largest size (`specs`), and how many run (`active`).
 * @throws as `GenServer.call` does
 * @see Elixir manual, `PartitionSupervisor.count_children/1`
 * @example
 * ```ts
 * import { Agent, createSystem, PartitionSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const child = Agent.childSpec(() => 0, { id: 'n' });
 * const supervisor = await PartitionSupervisor.startLink(system, { child, partitions: 3 });
 * const { specs, active } = await PartitionSupervisor.countChildren(supervisor);
 * console.log(specs, active); // 3 3
 * await system.stop();
 * ```
 */
export function countChildren(supervisor: AnyPartitionSupervisor): Promise<ChildCounts> {
  return callSupervisor(supervisor, 'countChildren', undefined);
}

/**
 * Shuts the partitions down, the last one first, and then ends the supervisor; resolves and rejects
 * as `GenServer.stop`.
 */
export { stop } from '../../server/gen-server.ts';

function optionsOf(options: PartitionSupervisorOptions, parallelism: number): CheckedOptions {
  const { child, partitions = parallelism } = options;
  assertChildSpec(child as never);
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new RangeError(
      `Expected partitions to be a whole number above 0, got ${describe(partitions)}`,
    );
  }
  const children = Array.from({ length: partitions }, (_, partition) =>
    partitionSpec(child, partition),
  );
  return checkedOptions({ strategy: 'oneForOne', children, ...intensityOf(options) });
}

function partitionSpec(child: PartitionSpec, partition: number): ChildSpec {
  return specOf((parent) => child.start(parent, partition), { ...child, id: String(partition) });
}
