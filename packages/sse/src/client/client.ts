import {
  type ChildOptions,
  childSpec as createChildSpec,
  type ChildSpec,
  ExitError,
  GenServer,
  isAlive,
  isPid,
  noproc,
  type Pid,
  type Process,
} from '@reprise/actor';
import {
  assertCallbacks,
  assertKnownKeys,
  childKeys,
  type KeysOf,
  partOf,
  startKeys as serverKeys,
} from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { BudgetOwner } from '../budget/client-budgets.ts';
import { type Cursor, cursorOptions, type PositionOptions } from '../cursor/options.ts';
import type { CursorOf } from '../cursor/own-place.ts';
import {
  type AnyBehaviour,
  type Behaviour,
  type BehaviourInput,
  clientCallbacks,
  type InitAnswer,
} from './behaviour.ts';
import { serverOf } from './server.ts';
import { Session } from './session.ts';
import type { Status } from './status.ts';

export type {
  Behaviour,
  CallAnswer,
  ClientAnswer,
  Disconnected,
  FailedEvent,
} from './behaviour.ts';

export interface StartOptions extends GenServer.StartOptions {
  /**
   * Where the id of the last handled event is kept. A client that is started again resumes from it:
   * it replaces `lastEventId` in every request. An event is handled once the result of
   * `handleEvent` has settled. With a cursor the client traps exits, to have time to write it when
   * it is stopped. Default: nowhere.
   */
  readonly cursor?: Cursor;
  /**
   * Takes the position from an event, where it is no id: a field of its data, or of a control
   * event. `undefined` if the event brings none. Requests that are functions get it as `cursor`,
   * once the event is handled; the cursor keeps it. An error is one of `handleEvent`. Default: the
   * last id.
   */
  readonly cursorOf?: CursorOf;
}

export const startKeys: KeysOf<StartOptions> = { ...serverKeys, cursor: true, cursorOf: true };

/** The pid of a client with this behaviour. */
export type ServerOf<B extends AnyBehaviour> = GenServer.ServerOf<B>;

/**
 * Returns the behaviour unchanged; it infers the types.
 * @throws TypeError for a misspelt callback
 * @see the behaviour `ServerSentEvent.Client` of the Elixir library `server_sent_event`
 * @example
 * ```ts
 * import { connect, createSystem, noreply, SseClient } from '@reprise/sse';
 *
 * const counter = SseClient.define({
 *   init: (url: string) => connect({ url }, { url, count: 0 }),
 *   handleConnect: (_response, state) => noreply(state),
 *   handleConnectFailure: (_failure, state) => connect({ url: state.url }, state, { after: 1000 }),
 *   handleDisconnect: ({ lastEventId }, state) => connect({ url: state.url, lastEventId }, state),
 *   handleEvent: (_event, state) => ({ ...state, count: state.count + 1 }),
 * });
 *
 * const state = { url: 'https://example.com/', count: 1 };
 * const event = { type: 'message', data: 'x', id: null, lastEventId: '' };
 * console.log(counter.handleEvent(event, state, createSystem())); // { url: 'https://example.com/', count: 2 }
 * ```
 */
export function define<
  Arg,
  State,
  Calls,
  Casts,
  Info = never,
  Init extends InitAnswer<unknown> = never,
>(
  behaviour: BehaviourInput<Arg, State, Calls, Casts, Info, Init>,
): Behaviour<Arg, State, Calls, Casts, Info, Init> {
  assertCallbacks('SseClient', behaviour, clientCallbacks);
  return behaviour as Behaviour<Arg, State, Calls, Casts, Info, Init>;
}

