import { describe } from '../describe.ts';
import type { Destination } from '../process/address.ts';
import { nameOf } from '../process/cell.ts';
import { assertExitReason, type ExitReason } from '../process/exit-reason.ts';
import { labelField } from '../process/label.ts';
import { type Pid } from '../process/pid.ts';
import type { AnyBehaviour } from '../server/behaviour.ts';
import type { DebugEvent } from '../server/debug.ts';
import type { ServerProcess } from '../server/server-process.ts';
import { logOf } from './debug.ts';
import { query, command, type SysOptions } from './system-request.ts';

export type { SysOptions } from './system-request.ts';
export { type DebugEvent, done, type Hook, type Received } from '../server/debug.ts';
export {
  install,
  log,
  type LogOptions,
  noDebug,
  remove,
  type Statistics,
  statistics,
  trace,
} from './debug.ts';

/**
 * The state of a server, between two messages. The request waits in the mailbox like any message; a
 * suspended server answers, too. `State` is not checked: the type of a pid does not say which state
 * its server has.
 *
 * This and all functions of `sys` reject with an `ExitError` when the process has ended (`noproc`),
 * ends before it answers (its reason) or is the caller (`callingSelf`), and with a `TimeoutError`
 * after `timeout`. A process that is no server never answers, and times out.
 * @throws RangeError for a timeout that is neither a whole number from 0 on nor `Infinity`
 * @see OTP manual, `sys:get_state/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok, sys } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { add: (by: number, count) => noreply(count + by) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, counter, undefined);
 * GenServer.cast(pid, 'add', 2);
 * console.log(await sys.getState<number>(pid)); // 2
 * await system.stop();
 * ```
 */
export function getState<State = unknown>(
  server: Destination,
  options?: SysOptions,
): Promise<State> {
  return query(server, 'getState', ({ state }) => state as State, options);
}

/**
 * Replaces the state of a server by the result of `replace`, and resolves with that.
 *
 * Rejects as `getState` does, and with an `ExitError` (`callbackFailed`) when `replace` throws:
 * then the server keeps its state and goes on. So it does when the result is a promise.
 * @throws TypeError for anything but a function
 * @see OTP manual, `sys:replace_state/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, sys } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: () => ok(1),
 *   handleCall: { get: (_, count) => reply(count, count) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, counter, undefined);
 * console.log(await sys.replaceState(pid, (count: number) => count * 10)); // 10
 * console.log(await GenServer.call(pid, 'get')); // 10
 * await system.stop();
 * ```
 */
export function replaceState<State>(
  server: Destination,
  replace: (state: State) => State,
  options?: SysOptions,
): Promise<State> {
  assertFunction('replace', replace);
  const act = (target: ServerProcess): State => {
    const state = replace(target.state as State);
    target.become(state);
    return state;
  };
  return query(server, 'replaceState', act, options);
}

/** The result of `getStatus`. */
export interface Status {
  readonly pid: Pid;
  readonly name: string | undefined;
  /** If it has one: see `setLabel`. As a report shows it. */
  readonly label?: unknown;
  readonly status: 'running' | 'suspended';
  /** The process that started it, as long as that lives. */
  readonly parent: Pid | undefined;
  readonly behaviour: AnyBehaviour;
  /** The state, or the result of the behaviour's `formatStatus` for it. */
  readonly state: unknown;
  /** The events that `log` has kept. */
  readonly log: readonly DebugEvent[];
}

/**
 * The status of a server, with its state. Rejects as `getState` does.
 * @see OTP manual, `sys:get_status/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, sys } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, GenServer.define({ init: () => ok('idle') }), undefined);
 * await sys.suspend(pid);
 * const { status, state } = await sys.getStatus(pid);
 * console.log(status, state); // suspended idle
 * await system.stop();
 * ```
 */
export function getStatus(server: Destination, options?: SysOptions): Promise<Status> {
  const act = (target: ServerProcess): Status => ({
    pid: target.pid,
    name: target.name,
    ...labelField(target),
    status: target.isSuspended ? 'suspended' : 'running',
    parent: target.parent?.pid,
    behaviour: target.behaviour,
    state: target.shownState,
    log: logOf(target),
  });
  return query(server, 'getStatus', act, options);
}

