import type { MaybePromise } from '../maybe-promise.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { Ignore, InitError, NoReply, Ok, Reply, Stop, StopReply, StopStart } from './next.ts';

declare const replies: unique symbol;

/**
 * The address that a call is answered at: to be kept, handed to another process, and answered once
 * with `GenServer.reply`.
 */
export interface From<out Value = unknown> {
  readonly [replies]: Value;
}

/** The answers of `init`. */
export type InitAnswer<State> = Ok<State, unknown> | StopStart | Ignore | InitError;
/** The answers of `handleCall`. */
export type CallAnswer<State> =
  | Reply<unknown, State, unknown>
  | NoReply<State, unknown>
  | Stop<State>
  | StopReply<unknown, State>;
/** The answers of `handleCast`, `handleInfo` and `handleContinue`. */
export type CastAnswer<State> = NoReply<State, unknown> | Stop<State>;

/**
 * One request of `handleCall`: takes the caller's payload, the state, the address of the caller and
 * the process. `Answer`: the answers that a behaviour allows.
 */
export type CallClause<State, Answer = CallAnswer<State>> = (
  payload: never,
  state: State,
  from: From<never>,
  self: Process,
) => MaybePromise<Answer>;

/** One request of `handleCast`: takes the sender's payload, the state and the process. */
export type CastClause<State, Answer = CastAnswer<State>> = (
  payload: never,
  state: State,
  self: Process,
) => MaybePromise<Answer>;

/**
 * The callbacks that every behaviour has, also one that another package builds on `GenServer`.
 * `Answer`: the answers that it allows.
 */
export interface CommonCallbacks<State, Info, Answer> {
  /**
   * Takes every other message: those of `send`, `{ type: 'timeout' }`, and the system's own `EXIT`
   * and `DOWN`. Without this callback they are reported and dropped.
   */
  readonly handleInfo?: (
    message: Info,
    state: State,
    self: Process<NoInfer<Info>>,
  ) => MaybePromise<Answer>;
  /**
   * Runs last: after `stop`, after a crash, and, when exits are trapped, when the parent ends or
   * asks for it. Not after a kill, nor after another exit signal that is not trapped.
   */
  readonly terminate?: (reason: ExitReason, state: State, self: Process) => MaybePromise<void>;
  /** The state as reports may show it: without secrets. Default: as it is. */
  readonly formatStatus?: (state: State) => unknown;
}

/**
 * The clauses in the argument of a `define`. Mapped over the requests, since only then does each
 * parameter of each clause get its type from the state.
 */
export interface ClausesInput<Calls, Casts, Call, Cast> {
  readonly handleCall?: OneFunctionForEachRequest & {
    readonly [Request in keyof Calls]: Calls[Request] & Call;
  };
  readonly handleCast?: OneFunctionForEachRequest & {
    readonly [Request in keyof Casts]: Casts[Request] & Cast;
  };
}

/** Refuses one function for all requests, which `handle_call` is in OTP. */
interface OneFunctionForEachRequest {
  readonly [Symbol.hasInstance]?: never;
}

/** The clauses in the result of a `define`: the same objects. */
export interface Clauses<Calls, Casts> {
  readonly handleCall?: NonNullable<Calls>;
  readonly handleCast?: NonNullable<Casts>;
}

/**
 * The callbacks of a server: a plain object. Each is given the state and answers with the next one;
 * a callback may return a promise, and then the server takes no other message until it settles, but
 * can still be killed. A callback that throws ends the server.
 * @see OTP manual, `gen_server`
 */
export interface Callbacks<
  Arg,
  State,
  Info,
  Continue,
  Init extends InitAnswer<unknown>,
> extends CommonCallbacks<NoInfer<State>, Info, CastAnswer<NoInfer<State>>> {
  /** Runs first, in the new process; the start waits for it. */
  readonly init: (arg: Arg, self: Process) => MaybePromise<Ok<State, unknown> | StopStart | Init>;
  /** Runs right after the callback that answered `{ continue: value }`, before any message. */
  readonly handleContinue?: (
    value: Continue,
    state: NoInfer<State>,
    self: Process,
  ) => MaybePromise<CastAnswer<NoInfer<State>>>;
}