/**
 * Starts a client that is not linked to `parent`. Resolves with its pid once `init` has answered,
 * before the client is connected; with `undefined` if `init` answered `ignore`.
 * @throws (rejects) as `GenServer.start`; TypeError or RangeError for a cursor that can never work.
 * @see `start/3` of `ServerSentEvent.Client`; OTP manual, `gen_server:start/3`
 * @example
 * ```ts
 * import { connect, createSystem, noreply, SseClient } from '@reprise/sse';
 *
 * const failed = Promise.withResolvers<string>();
 * const client = SseClient.define({
 *   init: (url: string) => connect({ url }, 0),
 *   handleConnect: (_response, count) => noreply(count),
 *   handleConnectFailure: (failure, count) => {
 *     failed.resolve(failure.type);
 *     return noreply(count);
 *   },
 *   handleDisconnect: (_disconnected, count) => noreply(count),
 *   handleEvent: (_event, count) => count + 1,
 * });
 *
 * const system = createSystem();
 * const pid = await SseClient.start(system, client, 'http://127.0.0.1:1/');
 * console.log(SseClient.status(pid).state); // connecting
 * console.log(await failed.promise); // network
 * await system.stop();
 * ```
 */
export async function start<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options: StartOptions = {},
): Promise<GenServer.ServerOf<B> | GenServer.IgnoredOf<B>> {
  assertKnownKeys('SseClient.start', options, startKeys);
  const server = serverOf(behaviour, positionIn(options), ownerOf(behaviour, options));
  return GenServer.start(parent, server, arg, partOf(options, serverKeys));
}

/**
 * Starts a client that is linked to `parent`. Resolves as `start`.
 * @throws (rejects) as `start`
 * @see `start_link/3` of `ServerSentEvent.Client`; OTP manual, `gen_server:start_link/3`
 * @example
 * ```ts
 * import { connect, createSystem, noreply, SseClient } from '@reprise/sse';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const server = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
 * const prices = server.stream('prices');
 * const handled = Promise.withResolvers<string>();
 * const client = SseClient.define({
 *   init: (url: string) => connect({ url }, undefined),
 *   handleConnect: (_response, state) => noreply(state),
 *   handleConnectFailure: (_failure, state) => noreply(state),
 *   handleDisconnect: (_disconnected, state) => noreply(state),
 *   handleEvent: ({ lastEventId }, state) => {
 *     handled.resolve(lastEventId);
 *     return state;
 *   },
 * });
 *
 * const system = createSystem();
 * await SseClient.startLink(system, client, prices.url);
 * prices.produce(1);
 * console.log((await handled.promise) === prices.produced[0]); // true
 * await system.stop();
 * await server.close();
 * ```
 */
export async function startLink<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options: StartOptions = {},
): Promise<GenServer.ServerOf<B> | GenServer.IgnoredOf<B>> {
  assertKnownKeys('SseClient.startLink', options, startKeys);
  return startChild(parent, behaviour, arg, options, ownerOf(behaviour, options));
}

/** `startLink` for options that are checked, and may have those of a child among them. */
function startChild<B extends AnyBehaviour>(
  parent: Process,
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options: StartOptions & { readonly id?: string },
  owner: BudgetOwner,
): Promise<GenServer.ServerOf<B> | GenServer.IgnoredOf<B>> {
  const server = serverOf(behaviour, positionIn(options), owner);
  return GenServer.startLink(parent, server, arg, partOf(options, serverKeys));
}

/**
 * The spec of a child that is a client. A restarted client begins again from `init(arg)`.
 * @throws TypeError or RangeError for a cursor that can never work, or for an option of
 * `ChildOptions` that cannot.
 * @see `child_spec/1` of `ServerSentEvent.Client`; OTP manual, `supervisor:child_spec()`
 * @example
 * ```ts
 * import { connect, createSystem, noreply, SseClient, Supervisor } from '@reprise/sse';
 *
 * const client = SseClient.define({
 *   init: (url: string) => connect({ url }, 0, { after: 60_000 }),
 *   handleConnect: (_response, count) => noreply(count),
 *   handleConnectFailure: (_failure, count) => noreply(count),
 *   handleDisconnect: (_disconnected, count) => noreply(count),
 *   handleEvent: (_event, count) => count + 1,
 * });
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [SseClient.childSpec(client, 'https://example.com/', { id: 'prices' })],
 * });
 * console.log(SseClient.status(Supervisor.child(app, 'prices')).state); // disconnected
 * await system.stop();
 * ```
 */
