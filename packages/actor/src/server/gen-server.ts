import { isA } from '../brand.ts';
import { childKeys, type ChildOptions, type ChildSpec, specOf } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { type Destination, destinationText, find } from '../process/address.ts';
import { cellOfProcess } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { assertExitReason, type ExitReason, noproc, normal } from '../process/exit-reason.ts';
import { MonitorRef } from '../process/monitor-ref.ts';
import { type Pid, type Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { parentOf } from '../process/spawn.ts';
import type {
  AnyBehaviour,
  ArgOf,
  Behaviour,
  BehaviourInput,
  From,
  IgnoredOf,
  InitAnswer,
  PayloadArgs,
  ReplyTo,
  Server,
  ServerOf,
} from './behaviour.ts';
import { refusalOf } from './call-refusal.ts';
import { assertCallbacks, callbackKeys } from './callbacks.ts';
import { createServer, startKeys, startServer, type StartOptions } from './create-server.ts';
import { CallMessage, CastMessage, StopMessage } from './messages.ts';

export type {
  AnyBehaviour,
  ArgOf,
  Behaviour,
  CallClause,
  CastClause,
  Clauses,
  ClausesInput,
  CommonCallbacks,
  From,
  IgnoredOf,
  Server,
  ServerOf,
} from './behaviour.ts';
export type { StartOptions } from './create-server.ts';
export type { MaybePromise } from '../maybe-promise.ts';
export {
  checkResponse,
  type Labelled,
  type NoRequest,
  type NoResponse,
  receiveResponse,
  type RequestId,
  type Response,
  type ResponseMessage,
  type ResponseOptions,
  sendRequest,
  type SendRequestOptions,
  type TimedOut,
  waitResponse,
} from './request.ts';

export interface CallOptions {
  /** In ms. Default: 5,000. `Infinity` waits until the server ends. */
  readonly timeout?: number;
  /**
   * The caller, for a call that is made after an `await`: with it, a call to itself fails at once,
   * and a cycle of servers that wait for each other is named when it has taken too long. Before an
   * `await` the caller is known without.
   */
  readonly self?: Process;
}

const callKeys: KeysOf<CallOptions> = { timeout: true, self: true };

interface ServerStopOptions {
  /** In ms. Default: `Infinity`, as long as `terminate` takes. */
  readonly timeout?: number;
}

const stopKeys: KeysOf<ServerStopOptions> = { timeout: true };

export type { ServerStopOptions as StopOptions };

/**
 * Returns the behaviour as it is; the types of its state, requests and messages are inferred.
 * @throws TypeError for a misspelt callback, and for one function in place of a clause per request
 * @see OTP manual, `gen_server`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: (start: number) => ok(start),
 *   handleCall: { next: (_, count) => reply(count, count + 1) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.startLink(system, counter, 7);
 * console.log(await GenServer.call(pid, 'next')); // 7
 * console.log(await GenServer.call(pid, 'next')); // 8
 * await system.stop();
 * ```
 */
export function define<
  Arg,
  State,
  Calls,
  Casts,
  Info = never,
  Continue = never,
  Init extends InitAnswer<unknown> = never,
>(
  behaviour: BehaviourInput<Arg, State, Calls, Casts, Info, Continue, Init>,
): Behaviour<Arg, State, Calls, Casts, Info, Continue, Init> {
  assertCallbacks('GenServer', behaviour, callbackKeys);
  return behaviour as Behaviour<Arg, State, Calls, Casts, Info, Continue, Init>;
}

/**
 * Starts a server that is not linked to `parent`. Resolves with its pid when `init` has succeeded,
 * or with `undefined` when `init` answers `ignore`.
 * @throws ExitError with the reason for which `init` failed, `timeout` when it took too long,
 * `alreadyStarted` for a taken name, `noproc` when `parent` has ended
 * @see OTP manual, `gen_server:start/4`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, whereis } from '@reprise/actor';
 *
 * const idle = GenServer.define({ init: () => ok(undefined) });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, idle, undefined, { name: 'idle' });
 * console.log(whereis(system, 'idle') === pid); // true
 * await system.stop();
 * ```
 */
export function start<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: ArgOf<B>,
  options: StartOptions = {},
): Promise<ServerOf<B> | IgnoredOf<B>> {
  assertKnownKeys('GenServer.start', options, startKeys);
  return startServer(parent, behaviour, arg, false, options);
}

