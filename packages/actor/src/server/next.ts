/* oxlint-disable typescript/no-generated-empty-object-type -- a state may be any value */
import type { ExitReason } from '../process/exit-reason.ts';

/**
 * Marks an answer: no value of a user is taken for one, whatever its shape. A registered symbol:
 * two copies of this package understand the answers of each other.
 */
export const answer: unique symbol = Symbol.for('reprise.answer') as typeof answer;

/** The base of all answers, also of those that another package adds. */
export interface Answer {
  readonly [answer]: true;
}

/**
 * The action of a server after a callback, before its next message: at most one of these.
 * @see OTP manual, `gen_server`, `Module:handle_call/3`
 */
export type Action<Continue = unknown> =
  /** Calls `handleInfo({ type: 'timeout' })` when no message has come within so many ms. */
  | { readonly timeout: number; readonly continue?: never; readonly hibernate?: never }
  /** Calls `handleContinue(value)` before it takes a message. */
  | { readonly continue: Continue; readonly timeout?: never; readonly hibernate?: never }
  /** Expects no message for long: frees the memory that it holds besides its state. */
  | { readonly hibernate: true; readonly timeout?: never; readonly continue?: never };

/** A value that is not an object. */
type Primitive = string | number | bigint | boolean | symbol | null | undefined;

interface Fields<Literal> {
  readonly [key: string]: Literal | Fields<Literal> | object;
}

/**
 * Any state. As the constraint of a type parameter it keeps the literals in a state: `'busy'` is
 * not widened to `string`, which would be no state of the type `'idle' | 'busy'`, at any depth.
 * TypeScript would know that type from the callback that answers, but forgets it where `init` calls
 * a generic function, such as `ok(state)`, and `const` type parameters make each array read-only.
 */
export type AnyState<Literal extends Primitive> = Literal | Fields<Literal> | NonNullable<unknown>;

// The signatures of an answer differ in the number of their arguments: TypeScript then shows the
// error of the signature that is meant. An answer without a state has the state `never`, where the
// number of arguments is the only error.

/** `init` succeeded: the server runs with this state. */
export interface Ok<State, Continue = never> extends Answer {
  readonly type: 'ok';
  readonly state: State;
  readonly action: Action<Continue> | undefined;
}

/** The caller gets `value`; the server goes on. */
export interface Reply<Value, State, Continue = never> extends Answer {
  readonly type: 'reply';
  readonly value: Value;
  readonly state: State;
  readonly action: Action<Continue> | undefined;
}

/** The server goes on. A call stays open until `GenServer.reply` is called. */
export interface NoReply<State, Continue = never> extends Answer {
  readonly type: 'noreply';
  readonly state: State;
  readonly action: Action<Continue> | undefined;
}

/** The server runs `terminate`, and ends with `reason`. */
export interface Stop<State> extends Answer {
  readonly type: 'stop';
  readonly reason: ExitReason;
  readonly state: State;
}

/** `init` failed with `reason`. There is no state. */
export interface StopStart extends Answer {
  readonly type: 'stop';
  readonly reason: ExitReason;
}

/** As `Stop`; the caller gets `value` when `terminate` has run. */
export interface StopReply<Value, State> extends Answer {
  readonly type: 'stopReply';
  readonly reason: ExitReason;
  readonly value: Value;
  readonly state: State;
}

/** `init` decided not to run: the start succeeds, without a process. */
export interface Ignore extends Answer {
  readonly type: 'ignore';
}

/** `init` could not start, and nothing is broken: the start fails, the process ends `normal`. */
export interface InitError extends Answer {
  readonly type: 'error';
  readonly reason: ExitReason;
}

// Each message allocates one answer, on the hot path. An object literal with a symbol as a key
// takes twice as long to make as an instance of these classes, which have the symbol on their
// prototypes.
class OkValue<State> {
  static {
    mark(this);
  }

  declare readonly [answer]: true;
  readonly type = 'ok';
  readonly state: State;
  readonly action: Action | undefined;

  constructor(state: State, action: Action | undefined) {
    this.state = state;
    this.action = action;
  }
}

class ReplyValue<Value, State> {
  static {
    mark(this);
  }