export function childSpec<B extends AnyBehaviour, const Id extends string>(
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options: ChildOptions<Id> & StartOptions,
): ChildSpec<Id, GenServer.ServerOf<B>> {
  assertKnownKeys('SseClient.childSpec', options, { ...childKeys, ...startKeys });
  // A cursor that can never work is an error here rather than when the child starts.
  positionIn(options);
  const owner = ownerOfChild(options);
  return createChildSpec<Id, GenServer.ServerOf<B> | GenServer.IgnoredOf<B>>(
    // In a function of its own, so that a wrong behaviour is a start that fails.
    async (parent) => startChild(parent, behaviour, arg, options, owner),
    partOf<ChildOptions<Id>>(options, childKeys),
  ) as ChildSpec<Id, GenServer.ServerOf<B>>;
}

/**
 * The status of a client at this moment. It sends no message, thus it answers at once, also while a
 * callback of the client is busy.
 * @throws ExitError `noproc` if there is no live client with this pid.
 * @example
 * ```ts
 * import { createSystem, SseClient, Supervisor } from '@reprise/sse';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [
 *     SseClient.resilient({ id: 'prices', url: 'http://127.0.0.1:1/', handle: () => undefined }),
 *   ],
 * });
 * const { state, attempt, events } = SseClient.status(Supervisor.child(app, 'prices'));
 * console.log(state, attempt, events); // connecting 1 0
 * await system.stop();
 * ```
 */
export function status(client: Pid): Status {
  const found = Session.statusOf(client);
  if (found === undefined) {
    if (!isPid(client) || isAlive(client)) {
      throw new TypeError(`Expected the pid of a client, got ${describe(client)}`);
    }
    throw new ExitError(noproc, `status of ${String(client)}`);
  }
  return found;
}

/**
 * Stops a client and waits for its end: closes its connection, writes the cursor, calls
 * `terminate`. The same function as `GenServer.stop`.
 * @throws (rejects) ExitError if the client had ended (`noproc`) or ends with another reason;
 * TimeoutError after `timeout` ms (default: `Infinity`).
 * @see OTP manual, `gen_server:stop/3`
 * @example
 * ```ts
 * import { connect, createSystem, noreply, SseClient } from '@reprise/sse';
 *
 * const client = SseClient.define({
 *   init: (url: string) => connect({ url }, 'waiting'),
 *   handleConnect: (_response, state) => noreply(state),
 *   handleConnectFailure: (_failure, state) => noreply(state),
 *   handleDisconnect: (_disconnected, state) => noreply(state),
 *   handleEvent: (_event, state) => state,
 *   terminate: (reason) => {
 *     console.log(reason.type); // normal
 *   },
 * });
 *
 * const system = createSystem();
 * const pid = await SseClient.startLink(system, client, 'http://127.0.0.1:1/');
 * await SseClient.stop(pid);
 * await system.stop();
 * ```
 */
export const stop: typeof GenServer.stop = GenServer.stop;

/** @throws TypeError or RangeError for a cursor that can never work */
function positionIn(options: StartOptions & { readonly id?: string } = {}): PositionOptions {
  const { cursor, cursorOf, id, name } = options;
  if (cursorOf !== undefined && typeof cursorOf !== 'function') {
    throw new TypeError(
      `Expected cursorOf to be a function (event) => …, got ${describe(cursorOf)}`,
    );
  }
  const key = id ?? (typeof name === 'string' ? name : undefined);
  return { cursor: cursor === undefined ? undefined : cursorOptions(cursor, key), cursorOf };
}

/**
 * A client without a name shares the key of its behaviour: those that run have a budget each, and
 * one that starts after another has crashed goes on with the budget of that.
 */
function ownerOf(behaviour: AnyBehaviour, { name }: StartOptions = {}): BudgetOwner {
  return { key: typeof name === 'string' ? `name ${name}` : behaviour, isPermanent: false };
}

/**
 * A supervisor that is restarted may make its specs anew: thus the id is the key. A temporary child
 * is not restarted, and others with its id may do other work: there the spec is the key.
 */
function ownerOfChild({ id, restart = 'permanent' }: ChildOptions): BudgetOwner {
  return {
    key: restart === 'temporary' ? {} : `id ${id}`,
    isPermanent: restart === 'permanent',
  };
}
