import {
  assertChildSpec,
  childKeys,
  type ChildOptions,
  type ChildSpec,
  specOf,
  type Started,
} from '../../child-spec.ts';
import { describe } from '../../describe.ts';
import { assertKnownKeys, type KeysOf, partOf } from '../../known-keys.ts';
import { assertOneBag } from '../../one-bag.ts';
import type { Destination, Name } from '../../process/address.ts';
import { isPid } from '../../process/cell.ts';
import type { Pid } from '../../process/pid.ts';
import type { Process } from '../../process/process.ts';
import type { Server } from '../../server/behaviour.ts';
import * as GenServer from '../../server/gen-server.ts';
import { callSupervisor, valueOf } from '../call.ts';
import type { ChildCounts } from '../children.ts';
import { type Intensity, intensityOf } from '../intensity.ts';
import { type ChildExitOptions, childExitOptionsOf } from '../options.ts';
import { dynamicSupervisorBehaviour, type DynamicSupervisorCalls } from './behaviour.ts';
import type { DynamicChildInfo, DynamicFlags } from './state.ts';

export type {
  DynamicChildSpec as ChildSpec,
  DynamicSupervisorOptions as Options,
  DynamicSupervisorPid as Pid,
};
export type { ChildExit } from '../options.ts';
export type { Started } from '../../child-spec.ts';
export type { DynamicChildInfo as ChildInfo } from './state.ts';

interface DynamicSupervisorOptions<Extra extends readonly unknown[] = readonly []>
  extends Partial<Intensity>, ChildExitOptions {
  /**
   * The most children at a time, including those that are being restarted. Default: `Infinity`.
   */
  readonly maxChildren?: number;
  /**
   * Further arguments for the `start` of every child: `(parent, ...extraArguments) =>
   * Promise<Pid>`. A `start` may take fewer. Default: none.
   */
  readonly extraArguments?: Extra;
  /** A name in the system; a `Name` also has the type of the extra arguments. */
  readonly name?: string | Name<DynamicSupervisorPid<Extra>>;
}

const dynamicKeys: KeysOf<DynamicSupervisorOptions> = {
  maxChildren: true,
  extraArguments: true,
  name: true,
  onChildExit: true,
  maxRestarts: true,
  maxSeconds: true,
};

declare const given: unique symbol;

/** The pid of a dynamic supervisor. Its type has the extra arguments of its children. */
interface DynamicSupervisorPid<out Extra extends readonly unknown[] = readonly []> extends Server<
  DynamicSupervisorCalls,
  unknown
> {
  readonly [given]: Extra;
}

/** A child spec whose `start` takes the extra arguments, and may resolve with more than a pid. */
interface DynamicChildSpec<
  out Value extends Started,
  in Extra extends readonly unknown[],
> extends Omit<ChildSpec, 'start'> {
  readonly start: (parent: Process, ...extra: Extra) => Promise<Value>;
}

type AnyPid = DynamicSupervisorPid<readonly unknown[]>;
type AnyDynamicSupervisor = Destination<AnyPid>;

/**
 * The extra arguments of a supervisor. Inferred from the supervisor alone: a spec may take fewer of
 * them.
 */
export type ExtraOf<S extends AnyPid> =
  S extends DynamicSupervisorPid<infer Extra extends readonly unknown[]> ? Extra : never;

/**
 * Starts a supervisor without children, linked to `parent`. Children are added with `startChild`,
 * each with a spec of its own, and known by their pids. Each is restarted by itself, as its spec
 * says; on shutdown all end at the same time.
 * @throws as `GenServer.startLink` does; TypeError or RangeError for wrong options
 * @see Elixir manual, `DynamicSupervisor.start_link/1`; OTP's `simple_one_for_one`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, DynamicSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const rooms = await DynamicSupervisor.startLink(system, {
 *   maxChildren: 100,
 *   extraArguments: ['chat'],
 * });
 * const room = await DynamicSupervisor.startChild(
 *   rooms,
 *   childSpec((parent, app: string) => Agent.startLink(parent, () => `${app}: lobby`), { id: 'room' }),
 * );
 * console.log(room && (await Agent.get(room, (text) => text))); // chat: lobby
 * await system.stop();
 * ```
 */
