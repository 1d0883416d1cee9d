import type { Server } from './behaviour.ts';
import {
  assertChildSpec,
  type ChildOptions,
  type ChildSpec,
  childSpec as createChildSpec,
} from './child-spec.ts';
import { badReturnValue, ExitError, noproc } from './exit.ts';
import * as GenServer from './gen-server.ts';
import type { Name } from './name.ts';
import { type Ignore, ignore } from './next.ts';
import { describe, type Pid } from './pid.ts';
import { cellOf, type Process } from './process.ts';
import type { Intensity } from './restarts.ts';
import { ServerProcess } from './server.ts';
import {
  type ChildCounts,
  type ChildInfo,
  Supervision,
  supervision,
  type SupervisorCalls,
} from './supervision.ts';
import { ask, valueOf } from './supervisor-call.ts';
import { assertFlags, type AutoShutdown, type Flags, type Strategy } from './supervisor-flags.ts';

export type { ChildCounts, ChildInfo } from './supervision.ts';
export type { AutoShutdown, Strategy } from './supervisor-flags.ts';

export interface SupervisorOptions<
  Specs extends readonly ChildSpec[] = readonly ChildSpec[],
> extends Partial<Intensity> {
  readonly strategy: Strategy;
  /** Started in this order, each when the one before it is up; shut down in the reverse order. */
  readonly children: Specs;
  /** More restarts than this within `maxSeconds`, and the supervisor gives up. Default: 3, as in Elixir. */
  readonly maxRestarts?: number;
  /** Default: 5. */
  readonly maxSeconds?: number;
  /** Default: `never`. */
  readonly autoShutdown?: AutoShutdown;
}

export interface SupervisorStartOptions {
  /** A name in the system. */
  readonly name?: string | Name;
}

export type NamedSupervisorOptions<Specs extends readonly ChildSpec[] = readonly ChildSpec[]> =
  SupervisorOptions<Specs> & SupervisorStartOptions;

/** OTP's `init`: asked each time the supervisor is started. */
export type SupervisorInit<Specs extends readonly ChildSpec[] = readonly ChildSpec[]> = () =>
  | SupervisorOptions<Specs>
  | Ignore
  | Promise<SupervisorOptions<Specs> | Ignore>;

declare const children: unique symbol;

type Named = Readonly<Record<string, Pid>>;

/** The pid of a supervisor, which also knows its children by id. */
export interface SupervisorPid<out Children extends Named = Named> extends Server<
  SupervisorCalls,
  unknown
> {
  readonly [children]: Children;
}

export type ChildrenOf<Specs extends readonly ChildSpec[]> = {
  readonly [Spec in Specs[number] as Spec['id']]: Spec extends ChildSpec<string, infer Child>
    ? Child
    : never;
};

/**
 * Starts a supervisor linked to `parent`, and its children in order. Given a function, asks it what the supervisor is to be, and resolves with
 * `undefined` if it answers `ignore`.
 *
 * When a child fails to start, those before it are shut down in reverse order, and this rejects with an `ExitError` whose reason is `shutdown` with
 * the detail `failedToStartChild`. Rejects with a `TypeError` or `RangeError` for options that no supervisor can have, such as two children with one
 * id.
 * @see OTP manual, `supervisor:start_link/3`; Elixir's `Supervisor` for the defaults
 */
export function startLink<const Specs extends readonly ChildSpec[]>(
  parent: Process<never>,
  options: NamedSupervisorOptions<Specs>,
): Promise<SupervisorPid<ChildrenOf<Specs>>>;
export function startLink<const Specs extends readonly ChildSpec[]>(
  parent: Process<never>,
  init: SupervisorInit<Specs>,
  options?: SupervisorStartOptions,
): Promise<SupervisorPid<ChildrenOf<Specs>> | undefined>;
export async function startLink(
  parent: Process<never>,
  given: NamedSupervisorOptions | SupervisorInit,
  options: SupervisorStartOptions = {},
): Promise<unknown> {
  const [init, startOptions] =
    typeof given === 'function'
      ? [async () => flagsOf(await given()), options]
      : [constant(flagsOf(given)), nameIn(given)];
  return GenServer.startLink(parent, supervision, init as never, startOptions);
}

function nameIn({ name }: SupervisorStartOptions): SupervisorStartOptions {
  return name === undefined ? {} : { name };
}

/** How to start a supervisor under another. Shut down without a limit of time, as OTP advises for supervisors. */
export function childSpec<const Specs extends readonly ChildSpec[], const Id extends string>(
  given: SupervisorOptions<Specs> | SupervisorInit<Specs>,
  options: ChildOptions<Id> & SupervisorStartOptions,
): ChildSpec<Id, SupervisorPid<ChildrenOf<Specs>>> {
  const init = typeof given === 'function' ? given : constant(given);
  return createChildSpec<Id, SupervisorPid<ChildrenOf<Specs>>>(
    (parent) => startLink(parent, init, nameIn(options)),
    { ...options, type: 'supervisor' },
  );
}

