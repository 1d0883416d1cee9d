import {
  assertChildSpec,
  childKeys,
  type ChildOptions,
  type ChildSpec,
  specOf,
  type Started,
} from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import { nearest } from '../nearest.ts';
import { assertOneBag } from '../one-bag.ts';
import {
  type Destination,
  destinationText,
  find,
  type Name,
  type Via,
} from '../process/address.ts';
import { ExitError, ExitRequest } from '../process/exit-error.ts';
import { badReturnValue, noproc } from '../process/exit-reason.ts';
import { type Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { Server } from '../server/behaviour.ts';
import * as GenServer from '../server/gen-server.ts';
import { type Ignore, ignore } from '../server/next.ts';
import { stateOf } from '../server/state-of.ts';
import { supervisorBehaviour, type SupervisorCalls } from './behaviour.ts';
import { assertSupervisor, callSupervisor, valueOf } from './call.ts';
import type { ChildCounts, ChildInfo } from './children.ts';
import {
  type CheckedOptions,
  checkedOptions,
  supervisorKeys,
  type SupervisorOptions,
} from './options.ts';
import { StaticState } from './static-state.ts';

export type {
  SupervisorInit as Init,
  SupervisorOptions as Options,
  SupervisorPid as Pid,
  SupervisorStartOptions as StartOptions,
};
export type { ChildCounts, ChildInfo } from './children.ts';
export type { ChildExit } from './options.ts';
export type { AutoShutdown, Strategy } from './rules.ts';
export { formatTree, type Tree, tree } from './tree.ts';

interface SupervisorStartOptions {
  /** A name in the system, or a name in a registry. */
  readonly name?: string | Name | Via;
}

const startKeys: KeysOf<SupervisorStartOptions> = { name: true };

/**
 * Returns the options, or `ignore`: called each time the supervisor is started.
 * @see OTP manual, `supervisor:init/1`
 */
type SupervisorInit<
  Specs extends readonly ChildSpec[] = readonly ChildSpec[],
  Answer extends InitAnswer = Ignore,
> = () => MaybePromise<SupervisorOptions<Specs> | Answer>;

type InitAnswer = SupervisorOptions | Ignore;

/** No answer is inferred where the options are given as they are. */
type IfFunction<Answer, Value> = [Answer] extends [never] ? never : Value;

declare const childPids: unique symbol;

type ChildPids = Readonly<Record<string, Pid>>;

/** The pid of a supervisor. Its type has the ids of the children, each with the type of its pid. */
interface SupervisorPid<out Children extends ChildPids = ChildPids> extends Server<
  SupervisorCalls,
  unknown
> {
  readonly [childPids]: Children;
}

export type ChildrenOf<Specs extends readonly ChildSpec[]> = {
  readonly [Spec in Specs[number] as Spec['id']]: NonNullable<Awaited<ReturnType<Spec['start']>>>;
};

/** The pid of a supervisor, or its name in a system. */
type AnySupervisor = Destination<SupervisorPid>;

/**
 * Starts a supervisor linked to `parent`, and its children in order. The options can also come from
 * a function, called at each start; if it returns `ignore`, this resolves with `undefined`.
 * @throws ExitError when a child fails to start, after those before it were shut down in
 * reverse order. Its reason is `shutdown` with the detail `failedToStartChild`; its message shows
 * which child of which supervisor failed
 * @throws TypeError or RangeError for wrong options, such as two children with one id
 * @see OTP manual, `supervisor:start_link/3`; Elixir's `Supervisor` for the defaults
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'restForOne',
 *   children: [
 *     childSpec((parent) => Agent.startLink(parent, () => 'stock'), { id: 'stock' }),
 *     childSpec((parent) => Agent.startLink(parent, () => 'shop'), { id: 'shop' }),
 *   ],
 * });
 * console.log(await Agent.get(Supervisor.child(app, 'shop'), (text) => text)); // shop
 * await system.stop();
 * ```
 */
export function startLink<
  const Specs extends readonly ChildSpec[],
  Answer extends InitAnswer = never,
>(
  parent: Process,
  // One signature: where overloads fail, TypeScript hides the error of the one that is meant.
  init: (SupervisorOptions<Specs> & SupervisorStartOptions) | SupervisorInit<Specs, Answer>,
  options?: IfFunction<Answer, SupervisorStartOptions>,
): Promise<SupervisorPid<ChildrenOf<Specs>> | IfFunction<Answer, undefined>>;
export async function startLink(
  parent: Process,
  given: (SupervisorOptions & SupervisorStartOptions) | SupervisorInit,
  options: SupervisorStartOptions = {},
): Promise<unknown> {
  const isFunction = typeof given === 'function';
  const known = isFunction ? startKeys : { ...supervisorKeys, ...startKeys };
  assertOneBag('Supervisor.startLink', arguments, isFunction ? 3 : 2);
  assertKnownKeys('Supervisor.startLink', isFunction ? options : given, known);
  const [init, startOptions] = isFunction
    ? [async () => checkedAnswer(await given()), options]
    : [constant(checkedOptions(given)), nameIn(given)];
  return GenServer.startLink(parent, supervisorBehaviour, init as never, startOptions);
}

function nameIn({ name }: SupervisorStartOptions): SupervisorStartOptions {
  return name === undefined ? {} : { name };
}

/**
 * A child spec that starts a supervisor under another. Default for `shutdown`: `Infinity`, as OTP
 * advises for supervisors.
 * @throws TypeError or RangeError for wrong options of the supervisor or of the child
 * @see Elixir manual, `Supervisor.child_spec/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const feeds = Supervisor.childSpec({
 *   id: 'feeds',
 *   strategy: 'oneForAll',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 7), { id: 'prices' })],
 * });
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [feeds] });
 * const prices = Supervisor.child(Supervisor.child(app, 'feeds'), 'prices');
 * console.log(await Agent.get(prices, (n) => n)); // 7
 * await system.stop();
 * ```
 */
export function childSpec<const Specs extends readonly ChildSpec[], const Id extends string>(
  init: SupervisorInit<Specs>,
  options: SupervisorStartOptions & ChildOptions<Id>,
): ChildSpec<Id, SupervisorPid<ChildrenOf<Specs>>>;
export function childSpec<const Specs extends readonly ChildSpec[], const Id extends string>(
  options: SupervisorOptions<Specs> & SupervisorStartOptions & ChildOptions<Id>,
): ChildSpec<Id, SupervisorPid<ChildrenOf<Specs>>>;
export function childSpec(
  given: (SupervisorOptions & SupervisorStartOptions & ChildOptions) | SupervisorInit,
  startOptions?: SupervisorStartOptions & ChildOptions,
): ChildSpec {
  const isFunction = typeof given === 'function';
  const known = { ...childKeys, ...startKeys, ...(isFunction ? {} : supervisorKeys) };
  assertOneBag('Supervisor.childSpec', arguments, isFunction ? 2 : 1);
  assertKnownKeys('Supervisor.childSpec', isFunction ? startOptions : given, known);
  const [init, options] = isFunction
    ? [given, startOptions as SupervisorStartOptions & ChildOptions]
    : // Checked now rather than at the start, when siblings may run already.
      [constant(checkedOptions(given)), given];
  return specOf((parent) => startLink(parent, init, nameIn(options)), {
    ...options,
    type: 'supervisor',
  });
}

/**
 * The pid of the child that runs under `id` now. After a restart it is another pid: call this at
 * each use rather than keep the result. It sends no message, and works while the supervisor is
 * busy.
 * @throws ExitError `noproc` when the supervisor has ended or the child does not run
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * await Agent.update(Supervisor.child(app, 'counter'), (n) => n + 1);
 * await Supervisor.terminateChild(app, 'counter');
 * await Supervisor.restartChild(app, 'counter');
 * console.log(await Agent.get(Supervisor.child(app, 'counter'), (n) => n)); // 0
 * await system.stop();
 * ```
 */
export function child<Children extends ChildPids, Id extends keyof Children & string>(
  supervisor: Destination<SupervisorPid<Children>>,
  id: Id,
): Children[Id] {
  const pid = stateOf(find(supervisor), StaticState)?.children.get(id)?.pid;
  if (typeof pid !== 'object') {
    assertSupervisor(supervisor, 'whichChild');
    const why = pid === undefined ? hintFor(supervisor, id) : `, ${pid}`;
    throw new ExitError(noproc, `child ${describe(id)} of ${destinationText(supervisor)}${why}`);
  }
  return pid as Children[Id];
}

/** For an error: the id that a misspelt one means. */
function hintFor(supervisor: AnySupervisor, id: string): string {
  const children = stateOf(find(supervisor), StaticState)?.children;
  const ids = children?.get(id) === undefined ? [...(children ?? [])] : [];
  const near = nearest(
    id,
    ids.map(({ spec }) => spec.id),
  );
  return near === undefined ? '' : ` (did you mean ${describe(near)}?)`;
}

/**
 * Resolves with the pid of the child that runs under `id`, now or as soon as it does: after a
 * crash, with the process of its restart. `child` answers at once, and throws between the two.
 * @throws ExitError `noproc` when the supervisor has ended or has no child of this id; the reason
 * of its end when it ends meanwhile
 * @throws TimeoutError after `timeout` ms (default: 5,000), for example while a restart delay lasts
 * longer; RangeError for a wrong timeout
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, exit, kill, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * exit(system, Supervisor.child(app, 'counter'), kill);
 * const counter = await Supervisor.whenChild(app, 'counter');
 * console.log(await Agent.get(counter, (n) => n)); // 0
 * await system.stop();
 * ```
 */
export async function whenChild<Children extends ChildPids, Id extends keyof Children & string>(
  supervisor: Destination<SupervisorPid<Children>>,
  id: Id,
  options: GenServer.CallOptions = {},
): Promise<Children[Id]> {
  const pid = await callSupervisor(supervisor, 'whenChild', id, options);
  if (pid === undefined) {
    const hint = hintFor(supervisor, id);
    throw new ExitError(noproc, `child ${describe(id)} of ${destinationText(supervisor)}${hint}`);
  }
  return pid as Children[Id];
}

/** A child spec whose `start` may resolve with more than a pid. */
export interface StartSpec<out Value extends Started> extends Omit<ChildSpec, 'start'> {
  readonly start: (parent: Process) => Promise<Value>;
}

/**
 * Adds a child, the last in start order, and starts it. Resolves, once the child is up, with the
 * result of its `start`: the pid, `{ pid, info }`, or `undefined` for `ignore`. A restart of the
 * supervisor itself does not start it again.
 * @throws ExitError `alreadyStarted` or `alreadyPresent` for an id that is taken;
 * `failedToStartChild`, and then the child is not kept
 * @throws TypeError or RangeError for a wrong spec
 * @see OTP manual, `supervisor:start_child/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [] });
 * const counter = await Supervisor.startChild(
 *   app,
 *   childSpec((parent) => Agent.startLink(parent, () => 7), { id: 'counter' }),
 * );
 * console.log(counter && (await Agent.get(counter, (n) => n))); // 7
 * await system.stop();
 * ```
 */
export async function startChild<Value extends Started>(
  supervisor: AnySupervisor,
  spec: StartSpec<Value>,
): Promise<Value> {
  assertChildSpec(spec as ChildSpec);
  return valueOf(await callSupervisor(supervisor, 'startChild', spec), supervisor) as Value;
}

/**
 * Shuts a child down, and resolves once it has ended. Its spec is kept, unless the child is
 * temporary. If the child was being restarted, the restart is cancelled; under `oneForAll` and
 * `restForOne` the siblings that wait for the same restart stay down as well, until `restartChild`
 * starts them. Resolves with `notFound` for an unknown id.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see OTP manual, `supervisor:terminate_child/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * console.log(await Supervisor.terminateChild(app, 'counter')); // ok
 * console.log(await Supervisor.whichChild(app, 'counter')); // { id: 'counter', pid: undefined, type: 'worker' }
 * console.log(await Supervisor.terminateChild(app, 'other')); // notFound
 * await system.stop();
 * ```
 */
export function terminateChild(supervisor: AnySupervisor, id: string): Promise<'ok' | 'notFound'> {
  return callSupervisor(supervisor, 'terminateChild', id);
}

/**
 * Starts a child that was terminated, or that ended and was not restarted, in its old place in the
 * start order. Resolves with the result of its `start`. It does not count as a restart.
 * @throws ExitError `notFound`, `running`, `restarting`, or the reason of a failed start
 * @see OTP manual, `supervisor:restart_child/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * await Supervisor.terminateChild(app, 'counter');
 * console.log((await Supervisor.restartChild(app, 'counter')) === Supervisor.child(app, 'counter')); // true
 * await system.stop();
 * ```
 */
export async function restartChild(supervisor: AnySupervisor, id: string): Promise<unknown> {
  return valueOf(await callSupervisor(supervisor, 'restartChild', id), supervisor);
}

/**
 * Deletes the spec of a child that does not run; its id can be used again. Resolves with `running`
 * or `restarting` if the child is not down, and with `notFound` for an unknown id.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see OTP manual, `supervisor:delete_child/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * console.log(await Supervisor.deleteChild(app, 'counter')); // running
 * await Supervisor.terminateChild(app, 'counter');
 * console.log(await Supervisor.deleteChild(app, 'counter')); // ok
 * await system.stop();
 * ```
 */
export function deleteChild(
  supervisor: AnySupervisor,
  id: string,
): Promise<'ok' | 'notFound' | 'running' | 'restarting'> {
  return callSupervisor(supervisor, 'deleteChild', id);
}

/**
 * The spec of a child; `undefined` for an unknown id. The `start` of a temporary child is not kept:
 * the `start` in its spec resolves with `undefined`.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see OTP manual, `supervisor:get_childspec/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * console.log((await Supervisor.getChildSpec(app, 'counter'))?.restart); // permanent
 * await system.stop();
 * ```
 */
export function getChildSpec(
  supervisor: AnySupervisor,
  id: string,
): Promise<ChildSpec | undefined> {
  return callSupervisor(supervisor, 'getChildSpec', id);
}

/**
 * The id, pid and type of one child; `undefined` for an unknown id.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see OTP manual, `supervisor:which_child/2`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * const info = await Supervisor.whichChild(app, 'counter');
 * console.log(info?.pid === Supervisor.child(app, 'counter')); // true
 * await system.stop();
 * ```
 */
export function whichChild(supervisor: AnySupervisor, id: string): Promise<ChildInfo | undefined> {
  return callSupervisor(supervisor, 'whichChild', id);
}

/**
 * The id, pid and type of each child, in reverse start order.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see OTP manual, `supervisor:which_children/1`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: ['a', 'b'].map((id) => childSpec((parent) => Agent.startLink(parent, () => id), { id })),
 * });
 * console.log((await Supervisor.whichChildren(app)).map(({ id }) => id)); // [ 'b', 'a' ]
 * await system.stop();
 * ```
 */
export function whichChildren(supervisor: AnySupervisor): Promise<readonly ChildInfo[]> {
  return callSupervisor(supervisor, 'whichChildren', undefined);
}

/**
 * How many children there are, how many of them run, and how many are supervisors and workers.
 * @throws ExitError `noproc` when the supervisor has ended
 * @see OTP manual, `supervisor:count_children/1`
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: ['a', 'b'].map((id) => childSpec((parent) => Agent.startLink(parent, () => id), { id })),
 * });
 * await Supervisor.terminateChild(app, 'a');
 * console.log(await Supervisor.countChildren(app)); // { specs: 2, active: 1, supervisors: 0, workers: 2 }
 * await system.stop();
 * ```
 */
export function countChildren(supervisor: AnySupervisor): Promise<ChildCounts> {
  return callSupervisor(supervisor, 'countChildren', undefined);
}

/**
 * Shuts the children down in reverse order, then ends the supervisor; resolves and rejects as
 * `GenServer.stop`.
 */
export { stop } from '../server/gen-server.ts';

/** The answer of an `init` function, with its options checked. */
function checkedAnswer(given: SupervisorOptions | Ignore): CheckedOptions | Ignore {
  if (given === ignore) {
    return ignore;
  }
  if (typeof given !== 'object' || given === null) {
    throw new ExitRequest(badReturnValue(given));
  }
  assertKnownKeys('a supervisor', given, supervisorKeys);
  return checkedOptions(given as SupervisorOptions);
}

function constant<Value>(value: Value): () => Value {
  return () => value;
}