export async function startLink<const Extra extends readonly unknown[] = readonly []>(
  parent: Process,
  options: DynamicSupervisorOptions<Extra> = {},
): Promise<DynamicSupervisorPid<Extra>> {
  assertOneBag('DynamicSupervisor.startLink', arguments, 2);
  assertKnownKeys('DynamicSupervisor.startLink', options, dynamicKeys);
  const { name } = options;
  const start = GenServer.startLink as (...args: readonly unknown[]) => Promise<never>;
  return start(
    parent,
    dynamicSupervisorBehaviour,
    flagsOf(options),
    name === undefined ? {} : { name },
  );
}

/**
 * A child spec that starts a dynamic supervisor under another supervisor. After a restart it has no
 * children. Default for `shutdown`: `Infinity`, as OTP advises for supervisors.
 * @throws as the function `childSpec` does
 * @see Elixir manual, `DynamicSupervisor.child_spec/1`
 * @example
 * ```ts
 * import { createSystem, DynamicSupervisor, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [DynamicSupervisor.childSpec({ id: 'rooms', maxChildren: 100 })],
 * });
 * const rooms = Supervisor.child(app, 'rooms');
 * console.log((await DynamicSupervisor.countChildren(rooms)).active); // 0
 * await system.stop();
 * ```
 */
export function childSpec<
  const Id extends string,
  const Extra extends readonly unknown[] = readonly [],
>(
  options: ChildOptions<Id> & DynamicSupervisorOptions<Extra>,
): ChildSpec<Id, DynamicSupervisorPid<Extra>> {
  assertOneBag('DynamicSupervisor.childSpec', arguments, 1);
  assertKnownKeys('DynamicSupervisor.childSpec', options, { ...childKeys, ...dynamicKeys });
  // Checked now rather than at the start, when siblings may run already.
  flagsOf(options);
  const own = partOf<DynamicSupervisorOptions<Extra>>(options, dynamicKeys);
  return specOf<Id, DynamicSupervisorPid<Extra>>((parent) => startLink(parent, own), {
    ...options,
    type: 'supervisor',
  });
}

/**
 * Starts a child. Resolves with the result of its `start`: the pid, `{ pid, info }`, or `undefined`
 * for `ignore`, after which the child is not kept. The id in the spec serves only for reports and
 * `onChildExit`: any number of children can have the same.
 * @throws ExitError `maxChildren` when there are as many children as allowed, or the reason of
 * the failed start
 * @throws TypeError or RangeError for a wrong spec
 * @see Elixir manual, `DynamicSupervisor.start_child/2`
 * @example
 * ```ts
 * import { Agent, createSystem, DynamicSupervisor, ExitError, formatReason } from '@reprise/actor';
 *
 * const system = createSystem();
 * const one = await DynamicSupervisor.startLink(system, { maxChildren: 1 });
 * const counter = Agent.childSpec(() => 0, { id: 'counter', restart: 'transient' });
 * const pid = await DynamicSupervisor.startChild(one, counter);
 * console.log(pid && (await Agent.get(pid, (n) => n))); // 0
 * const second: unknown = await DynamicSupervisor.startChild(one, counter).catch((thrown) => thrown);
 * console.log(second instanceof ExitError && second.reason.type); // maxChildren
 * await system.stop();
 * ```
 */
export async function startChild<S extends AnyPid, Value extends Started>(
  supervisor: Destination<S>,
  spec: DynamicChildSpec<Value, ExtraOf<S>>,
): Promise<Value> {
  assertChildSpec(spec as never);
  if (spec.significant) {
    throw new TypeError(
      `Expected the child ${describe(spec.id)} of a dynamic supervisor not to be significant, got true`,
    );
  }
  const outcome = await callSupervisor(supervisor as AnyDynamicSupervisor, 'startChild', spec);
  return valueOf(outcome, supervisor) as Value;
}

