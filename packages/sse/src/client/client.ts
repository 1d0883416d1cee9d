import {
  type ChildOptions,
  childSpec as createChildSpec,
  type ChildSpec,
  ExitError,
  GenServer,
  noproc,
  type Pid,
  type Process,
} from '@reprise/actor';

import { type Cursor, cursorOptions } from '../cursor/options.ts';
import type { AnyBehaviour, Behaviour, BehaviourInput, InitAnswer } from './behaviour.ts';
import { serverOf } from './server.ts';
import { type KeyedCursor, Session } from './session.ts';
import type { Status } from './status.ts';

export type { Behaviour, CallAnswer, ClientAnswer, Disconnected } from './behaviour.ts';

export interface StartOptions extends GenServer.StartOptions {
  /**
   * Where the id of the last event handled is kept, so that a client that is started anew goes on
   * from there: it takes the place of `lastEventId` in every request. An event counts as handled
   * once what `handleEvent` returned has settled. The client then traps exits, in order to write
   * the cursor when it is stopped. Default: nowhere.
   */
  readonly cursor?: Cursor;
}

/** The pid that starting a behaviour gives. */
export type ServerOf<B extends AnyBehaviour> = GenServer.ServerOf<B>;

/** Returns the behaviour as it is: there so that its types are inferred. */
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
  return behaviour as Behaviour<Arg, State, Calls, Casts, Info, Init>;
}

/**
 * Starts a client that is not linked to `parent`. Resolves with its pid once `init` has answered,
 * before it is connected; with `undefined` if it answered `ignore`. Rejects as `GenServer.start`.
 * @see ServerSentEvent.Client, `start/3`
 */
export async function start<B extends AnyBehaviour>(
  parent: Process<never>,
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options?: StartOptions,
): Promise<GenServer.ServerOf<B> | GenServer.IgnoredOf<B>> {
  return GenServer.start(parent, serverOf(behaviour, cursorOf(options)), arg, options);
}

/**
 * Starts a client linked to `parent`. Resolves and rejects as `start`.
 * @see ServerSentEvent.Client, `start_link/3`
 */
export async function startLink<B extends AnyBehaviour>(
  parent: Process<never>,
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options?: StartOptions,
): Promise<GenServer.ServerOf<B> | GenServer.IgnoredOf<B>> {
  return GenServer.startLink(parent, serverOf(behaviour, cursorOf(options)), arg, options);
}

/**
 * How to start the client under a supervisor. Restarted, it begins again from `init(arg)`.
 * @see ServerSentEvent.Client, `child_spec/1`
 */
export function childSpec<B extends AnyBehaviour, const Id extends string>(
  behaviour: B,
  arg: GenServer.ArgOf<B>,
  options: ChildOptions<Id> & StartOptions,
): ChildSpec<Id, GenServer.ServerOf<B>> {
  // A cursor that can mean nothing is refused here, and not when the child starts.
  cursorOf(options);
  return createChildSpec<Id, GenServer.ServerOf<B>>(
    (parent) => startLink(parent, behaviour, arg, options),
    options,
  );
}

/**
 * How a client stands at this very moment, also while one of its callbacks takes its time: nothing
 * is asked of its mailbox.
 * @throws ExitError `noproc` if there is no live client with this pid.
 */
export function status(client: Pid): Status {
  const found = Session.statusOf(client);
  if (found === undefined) {
    throw new ExitError(noproc);
  }
  return found;
}

/**
 * Stops a client and waits until it has ended: closes its connection, calls `terminate`, writes the
 * cursor. The same as `GenServer.stop`.
 * @throws ExitError when it had ended (`noproc`) or ends with another reason; TimeoutError when
 * the time is up.
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
 * const pid = await SseClient.startLink(system, client, 'http://127.0.0.1:9/');
 * await SseClient.stop(pid);
 * await system.stop();
 * ```
 */
export const stop: typeof GenServer.stop = GenServer.stop;

function cursorOf({ cursor, id, name }: StartOptions & { readonly id?: string } = {}):
  | KeyedCursor
  | undefined {
  return cursor === undefined
    ? undefined
    : cursorOptions(cursor, id ?? (typeof name === 'string' ? name : undefined));
}
