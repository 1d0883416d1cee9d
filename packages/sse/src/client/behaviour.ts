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
import { assertCallbacks, callbackKeys, type KeysOf } from '@reprise/actor/options';

import type { CursorReport } from '../cursor/cursor.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../http/failure.ts';
import type { Connect, Reconnect, Redeliver } from './next.ts';

/** Why the stream ended, and where the next one resumes. */
export type Disconnected = Disconnect & {
  /** The last id of the stream, also that of a block without data; `""` for none. */
  readonly lastEventId: string;
  /** The server's last `retry`, in ms, unchanged: see `clampRetry`. */
  readonly retry: number | undefined;
};

/** An event whose `handleEvent` failed. */
export interface FailedEvent {
  readonly event: ServerSentEvent;
  /** The value that `handleEvent` threw, or that its promise was rejected with. */
  readonly error: unknown;
  /**
   * How often this event has failed in a row, this time included: from 1 on. With a cursor the
   * count survives the end of the client and of the program.
   */
  readonly attempt: number;
}

export type InitAnswer<State> = Connect<State> | Ok<State> | StopStart | Ignore;

declare const hint: unique symbol;

/**
 * No value: its fields tell TypeScript to keep the literals in a bare state, so that `{ phase: 'b'
 * }` is a state of the type `{ phase: 'a' | 'b' }` (see `AnyState` of `@reprise/actor`).
 */
interface LiteralFields {
  readonly [hint]: never;
  readonly [key: string]: '' | 0 | 0n | boolean | LiteralFields;
}

/** An answer of a callback: go on, connect, or stop. */
export type ClientAnswer<State> = NoReply<State> | Connect<State> | Reconnect<State> | Stop<State>;

export type CallAnswer<State> =
  | Reply<unknown, State>
  | StopReply<unknown, State>
  | ClientAnswer<State>;

/**
 * The callbacks of a client: a plain object. Each callback gets the state and answers with the next
 * one. A callback may return a promise: then the client handles nothing else until it settles. A
 * callback that throws crashes the client, and its supervisor starts it again from `init`.
 *
 * `handleInfo` is also called while the client connects or waits. When `terminate` runs, the
 * connection is closed already.
 * @see the behaviour `ServerSentEvent.Client` of the Elixir library `server_sent_event`
 */
export interface Callbacks<
  Arg,
  State,
  Info,
  Init extends InitAnswer<unknown>,