/**
 * The child that runs under `id` now; ask again after a restart, and do not keep it. Throws an `ExitError` (`noproc`) when the supervisor has
 * ended or the child is not running.
 */
export function child<Children extends Named, Id extends keyof Children & string>(
  supervisor: SupervisorPid<Children>,
  id: Id,
): Children[Id] {
  const pid = stateOf(supervisor)?.children.get(id)?.pid;
  if (typeof pid !== 'object') {
    throw new ExitError(
      noproc,
      `child ${describe(id)} of ${String(supervisor)}${pid === undefined ? '' : `, ${pid}`}`,
    );
  }
  return pid as Children[Id];
}

/**
 * Starts one more child, the last in order; it is forgotten when the supervisor itself is restarted. Resolves with what its start gave: the pid, or
 * `undefined` for `ignore`.
 *
 * Rejects with an `ExitError`: `alreadyStarted` or `alreadyPresent` for an id that is taken, `failedToStartChild`; with a `TypeError` or
 * `RangeError` for a spec that this supervisor cannot have.
 * @see OTP manual, `supervisor:start_child/2`
 */
export async function startChild<Spec extends ChildSpec>(
  supervisor: SupervisorPid,
  spec: Spec,
): Promise<Awaited<ReturnType<Spec['start']>>> {
  assertChildSpec(spec);
  const outcome = await ask(supervisor, 'startChild', spec);
  return valueOf(outcome, supervisor) as Awaited<ReturnType<Spec['start']>>;
}

/**
 * Shuts a child down; its spec stays, unless it is temporary. `notFound` for an id that the supervisor does not have.
 * @see OTP manual, `supervisor:terminate_child/2`
 */
export function terminateChild(supervisor: SupervisorPid, id: string): Promise<'ok' | 'notFound'> {
  return ask(supervisor, 'terminateChild', id);
}

/**
 * Starts a child that was terminated, or has ended and was not restarted. Resolves with what its start gave.
 *
 * Rejects with an `ExitError`: `notFound`, `running`, `restarting`, or why the start failed.
 * @see OTP manual, `supervisor:restart_child/2`
 */
export async function restartChild(supervisor: SupervisorPid, id: string): Promise<unknown> {
  return valueOf(await ask(supervisor, 'restartChild', id), supervisor);
}

/**
 * Forgets a child that does not run.
 * @see OTP manual, `supervisor:delete_child/2`
 */
export function deleteChild(
  supervisor: SupervisorPid,
  id: string,
): Promise<'ok' | 'notFound' | 'running' | 'restarting'> {
  return ask(supervisor, 'deleteChild', id);
}

/** The spec of a child; `undefined` for an id that the supervisor does not have. */
export function getChildSpec(
  supervisor: SupervisorPid,
  id: string,
): Promise<ChildSpec | undefined> {
  return ask(supervisor, 'getChildSpec', id);
}

/** One child; `undefined` for an id that the supervisor does not have. */
export function whichChild(supervisor: SupervisorPid, id: string): Promise<ChildInfo | undefined> {
  return ask(supervisor, 'whichChild', id);
}

/** All children, the one started last first. */
export function whichChildren(supervisor: SupervisorPid): Promise<readonly ChildInfo[]> {
  return ask(supervisor, 'whichChildren', undefined);
}

export function countChildren(supervisor: SupervisorPid): Promise<ChildCounts> {
  return ask(supervisor, 'countChildren', undefined);
}

/** Shuts the children down in reverse order, then ends the supervisor; resolves and rejects as `GenServer.stop`. */
export { stop } from './gen-server.ts';

function flagsOf(given: SupervisorOptions | Ignore): Flags | Ignore {
  if (given === ignore) {
    return ignore;
  }
  const options = given as SupervisorOptions | undefined;
  if (typeof options !== 'object' || options === null) {
    throw new ExitError(badReturnValue(given), 'init of a supervisor');
  }
  const {
    strategy,
    children: specs,
    maxRestarts = 3,
    maxSeconds = 5,
    autoShutdown = 'never',
  } = options;
  const flags: Flags = { strategy, children: specs, maxRestarts, maxSeconds, autoShutdown };
  assertFlags(flags);
  return flags;
}

function constant<Value>(value: Value): () => Value {
  return () => value;
}

function stateOf(supervisor: Pid): Supervision | undefined {
  const cell = cellOf(supervisor);
  return cell instanceof ServerProcess && cell.state instanceof Supervision
    ? cell.state
    : undefined;
}