/**
 * Starts a server linked to `parent`, as a supervisor does: when either ends abnormally, the other
 * gets an exit signal. Resolves as `start` does.
 *
 * A failed `init` ends a parent that does not trap exits, by the link. A parent that traps exits,
 * and the system itself, only get the rejection.
 * @throws as `start` does
 * @see OTP manual, `gen_server:start_link/4`
 * @example
 * ```ts
 * import { createSystem, ExitError, GenServer, ok, shutdown, stop } from '@reprise/actor';
 *
 * const shop = GenServer.define({
 *   init: (goods: number) => (goods > 0 ? ok(goods) : stop(shutdown)),
 * });
 *
 * const system = createSystem();
 * await GenServer.startLink(system, shop, 3);
 * const failed: unknown = await GenServer.startLink(system, shop, 0).catch((thrown) => thrown);
 * console.log(failed instanceof ExitError && failed.reason.type); // shutdown
 * await system.stop();
 * ```
 */
export function startLink<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: ArgOf<B>,
  options: StartOptions = {},
): Promise<ServerOf<B> | IgnoredOf<B>> {
  assertKnownKeys('GenServer.startLink', options, startKeys);
  return startServer(parent, behaviour, arg, true, options);
}

/** A server, and the monitor of it. */
export interface Monitored<out P extends Pid> {
  readonly pid: P;
  readonly ref: Ref;
}

/**
 * `start`, monitored by `parent` from the instant at which `init` succeeds: however soon the server
 * ends, `parent` gets a `DOWN` message. A start that fails, or that `init` answers with `ignore`,
 * leaves no monitor and no message.
 * @throws as `start` does
 * @see OTP manual, `gen_server:start_monitor/4`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok, shutdown, spawn } from '@reprise/actor';
 *
 * const idle = GenServer.define({ init: () => ok(0), handleInfo: (_: 'tick', n) => noreply(n) });
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * spawn<{ readonly ref: unknown }>(system, async (self) => {
 *   const { pid, ref } = await GenServer.startMonitor(self, idle, undefined);
 *   await GenServer.stop(pid, shutdown);
 *   const down = await self.receive();
 *   resolve(down.ref === ref ? 'down' : 'something else');
 * });
 * console.log(await promise); // down
 * await system.stop();
 * ```
 */
export async function startMonitor<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: ArgOf<B>,
  options: StartOptions = {},
): Promise<Monitored<ServerOf<B>> | IgnoredOf<B>> {
  assertKnownKeys('GenServer.startMonitor', options, startKeys);
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  const owner = parentOf(parent);
  const server = createServer(owner, behaviour, arg, false, options);
  const ref = new MonitorRef(owner, { pid: server.pid }, 'DOWN', undefined);
  const pid = (await server.start(timeout, ref)) as ServerOf<B> | IgnoredOf<B>;
  return pid === undefined ? (pid as IgnoredOf<B>) : { pid, ref };
}

/**
 * A child spec that starts the server. A restart begins again with `init(arg)`.
 * @throws TypeError or RangeError for a wrong option
 * @see Elixir manual, `GenServer`, "How to supervise"
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, Supervisor } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: (start: number) => ok(start),
 *   handleCall: { next: (_, count) => reply(count, count + 1) },
 * });
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [GenServer.childSpec(counter, 7, { id: 'visits', restart: 'transient' })],
 * });
 * console.log(await GenServer.call(Supervisor.child(app, 'visits'), 'next')); // 7
 * await system.stop();
 * ```
 */
export function childSpec<B extends AnyBehaviour, const Id extends string>(
  behaviour: B,
  arg: ArgOf<B>,
  options: ChildOptions<Id> & StartOptions,
): ChildSpec<Id, ServerOf<B>> {
  assertKnownKeys('GenServer.childSpec', options, { ...childKeys, ...startKeys });
  return specOf<Id, ServerOf<B>>(
    (parent) => startServer(parent, behaviour, arg, true, options),
    options,
  );
}

/**
 * Sends a request to the server, and resolves with the reply of `handleCall`.
 * @throws ExitError `noproc` when the server has ended, the reason of the server when it ends
 * before it replies, `callingSelf` when the server is the caller, `callCycle` after `timeout` when
 * the server waits for the caller
 * @throws TimeoutError after `timeout`; the server is not disturbed, and a late reply is dropped
 * @see OTP manual, `gen_server:call/3`
 * @example
 * ```ts
 * import { createSystem, ExitError, GenServer, ok, reply } from '@reprise/actor';
 *
 * const doubler = GenServer.define({
 *   init: () => ok(undefined),
 *   handleCall: { double: (n: number, state) => reply(n * 2, state) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.startLink(system, doubler, undefined);
 * console.log(await GenServer.call(pid, 'double', 21, { timeout: 1000 })); // 42
 * await GenServer.stop(pid);
 * const failed: unknown = await GenServer.call(pid, 'double', 21).catch((thrown) => thrown);
 * console.log(failed instanceof ExitError && failed.reason.type); // noproc
 * await system.stop();
 * ```
 */