/**
 * Shuts a child down, and forgets it. A child that is being restarted is found by the pid of its
 * last process, and is not restarted. Resolves with `notFound` for the pid of another process.
 * @throws as `GenServer.call` does; TypeError for a value that is not a pid
 * @see Elixir manual, `DynamicSupervisor.terminate_child/2`
 * @example
 * ```ts
 * import { Agent, createSystem, DynamicSupervisor, isAlive } from '@reprise/actor';
 *
 * const system = createSystem();
 * const supervisor = await DynamicSupervisor.startLink(system);
 * const pid = await DynamicSupervisor.startChild(supervisor, Agent.childSpec(() => 0, { id: 'n' }));
 * if (pid !== undefined) {
 *   console.log(await DynamicSupervisor.terminateChild(supervisor, pid), isAlive(pid)); // ok false
 *   console.log(await DynamicSupervisor.terminateChild(supervisor, pid)); // notFound
 * }
 * await system.stop();
 * ```
 */
export async function terminateChild(
  supervisor: AnyDynamicSupervisor,
  pid: Pid,
): Promise<'ok' | 'notFound'> {
  if (!isPid(pid)) {
    throw new TypeError(`Expected a pid, got ${describe(pid)}`);
  }
  return callSupervisor(supervisor, 'terminateChild', pid);
}

/**
 * The pid and type of each child, in no particular order.
 * @throws as `GenServer.call` does
 * @see Elixir manual, `DynamicSupervisor.which_children/1`
 * @example
 * ```ts
 * import { Agent, createSystem, DynamicSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const supervisor = await DynamicSupervisor.startLink(system);
 * await DynamicSupervisor.startChild(supervisor, Agent.childSpec(() => 0, { id: 'n' }));
 * const children = await DynamicSupervisor.whichChildren(supervisor);
 * console.log(children.map(({ type }) => type)); // [ 'worker' ]
 * await system.stop();
 * ```
 */
export function whichChildren(
  supervisor: AnyDynamicSupervisor,
): Promise<readonly DynamicChildInfo[]> {
  return callSupervisor(supervisor, 'whichChildren', undefined);
}

/**
 * How many children there are: all (`specs`), those that are not being restarted (`active`),
 * supervisors and workers. It takes the same time for any number of children.
 * @throws as `GenServer.call` does
 * @see Elixir manual, `DynamicSupervisor.count_children/1`
 * @example
 * ```ts
 * import { Agent, createSystem, DynamicSupervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const supervisor = await DynamicSupervisor.startLink(system);
 * await DynamicSupervisor.startChild(supervisor, Agent.childSpec(() => 0, { id: 'n' }));
 * console.log(await DynamicSupervisor.countChildren(supervisor));
 * // { specs: 1, active: 1, supervisors: 0, workers: 1 }
 * await system.stop();
 * ```
 */
export function countChildren(supervisor: AnyDynamicSupervisor): Promise<ChildCounts> {
  return callSupervisor(supervisor, 'countChildren', undefined);
}

/**
 * Shuts all children down at the same time, each as its spec says, and then ends the supervisor;
 * resolves and rejects as `GenServer.stop`.
 */
export { stop } from '../../server/gen-server.ts';

function flagsOf(options: DynamicSupervisorOptions<readonly unknown[]>): DynamicFlags {
  const { maxChildren = Infinity, extraArguments = [] } = options;
  if (maxChildren !== Infinity && !(Number.isInteger(maxChildren) && maxChildren >= 0)) {
    throw new RangeError(
      `Expected maxChildren to be a whole number from 0 on or Infinity, got ${describe(maxChildren)}`,
    );
  }
  if (!Array.isArray(extraArguments)) {
    throw new TypeError(`Expected extraArguments to be an array, got ${describe(extraArguments)}`);
  }
  return { ...intensityOf(options), ...childExitOptionsOf(options), maxChildren, extraArguments };
}