/**
 * Suspends a server: until `resume` it handles only requests of `sys`, `GenServer.stop` and exit
 * signals, and other messages wait. Suspending twice is the same as once. Rejects as `getState`
 * does.
 * @see OTP manual, `sys:suspend/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok, sys } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { add: (by: number, count) => noreply(count + by) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, counter, undefined);
 * await sys.suspend(pid);
 * GenServer.cast(pid, 'add', 2);
 * console.log(await sys.getState(pid)); // 0
 * await sys.resume(pid);
 * console.log(await sys.getState(pid)); // 2
 * await system.stop();
 * ```
 */
export function suspend(server: Destination, options?: SysOptions): Promise<void> {
  const act = (target: ServerProcess): void => {
    target.isSuspended = true;
  };
  return query(server, 'suspend', act, options);
}

/**
 * Resumes a suspended server: it handles the messages that have waited, in order. Rejects as
 * `getState` does.
 * @see OTP manual, `sys:resume/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, sys } from '@reprise/actor';
 *
 * const echo = GenServer.define({
 *   init: () => ok(0),
 *   handleCall: { echo: (text: string, state) => reply(text, state) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, echo, undefined);
 * await sys.suspend(pid);
 * const answer = GenServer.call(pid, 'echo', 'at last');
 * await sys.resume(pid);
 * console.log(await answer); // at last
 * await system.stop();
 * ```
 */
export function resume(server: Destination, options?: SysOptions): Promise<void> {
  const act = (target: ServerProcess): void => {
    target.isSuspended = false;
  };
  return query(server, 'resume', act, options);
}

/**
 * Makes a server, suspended or not, run `terminate` and end with `reason`. Resolves before the
 * server has ended; `GenServer.stop` waits for the end.
 * @throws TypeError for anything but an exit reason; rejects as `getState` does
 * @see OTP manual, `sys:terminate/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, normal, ok, sys } from '@reprise/actor';
 *
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const mortal = GenServer.define({
 *   init: () => ok(0),
 *   terminate: (reason) => {
 *     resolve(reason.type);
 *   },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, mortal, undefined);
 * await sys.terminate(pid, normal);
 * console.log(await promise); // normal
 * await system.stop();
 * ```
 */
export function terminate(
  server: Destination,
  reason: ExitReason,
  options?: SysOptions,
): Promise<void> {
  assertExitReason(reason);
  const act = (target: ServerProcess): void => {
    target.stop(reason);
  };
  return command(server, 'terminate', act, options);
}

/**
 * Replaces the behaviour of a suspended server, and its state by the result of `change`.
 *
 * Rejects as `getState` does, and with an `ExitError` (`callbackFailed`) when the server is not
 * suspended or `change` throws: then behaviour, state and suspension stay as they are.
 * @throws TypeError for anything but a behaviour, and for a `change` that is no function
 * @see OTP manual, `sys:change_code/5`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, sys } from '@reprise/actor';
 *
 * const polite = GenServer.define({
 *   init: (name: string) => ok(name),
 *   handleCall: { greet: (_, name) => reply(`Good day, ${name}`, name) },
 * });
 * const terse = GenServer.define({
 *   init: (name: string) => ok({ name }),
 *   handleCall: { greet: (_, state) => reply(`Hi ${state.name}`, state) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, polite, 'Joe');
 * await sys.suspend(pid);
 * await sys.changeCode(pid, terse, (name: string) => ({ name }));
 * await sys.resume(pid);
 * console.log(await GenServer.call(pid, 'greet')); // Hi Joe
 * await system.stop();
 * ```
 */
export function changeCode(
  server: Destination,
  behaviour: AnyBehaviour,
  change: (state: never) => unknown = (state) => state,
  options?: SysOptions,
): Promise<void> {
  if (typeof behaviour?.init !== 'function') {
    throw new TypeError(`Expected a behaviour, got ${describe(behaviour)}`);
  }
  assertFunction('change', change);
  const act = (target: ServerProcess): void => {
    if (!target.isSuspended) {
      throw new Error(`Expected a suspended server, got ${nameOf(target)}, which is running`);
    }
    target.become(change(target.state as never), behaviour);
  };
  return query(server, 'changeCode', act, options);
}

function assertFunction(name: string, given: unknown): void {
  if (typeof given !== 'function') {
    throw new TypeError(`Expected ${name} to be a function (state) => …, got ${describe(given)}`);
  }
}