export function call<Calls, Request extends keyof Calls & string>(
  server: Destination<Server<Calls, unknown>>,
  request: Request,
  ...[payload, options]: readonly [...PayloadArgs<Calls[Request]>, options?: CallOptions]
): Promise<ReplyTo<Calls[Request]>> {
  if (options !== undefined) {
    assertKnownKeys('GenServer.call', options, callKeys);
  }
  const { timeout = 5000, self }: CallOptions = options ?? {};
  assertTimeout(timeout);
  const cell = find(server);
  const caller = self === undefined ? cell?.runtime.current : cellOfProcess(self);
  const refusal = refusalOf(cell, caller);
  if (cell === undefined || refusal !== undefined) {
    const what = `call ${describe(request)} to ${destinationText(server)}`;
    return Promise.reject(new ExitError(refusal ?? noproc, what));
  }
  const message = new CallMessage(cell, request, payload, caller);
  cell.push(message);
  message.expireAfter(timeout);
  return message.promise as Promise<ReplyTo<Calls[Request]>>;
}

/**
 * Sends a request to the server, and waits for nothing. A server that has ended gets nothing.
 * @throws TypeError for anything but a pid or a name in a system
 * @see OTP manual, `gen_server:cast/2`
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
 * const pid = await GenServer.startLink(system, counter, undefined);
 * GenServer.cast(pid, 'add', 2);
 * GenServer.cast(pid, 'add', 3);
 * console.log(await sys.getState(pid)); // 5
 * await system.stop();
 * ```
 */
export function cast<Casts, Request extends keyof Casts & string>(
  server: Destination<Server<unknown, Casts>>,
  request: Request,
  ...[payload]: PayloadArgs<Casts[Request]>
): void {
  find(server)?.push(new CastMessage(request, payload));
}

/**
 * Replies to a call that `handleCall` answered with `noreply`, from any process, once. A second
 * reply is dropped, and so is one that comes after the timeout of the call.
 * @throws TypeError for anything but a `from` that `handleCall` was given
 * @see OTP manual, `gen_server:reply/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok } from '@reprise/actor';
 *
 * const door = GenServer.define({
 *   init: () => ok<GenServer.From<string>[]>([]),
 *   handleCall: { knock: (_, waiting, from: GenServer.From<string>) => noreply([...waiting, from]) },
 *   handleCast: {
 *     open: (_, waiting) => {
 *       waiting.forEach((from) => GenServer.reply(from, 'come in'));
 *       return noreply([]);
 *     },
 *   },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.startLink(system, door, undefined);
 * const answer = GenServer.call(pid, 'knock');
 * GenServer.cast(pid, 'open');
 * console.log(await answer); // come in
 * await system.stop();
 * ```
 */
export function reply<Value>(from: From<Value>, value: NoInfer<Value>): void {
  const message: unknown = from;
  if (!isA(message, CallMessage)) {
    throw new TypeError(`Expected a from of handleCall, got ${describe(from)}`);
  }
  message.answer(value);
}

/**
 * Lets the server handle the messages that it already has, run `terminate` and end with `reason`
 * (default: `normal`). Resolves when it has ended.
 * @throws ExitError `noproc` when the server has ended, its reason when it ends for another one,
 * `callingSelf` when it is the caller, `callCycle` after `timeout` when it waits for the caller
 * @throws TimeoutError after `timeout`; the server still ends
 * @throws TypeError for anything but an exit reason, RangeError for a wrong timeout
 * @see OTP manual, `gen_server:stop/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, isAlive, ok, shutdown } from '@reprise/actor';
 *
 * const polite = GenServer.define({
 *   init: () => ok(undefined),
 *   terminate: (reason) => {
 *     console.log(reason.type); // shutdown
 *   },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, polite, undefined);
 * await GenServer.stop(pid, shutdown);
 * console.log(isAlive(pid)); // false
 * await system.stop();
 * ```
 */
export async function stop(
  server: Destination,
  reason: ExitReason = normal,
  options: ServerStopOptions = {},
): Promise<void> {
  assertKnownKeys('GenServer.stop', options, stopKeys);
  const { timeout = Infinity } = options;
  assertExitReason(reason);
  assertTimeout(timeout);
  const cell = find(server);
  const caller = cell?.runtime.current;
  const refusal = refusalOf(cell, caller);
  if (cell === undefined || refusal !== undefined) {
    throw new ExitError(refusal ?? noproc, `stop of ${destinationText(server)}`);
  }
  const message = new StopMessage(cell, reason, caller);
  cell.pushSystem(message);
  message.startTimeout(timeout);
  await message.promise;
}
