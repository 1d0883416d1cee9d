import type {
  GenServer,
  Ignore,
  NoReply,
  Ok,
  Process,
  Reply,
  Stop,
  StopReply,
  StopStart,
} from '@reprise/actor';

import type { CursorReport } from '../cursor/cursor.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../http/failure.ts';
import type { Connect, Reconnect } from './next.ts';

/** Why the stream ended, and what it leaves for the next one. */
export type Disconnected = Disconnect & {
  /**
   * The last id, also that of a block without data: what the next request asks to go on from. `""`
   * for none.
   */
  readonly lastEventId: string;
  /** The server's last `retry`, in ms, as it was sent: see `clampRetry`. */
  readonly retry: number | undefined;
};

export type InitAnswer<State> = Connect<State> | Ok<State> | StopStart | Ignore;

/** What a callback answers: go on, connect, or stop. */
export type ClientAnswer<State> = NoReply<State> | Connect<State> | Reconnect<State> | Stop<State>;

export type CallAnswer<State> =
  | Reply<unknown, State>
  | StopReply<unknown, State>
  | ClientAnswer<State>;

/**
 * The callbacks of a client: a plain object. Each is given the state and answers with the next one;
 * each may return a promise, and then nothing else is handled until it settles. A callback that
 * throws ends the client, and its supervisor starts it anew from `init`.
 *
 * `handleInfo` is called while the client connects or waits, too. When `terminate` runs, the
 * connection is closed already.
 * @see ServerSentEvent.Client, a behaviour of the Elixir library `server_sent_event`
 */
export interface Callbacks<
  Arg,
  State,
  Info,
  Init extends InitAnswer<unknown>,
> extends GenServer.CommonCallbacks<NoInfer<State>, Info, ClientAnswer<NoInfer<State>>> {
  /**
   * Runs first; the start waits for it. `ok(state)` does not connect until a later callback says
   * so.
   */
  readonly init: (
    arg: Arg,
    self: Process,
  ) => GenServer.MaybePromise<Connect<State> | Ok<State> | StopStart | Init>;
  /** The server answered 200 with an event stream: once a connection, before any event. */
  readonly handleConnect: (
    response: EventStreamResponse,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
  /** No connection could be made. With `noreply` the client stays disconnected. */
  readonly handleConnectFailure: (
    failure: ConnectFailure,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
  /**
   * The stream ended, all its events have been handled. With `noreply` the client stays
   * disconnected.
   */
  readonly handleDisconnect: (
    disconnected: Disconnected,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
  /**
   * One event. Returns the next state, or an answer to stop or reconnect. While its promise is
   * pending no further packet is read, and the server's writes block.
   */
  readonly handleEvent: (
    event: ServerSentEvent,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<NoInfer<State> | ClientAnswer<NoInfer<State>>>;
  /** A comment line of the server, as its line ends. Without this, comments are dropped. */
  readonly handleComment?: (
    comment: string,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<NoInfer<State> | ClientAnswer<NoInfer<State>>>;
  /**
   * What the cursor of the client says, if it has one: once at the start, and when a server shows
   * that it ignored it, before the event that shows it. Without this it is not told.
   */
  readonly handleCursor?: (
    report: CursorReport,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
}

/** The argument of `define`. */
export interface BehaviourInput<Arg, State, Calls, Casts, Info, Init extends InitAnswer<unknown>>
  extends
    Callbacks<Arg, State, Info, Init>,
    GenServer.ClausesInput<
      Calls,
      Casts,
      GenServer.CallClause<NoInfer<State>, CallAnswer<NoInfer<State>>>,
      GenServer.CastClause<NoInfer<State>, ClientAnswer<NoInfer<State>>>
    > {}

/** The result of `define`: the same object. */
export interface Behaviour<Arg, State, Calls, Casts, Info, Init extends InitAnswer<unknown> = never>
  extends Callbacks<Arg, State, Info, Init>, GenServer.Clauses<Calls, Casts> {}

type Callback = (...args: never[]) => unknown;

/** Any behaviour, where its types do not matter. */
export interface AnyBehaviour extends GenServer.AnyBehaviour {
  readonly handleConnect: Callback;
  readonly handleConnectFailure: Callback;
  readonly handleDisconnect: Callback;
  readonly handleEvent: Callback;
  readonly handleComment?: Callback;
  readonly handleCursor?: Callback;
}

export type ErasedCallback = (...args: readonly unknown[]) => unknown;

/** A behaviour without the types of its arguments, for the code that calls its callbacks. */
export interface ErasedBehaviour {
  readonly init: ErasedCallback;
  readonly handleConnect: ErasedCallback;
  readonly handleConnectFailure: ErasedCallback;
  readonly handleDisconnect: ErasedCallback;
  readonly handleEvent: ErasedCallback;
  readonly handleComment?: ErasedCallback;
  readonly handleCursor?: ErasedCallback;
  readonly handleCall?: Readonly<Record<string, ErasedCallback>>;
  readonly handleCast?: Readonly<Record<string, ErasedCallback>>;
  readonly handleInfo?: ErasedCallback;
  readonly terminate?: ErasedCallback;
  readonly formatStatus?: ErasedCallback;
}

const required = [
  'init',
  'handleConnect',
  'handleConnectFailure',
  'handleDisconnect',
  'handleEvent',
] as const;

/** @throws TypeError for a behaviour without one of the callbacks that a client cannot do without. */
export function eraseBehaviour(behaviour: AnyBehaviour): ErasedBehaviour {
  const missing = required.filter((name) => typeof behaviour?.[name] !== 'function');
  if (missing.length > 0) {
    throw new TypeError(
      `Expected a behaviour with ${required.join(', ')}, got one without ${missing.join(', ')}`,
    );
  }
  return behaviour as unknown as ErasedBehaviour;
}