> extends GenServer.CommonCallbacks<NoInfer<State>, Info, ClientAnswer<NoInfer<State>>> {
  /** Runs first; the start waits for it. After `ok(state)` a later callback has to connect. */
  readonly init: (
    arg: Arg,
    self: Process,
  ) => GenServer.MaybePromise<Connect<State> | Ok<State> | StopStart | Init>;
  /** The server answered 200 with an event stream: once per connection, before any event. */
  readonly handleConnect: (
    response: EventStreamResponse,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
  /** The attempt failed. After `noreply` the client stays disconnected. */
  readonly handleConnectFailure: (
    failure: ConnectFailure,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
  /**
   * The stream ended, and all its events are handled. After `noreply` the client stays
   * disconnected.
   */
  readonly handleDisconnect: (
    disconnected: Disconnected,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<ClientAnswer<NoInfer<State>>>;
  /**
   * One event. Returns the next state, or an answer to stop or reconnect. While its promise is
   * pending, no further packet is read and the server's writes block.
   */
  readonly handleEvent: (
    event: ServerSentEvent,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<LiteralFields | NoInfer<State> | ClientAnswer<NoInfer<State>>>;
  /**
   * An event that `handleEvent` threw at, or rejected. After the next state, or any answer but
   * `redeliver`, the event counts as handled. The client crashes if this throws, and without this
   * callback.
   */
  readonly handleFailed?: (
    failed: FailedEvent,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<
    NoInfer<State> | ClientAnswer<NoInfer<State>> | Redeliver<NoInfer<State>>
  >;
  /** A comment line, as soon as it ends. Without this callback comments are dropped. */
  readonly handleComment?: (
    comment: string,
    state: NoInfer<State>,
    self: Process,
  ) => GenServer.MaybePromise<LiteralFields | NoInfer<State> | ClientAnswer<NoInfer<State>>>;
  /**
   * A report of the client's cursor, if it has one: once at the start, after `init` and before a
   * function is asked for the first request; and when the first event of
   * a connection shows that the server ignored the cursor, before that event.
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

/** Any behaviour, for code that needs no types of it. */
export interface AnyBehaviour extends GenServer.AnyBehaviour {
  readonly handleConnect: Callback;
  readonly handleConnectFailure: Callback;
  readonly handleDisconnect: Callback;
  readonly handleEvent: Callback;
  readonly handleFailed?: Callback;
  readonly handleComment?: Callback;
  readonly handleCursor?: Callback;
}

export type ErasedCallback = (...args: readonly unknown[]) => unknown;

/**
 * Marks the client of an iterator or a listener: its user cannot give it a `handleFailed`, and so
 * the report of a crash does not recommend one.
 */
export const takesNoHandleFailed: unique symbol = Symbol('takes no handleFailed');

/** The same behaviour, with that mark. */
export function withoutHandleFailed<B extends object>(behaviour: B): B {
  return { ...behaviour, [takesNoHandleFailed]: true };
}

/** How a client handles many events at once: a part of the behaviour of `resilient`. */
export interface Batching<State = unknown> {
  /** The most events in a batch. */
  readonly max: number;
  /** Whether the event is to be handled alone, by `handleEvent`. */
  readonly isApart: (event: ServerSentEvent, state: State) => boolean;
  /** Has the next state. An error crashes the client. */
  readonly handle: (events: readonly ServerSentEvent[], state: State) => unknown;
}

/** The key of `Batching` in a behaviour. */
export const batching: unique symbol = Symbol('batching');

/** A behaviour without the types of its arguments, for the code that calls its callbacks. */
export interface ErasedBehaviour {
  readonly [takesNoHandleFailed]?: true;
  readonly [batching]?: Batching;
  readonly init: ErasedCallback;
  readonly handleConnect: ErasedCallback;
  readonly handleConnectFailure: ErasedCallback;
  readonly handleDisconnect: ErasedCallback;
  readonly handleEvent: ErasedCallback;
  readonly handleFailed?: ErasedCallback;
  readonly handleComment?: ErasedCallback;
  readonly handleCursor?: ErasedCallback;
  readonly handleCall?: Readonly<Record<string, ErasedCallback>>;
  readonly handleCast?: Readonly<Record<string, ErasedCallback>>;
  readonly handleInfo?: ErasedCallback;
  readonly terminate?: ErasedCallback;
  readonly formatStatus?: ErasedCallback;
}

const { handleContinue: _handleContinue, ...serverCallbacks } = callbackKeys;

export const clientCallbacks: KeysOf<Omit<AnyBehaviour, 'handleContinue'>> = {
  ...serverCallbacks,
  handleConnect: true,
  handleConnectFailure: true,
  handleDisconnect: true,
  handleEvent: true,
  handleFailed: true,
  handleComment: true,
  handleCursor: true,
};

const required = [
  'init',
  'handleConnect',
  'handleConnectFailure',
  'handleDisconnect',
  'handleEvent',
] as const;

/**
 * @throws TypeError for a behaviour without one of the callbacks that a client cannot do without.
 */
export function eraseBehaviour(behaviour: AnyBehaviour): ErasedBehaviour {
  if (typeof behaviour === 'object' && behaviour !== null) {
    assertCallbacks('SseClient', behaviour, clientCallbacks);
  }
  const missing = required.filter((name) => typeof behaviour?.[name] !== 'function');
  if (missing.length > 0) {
    throw new TypeError(
      `Expected a behaviour with ${required.join(', ')}, got one without ${missing.join(', ')}`,
    );
  }
  return behaviour as unknown as ErasedBehaviour;
}
