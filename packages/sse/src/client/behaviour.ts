import type {
  ExitReason,
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

type Maybe<Value> = Value | Promise<Value>;

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

export type CallClause<State> = (
  payload: never,
  state: State,
  from: GenServer.From<never>,
  self: Process<never>,
) => Maybe<CallAnswer<State>>;

export type CastClause<State> = (
  payload: never,
  state: State,
  self: Process<never>,
) => Maybe<ClientAnswer<State>>;

/**
 * The callbacks of a client: a plain object. Each is given the state and answers with the next one;
 * each may return a promise, and then nothing else is handled until it settles. A callback that
 * throws ends the client, and its supervisor starts it anew from `init`.
 * @see ServerSentEvent.Client, a behaviour of the Elixir library `server_sent_event`
 */
export interface Callbacks<Arg, State, Info, Init extends InitAnswer<unknown>> {
  /**
   * Runs first; the start waits for it. `ok(state)` does not connect until a later callback says
   * so.
   */
  readonly init: (
    arg: Arg,
    self: Process<never>,
  ) => Maybe<Connect<State> | Ok<State> | StopStart | Init>;
  /** The server answered 200 with an event stream: once a connection, before any event. */
  readonly handleConnect: (
    response: EventStreamResponse,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<ClientAnswer<NoInfer<State>>>;
  /** No connection could be made. With `noreply` the client stays disconnected. */
  readonly handleConnectFailure: (
    failure: ConnectFailure,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<ClientAnswer<NoInfer<State>>>;
  /**
   * The stream ended, all its events have been handled. With `noreply` the client stays
   * disconnected.
   */
  readonly handleDisconnect: (
    disconnected: Disconnected,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<ClientAnswer<NoInfer<State>>>;
  /**
   * One event. Returns the next state, or an answer to stop or reconnect. While its promise is
   * pending no further packet is read, and the server's writes block.
   */
  readonly handleEvent: (
    event: ServerSentEvent,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<NoInfer<State> | ClientAnswer<NoInfer<State>>>;
  /** A comment line of the server, as its line ends. Without this, comments are dropped. */
  readonly handleComment?: (
    comment: string,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<NoInfer<State> | ClientAnswer<NoInfer<State>>>;
  /**
   * What the cursor of the client says, if it has one: once at the start, and when a server shows
   * that it ignored it, before the event that shows it. Without this it is not told.
   */
  readonly handleCursor?: (
    report: CursorReport,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<ClientAnswer<NoInfer<State>>>;
  /**
   * Every other message, also while connecting and while waiting. Without this they are reported
   * and dropped.
   */
  readonly handleInfo?: (
    message: Info,
    state: NoInfer<State>,
    self: Process<NoInfer<Info>>,
  ) => Maybe<ClientAnswer<NoInfer<State>>>;
  /** Runs last, when the connection is closed already: see `GenServer`. */
  readonly terminate?: (
    reason: ExitReason,
    state: NoInfer<State>,
    self: Process<never>,
  ) => Maybe<void>;
  /** The state as reports may show it: without secrets. Default: as it is. */
  readonly formatStatus?: (state: NoInfer<State>) => unknown;
}

/** What `define` is given. */
export interface BehaviourInput<
  Arg,
  State,
  Calls,
  Casts,
  Info,
  Init extends InitAnswer<unknown>,
> extends Callbacks<Arg, State, Info, Init> {
  readonly handleCall?: {
    readonly [Request in keyof Calls]: Calls[Request] & CallClause<NoInfer<State>>;
  };
  readonly handleCast?: {
    readonly [Request in keyof Casts]: Casts[Request] & CastClause<NoInfer<State>>;
  };
}

/** What `define` returns: the same object. */
export interface Behaviour<
  Arg,
  State,
  Calls,
  Casts,
  Info,
  Init extends InitAnswer<unknown> = never,
> extends Callbacks<Arg, State, Info, Init> {
  readonly handleCall?: NonNullable<Calls>;
  readonly handleCast?: NonNullable<Casts>;
}

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