  declare readonly [answer]: true;
  readonly type = 'reply';
  readonly value: Value;
  readonly state: State;
  readonly action: Action | undefined;

  constructor(value: Value, state: State, action: Action | undefined) {
    this.value = value;
    this.state = state;
    this.action = action;
  }
}

class NoReplyValue<State> {
  static {
    mark(this);
  }

  declare readonly [answer]: true;
  readonly type = 'noreply';
  readonly state: State;
  readonly action: Action | undefined;

  constructor(state: State, action: Action | undefined) {
    this.state = state;
    this.action = action;
  }
}

function mark({ prototype }: { readonly prototype: object }): void {
  Object.defineProperty(prototype, answer, { value: true });
}

/**
 * Answer of `init`: the server runs, with this state.
 * @throws TypeError for no state
 * @see OTP manual, `gen_server`, `Module:init/1`
 * @example
 * ```ts
 * import { createSystem, GenServer, ignore, noreply, normal, ok, reply, stop } from '@reprise/actor';
 *
 * const till = GenServer.define({
 *   init: (coins: number) => (coins < 0 ? ignore : ok(coins)),
 *   handleCall: {
 *     count: (_, coins) => reply(coins, coins),
 *     close: (_, coins) => stop(normal, coins, 0),
 *   },
 *   handleCast: { add: (more: number, coins) => noreply(coins + more) },
 * });
 * console.log(till.handleCast?.add(2, 1).state); // 3
 *
 * const system = createSystem();
 * console.log(await GenServer.startLink(system, till, -1)); // undefined
 * const pid = await GenServer.startLink(system, till, 1);
 * if (pid !== undefined) {
 *   GenServer.cast(pid, 'add', 2);
 *   console.log(await GenServer.call(pid, 'count')); // 3
 *   console.log(await GenServer.call(pid, 'close')); // 3
 * }
 * await system.stop();
 * ```
 */
export function ok<State = never>(state: State): Ok<State>;
export function ok<State, Continue>(state: State, action: Action<Continue>): Ok<State, Continue>;
export function ok<State>(state: State, action?: Action): Ok<State, unknown> {
  assertState('ok(state)', arguments.length >= 1);
  return new OkValue(state, action);
}

/**
 * Answer of `handleCall`: the caller gets `value`, the server goes on with `state`.
 * @throws TypeError for no state
 * @see OTP manual, `gen_server`, `Module:handle_call/3`
 * @example
 * ```ts
 * import { reply } from '@reprise/actor';
 *
 * const pop = (_: undefined, [top, ...rest]: readonly string[]) => reply(top, rest);
 * console.log(pop(undefined, ['a', 'b']).value); // a
 * ```
 */
export function reply<
  Value,
  State extends AnyState<Literal> = never,
  Literal extends Primitive = Primitive,
>(value: Value, state: State): Reply<Value, State>;
export function reply<
  Value,
  State extends AnyState<Literal>,
  Continue,
  Literal extends Primitive = Primitive,
>(value: Value, state: State, action: Action<Continue>): Reply<Value, State, Continue>;
export function reply<Value, State>(
  value: Value,
  state: State,
  action?: Action,
): Reply<Value, State, unknown> {
  assertState('reply(value, state)', arguments.length >= 2);
  return new ReplyValue(value, state, action);
}

/**
 * Answer: the server goes on with `state`. After a call, the caller waits until some process calls
 * `GenServer.reply`.
 * @throws TypeError for no state
 * @see OTP manual, `gen_server`, `Module:handle_cast/2`
 * @example
 * ```ts
 * import { noreply } from '@reprise/actor';
 *
 * const push = (item: string, items: readonly string[]) => noreply([item, ...items]);
 * console.log(push('a', ['b']).state); // [ 'a', 'b' ]
 * ```
 */
export function noreply<
  State extends AnyState<Literal> = never,
  Literal extends Primitive = Primitive,
>(state: State): NoReply<State>;
export function noreply<
  State extends AnyState<Literal>,
  Continue,
  Literal extends Primitive = Primitive,