/** The argument of `define`. */
export interface BehaviourInput<
  Arg,
  State,
  Calls,
  Casts,
  Info,
  Continue,
  Init extends InitAnswer<unknown>,
>
  extends
    Callbacks<Arg, State, Info, Continue, Init>,
    ClausesInput<Calls, Casts, CallClause<NoInfer<State>>, CastClause<NoInfer<State>>> {}

/** The result of `define`: the same object. */
export interface Behaviour<
  Arg,
  State,
  Calls,
  Casts,
  Info,
  Continue,
  Init extends InitAnswer<unknown> = never,
>
  extends Callbacks<Arg, State, Info, Continue, Init>, Clauses<Calls, Casts> {}

/** Any behaviour, where its types do not matter. */
export interface AnyBehaviour {
  readonly init: (arg: never, self: never) => unknown;
  readonly handleCall?: unknown;
  readonly handleCast?: unknown;
  readonly handleInfo?: (message: never, state: never, self: never) => unknown;
  readonly handleContinue?: (value: never, state: never, self: never) => unknown;
  readonly terminate?: (reason: ExitReason, state: never, self: never) => unknown;
  readonly formatStatus?: (state: never) => unknown;
}

declare const requests: unique symbol;

/** The pid of a server, whose type also says which requests it takes. */
export interface Server<out Calls, out Casts, in Info = never> extends Pid<Info> {
  readonly [requests]: { readonly calls: Calls; readonly casts: Casts };
}

/** The pid that starting a behaviour gives: `type Stack = GenServer.ServerOf<typeof stack>`. */
export type ServerOf<B extends AnyBehaviour> = Server<
  CallsOf<NonNullable<B['handleCall']>>,
  CastsOf<NonNullable<B['handleCast']>>,
  InfoOf<NonNullable<B['handleInfo']>>
>;

/** The argument of `init`. */
export type ArgOf<B extends AnyBehaviour> =
  Parameters<B['init']> extends readonly [infer Arg, ...unknown[]] ? Arg : undefined;

/** `undefined` when `init` may answer `ignore`. */
export type IgnoredOf<B extends AnyBehaviour> =
  Extract<Awaited<ReturnType<B['init']>>, Ignore> extends never ? never : undefined;

// Left out, the clauses are inferred as `unknown`, which has no names.
type CallsOf<Clauses> = {
  readonly [Request in keyof Clauses]: {
    readonly payload: PayloadOf<Clauses[Request]>;
    readonly reply: ReplyOf<Clauses[Request]>;
  };
};

type CastsOf<Clauses> = {
  readonly [Request in keyof Clauses]: { readonly payload: PayloadOf<Clauses[Request]> };
};

type InfoOf<Handler> = Handler extends (message: infer Info, ...rest: never[]) => unknown
  ? Info
  : never;

/**
 * An unannotated `_` is contextually `never`, and a clause with no parameter at all gives
 * `unknown`: neither takes a payload.
 */
type PayloadOf<Clause> = Clause extends (payload: infer Payload, ...rest: never[]) => unknown
  ? unknown extends Payload
    ? undefined
    : [Payload] extends [never]
      ? undefined
      : Payload
  : never;

type ReplyOf<Clause> = Clause extends (...args: never[]) => infer Result
  ? RepliedValue<Awaited<Result>> | DelayedReply<Clause>
  : never;

type RepliedValue<Next> =
  Next extends Reply<infer Value, infer _State, infer _Continue>
    ? Value
    : Next extends StopReply<infer Value, infer _State>
      ? Value
      : never;

type DelayedReply<Clause> = Clause extends (
  payload: never,
  state: never,
  from: From<infer Value>,
  ...rest: never[]
) => unknown
  ? unknown extends Value
    ? never
    : Value
  : never;

/** The arguments that go with a request: none where its clause takes no payload. */
export type PayloadArgs<Clause> = Clause extends { readonly payload: infer Payload }
  ? [Payload] extends [undefined]
    ? readonly [payload?: undefined]
    : undefined extends Payload
      ? readonly [payload?: Payload]
      : readonly [payload: Payload]
  : never;

/** The value that a call resolves with. */
export type ReplyTo<Clause> = Clause extends { readonly reply: infer Reply } ? Reply : never;
