import { type ChildOptions, type ChildSpec, childSpec as createChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { type Destination, find, type Name, type Via, ViaAddress } from '../process/address.ts';
import { type Cell, cellOfProcess } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import {
  alreadyStarted,
  assertExitReason,
  callingSelf,
  type ExitReason,
  noproc,
  normal,
  undef,
} from '../process/exit-reason.ts';
import { BoundedMailbox, type MailboxOptions } from '../process/mailbox.ts';
import { MonitorRef } from '../process/monitor-ref.ts';
import { type Pid, type Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { register, whereis } from '../process/register.ts';
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
import { callCycleOf } from './call-cycle.ts';
import { CallMessage, CastMessage, StopMessage } from './messages.ts';
import { ServerProcess } from './server-process.ts';

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
export type { MaybePromise } from './maybe-promise.ts';
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

export interface StartOptions {
  /**
   * A name in the system, or one that a registry keeps: see `Registry.via`. It is free again when
   * the server ends.
   */
  readonly name?: string | Name | Via;
  /** Bounds how many messages may wait. Default: no bound. */
  readonly mailbox?: MailboxOptions;
  /** How long `init` may take, in ms, before the server is given up. Default: `Infinity`. */
  readonly timeout?: number;
}

export interface CallOptions {
  /** In ms. Default: 5,000. `Infinity` waits as long as the server lives. */
  readonly timeout?: number;
  /**
   * Who calls, for a call that is made after an `await`: then a call to itself, and a cycle of
   * servers that wait for each other, are found at once there too.
   */
  readonly self?: Process;
}

export interface StopOptions {
  /** In ms. Default: `Infinity`: waits as long as `terminate` takes. */
  readonly timeout?: number;
}

/**
 * Returns the behaviour as it is: there so that its types are inferred.
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
  return behaviour as Behaviour<Arg, State, Calls, Casts, Info, Continue, Init>;
}

/**
 * Starts a server that is not linked to `parent`. Resolves with its pid once `init` has answered;
 * with `undefined` if it answered `ignore`.
 *
 * Rejects with an `ExitError` whose reason is why `init` failed, `timeout`, `alreadyStarted` for a
 * taken name, or `noproc` when `parent` has ended.
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
  options?: StartOptions,
): Promise<ServerOf<B> | IgnoredOf<B>> {
  return startServer(parent, behaviour, arg, false, options);
}

/**
 * Starts a server linked to `parent`, as under a supervisor: when either ends abnormally the other
 * has its exit signal. Resolves and rejects as `start` does.
 *
 * A failed `init` reaches a parent that does not trap exits by the link too. One that traps, and
 * the system itself, have the rejection alone.
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
  options?: StartOptions,
): Promise<ServerOf<B> | IgnoredOf<B>> {
  return startServer(parent, behaviour, arg, true, options);
}

/** A server, and the caller's monitor of it. */
export interface Monitored<out P extends Pid> {
  readonly pid: P;
  readonly ref: Ref;
}

/**
 * `start`, monitored by `parent` from the instant `init` has answered: however soon the server
 * ends, `parent` has its `DOWN` message. After a start that fails, or an `ignore`, there is no
 * monitor and comes no message.
 *
 * Rejects as `start` does.
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
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  const owner = parentOf(parent);
  const server = createServer(owner, behaviour, arg, false, options);
  const ref = new MonitorRef(owner, { pid: server.pid }, 'DOWN', undefined);
  const pid = (await server.start(timeout, ref)) as ServerOf<B> | IgnoredOf<B>;
  return pid === undefined ? (pid as IgnoredOf<B>) : { pid, ref };
}

/**
 * How to start the server under a supervisor. Restarted, it begins again from `init(arg)`.
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
  return createChildSpec<Id, ServerOf<B>>(
    (parent) => startLink(parent, behaviour, arg, options),
    options,
  );
}

/**
 * Asks the server, and resolves with what `handleCall` replies.
 *
 * Rejects with an `ExitError` when the server has ended (`noproc`) or ends before it replies (its
 * reason), or is the caller itself (`callingSelf`); with a `TimeoutError` after `timeout`, which
 * does not disturb the server: a late reply is dropped.
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
  const { timeout = 5000, self }: CallOptions = options ?? {};
  assertTimeout(timeout);
  const cell = find(server);
  const caller = self === undefined ? cell?.runtime.scheduler.current : cellOfProcess(self);
  const refusal = refusalOf(cell, caller);
  if (cell === undefined || refusal !== undefined) {
    const what = `call ${describe(request)} to ${String(server)}`;
    return Promise.reject(new ExitError(refusal ?? noproc, what));
  }
  const message = new CallMessage(cell, request, payload, timeout, caller);
  cell.push(message);
  message.expireIfDue(timeout);
  return message.promise as Promise<ReplyTo<Calls[Request]>>;
}

function refusalOf(server: Cell | undefined, caller: Cell | undefined): ExitReason | undefined {
  if (server === undefined || !server.isAlive) {
    return noproc;
  }
  if (caller === undefined) {
    return undefined;
  }
  return caller === server ? callingSelf : callCycleOf(caller, server);
}

/**
 * Tells the server, and waits for nothing: to a server that has ended it is dropped.
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
 * Answers a call that `handleCall` left open with `noreply`: from anywhere, once. Later answers,
 * and one whose caller has given up, are dropped.
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
  if (!(message instanceof CallMessage)) {
    throw new TypeError(`Expected the from that handleCall was given, got ${describe(from)}`);
  }
  message.answer(value);
}

/**
 * Ends the server with `reason` (default `normal`) after the messages it already has, running
 * `terminate`; resolves once it has ended.
 *
 * Rejects with an `ExitError` when it had ended (`noproc`), ends with another reason (that one), or
 * is the caller (`callingSelf`); with a `TimeoutError` after `timeout`, which leaves it to finish.
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
  { timeout = Infinity }: StopOptions = {},
): Promise<void> {
  assertExitReason(reason);
  assertTimeout(timeout);
  const cell = find(server);
  const refusal = refusalOf(cell, cell?.runtime.scheduler.current);
  if (cell === undefined || refusal !== undefined) {
    throw new ExitError(refusal ?? noproc, `stop of ${String(server)}`);
  }
  const message = new StopMessage(cell, reason, timeout);
  cell.pushSystem(message);
  await message.promise;
}

function startServer<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: ArgOf<B>,
  isLinked: boolean,
  options: StartOptions = {},
): Promise<ServerOf<B> | IgnoredOf<B>> {
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  try {
    const server = createServer(parentOf(parent), behaviour, arg, isLinked, options);
    return server.start(timeout) as Promise<ServerOf<B> | IgnoredOf<B>>;
  } catch (thrown) {
    // One way to hear of a failed start, not two.
    return Promise.reject(thrown);
  }
}

function createServer(
  parent: Cell,
  behaviour: AnyBehaviour,
  arg: unknown,
  isLinked: boolean,
  { name, mailbox }: StartOptions,
): ServerProcess {
  if (typeof behaviour?.init !== 'function') {
    throw new ExitError(undef('init'), 'start failed');
  }
  const owner = name === undefined ? undefined : ownerOf(parent, name);
  if (owner !== undefined) {
    throw new ExitError(alreadyStarted(owner), `start of ${describe(String(name))}`);
  }
  const box = mailbox && new BoundedMailbox(mailbox);
  const server = new ServerProcess(parent, behaviour, arg, isLinked, box);
  if (name instanceof ViaAddress) {
    name.register(server);
  } else if (name !== undefined) {
    register(parent, name as string | Name, server.pid);
  }
  if (isLinked) {
    parent.link(server);
  }
  return server;
}

function ownerOf(parent: Cell, name: string | Name | Via): Pid | undefined {
  return name instanceof ViaAddress ? name.owner?.pid : whereis(parent, name as string | Name);
}