>(state: State, action: Action<Continue>): NoReply<State, Continue>;
export function noreply<State>(state: State, action?: Action): NoReply<State, unknown> {
  assertState('noreply(state)', arguments.length >= 1);
  return new NoReplyValue(state, action);
}

/**
 * Answer: the server ends with `reason`, after `terminate(reason, state)`. In `handleCall`,
 * `stop(reason, value, state)` also gives the caller `value`. In `init`, where there is no state,
 * `stop(reason)` fails the start.
 * @see OTP manual, `gen_server`, `Module:handle_call/3`
 * @example
 * ```ts
 * import { normal, stop } from '@reprise/actor';
 *
 * console.log(stop(normal, 'the state').type); // stop
 * console.log(stop(normal, 'the reply', 'the state').value); // the reply
 * ```
 */
export function stop(reason: ExitReason): StopStart;
export function stop<State extends AnyState<Literal>, Literal extends Primitive = Primitive>(
  reason: ExitReason,
  state: State,
): Stop<State>;
export function stop<Value, State extends AnyState<Literal>, Literal extends Primitive = Primitive>(
  reason: ExitReason,
  value: Value,
  state: State,
): StopReply<Value, State>;
export function stop(
  reason: ExitReason,
  ...rest: readonly unknown[]
): StopStart | Stop<unknown> | StopReply<unknown, unknown> {
  return rest.length === 2
    ? { [answer]: true, type: 'stopReply', reason, value: rest[0], state: rest[1] }
    : { [answer]: true, type: 'stop', reason, ...(rest.length === 0 ? {} : { state: rest[0] }) };
}

/**
 * `undefined` is a state, and a missing one is a mistake: the server would go on without the one
 * that it had. The number of arguments tells the two apart, and costs nothing: optimized code does
 * not make the object `arguments` for it.
 * @throws TypeError that begins with `Expected`, then the shape of the answer
 * @example
 * ```ts
 * import { assertState } from '@reprise/actor/options';
 *
 * function hold<State>(state: State): { readonly state: State } {
 *   assertState('hold(state)', arguments.length >= 1);
 *   return { state };
 * }
 *
 * console.log(hold(undefined)); // { state: undefined }
 * try {
 *   Reflect.apply(hold, undefined, []);
 * } catch (error) {
 *   console.log(String(error)); // TypeError: Expected hold(state), got no state
 * }
 * ```
 */
export function assertState(shape: string, isGiven: boolean): void {
  if (!isGiven) {
    throw new TypeError(`Expected ${shape}, got no state`);
  }
}

/**
 * Answer of `init`: the server does not run. The start resolves with `undefined` in place of a pid,
 * and a supervisor goes on without the child.
 * @see OTP manual, `gen_server`, `Module:init/1`
 */
export const ignore: Ignore = { [answer]: true, type: 'ignore' };

/**
 * Answer of `init`: the start fails with `reason`. Unlike after `stop(reason)`, the process ends
 * `normal`: nothing is reported, and a linked parent only gets the rejection of the start.
 * @see OTP manual, `gen_server`, `Module:init/1`, `{error, Reason}`
 * @example
 * ```ts
 * import { crash, createSystem, error, ExitError, formatReason, GenServer, ok } from '@reprise/actor';
 *
 * const door = GenServer.define({
 *   init: (key: string) => (key === 'right' ? ok(key) : error(crash('wrong key'))),
 * });
 *
 * const system = createSystem();
 * const failed: unknown = await GenServer.startLink(system, door, 'left').catch((thrown) => thrown);
 * console.log(failed instanceof ExitError && formatReason(failed.reason)); // "wrong key"
 * await system.stop();
 * ```
 */
export function error(reason: ExitReason): InitError {
  return { [answer]: true, type: 'error', reason };
}

/**
 * Whether a value is an answer, of this package or of one that adds its own.
 * @example
 * ```ts
 * import { isAnswer, noreply } from '@reprise/actor';
 *
 * console.log(isAnswer(noreply(1))); // true
 * console.log(isAnswer({ type: 'noreply', state: 1 })); // false
 * ```
 */
export function isAnswer(
  value: unknown,
): value is { readonly [answer]: true; readonly type: string } {
  return typeof value === 'object' && value !== null && answer in value;
}
