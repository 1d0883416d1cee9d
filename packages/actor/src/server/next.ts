import type { ExitReason } from '../process/exit-reason.ts';

/**
 * Tells an answer from a user's own values, whatever their shape. Registered, so that two copies of
 * this package understand each other.
 */
export const answer: unique symbol = Symbol.for('reprise.answer') as typeof answer;

/** What all answers have; a package that adds its own builds on it. */
export interface Answer {
  readonly [answer]: true;
}

/**
 * What a server does after a callback, besides going on with its next message: one of these, as in
 * OTP.
 */
export type Action<Continue = unknown> =
  /** `handleInfo({ type: 'timeout' })` if no message has come within so many ms. */
  | { readonly timeout: number; readonly continue?: never; readonly hibernate?: never }
  /** `handleContinue(value)` before anything else. */
  | { readonly continue: Continue; readonly timeout?: never; readonly hibernate?: never }
  /**
   * Expects to wait for long: lets go of what it holds besides its state. It changes nothing that
   * can be seen.
   */
  | { readonly hibernate: true; readonly timeout?: never; readonly continue?: never };

/** `init` succeeded: the server runs with this state. */
export interface Ok<State, Continue = never> extends Answer {
  readonly type: 'ok';
  readonly state: State;
  readonly action: Action<Continue> | undefined;
}

/** The caller gets `value`. */
export interface Reply<Value, State, Continue = never> extends Answer {
  readonly type: 'reply';
  readonly value: Value;
  readonly state: State;
  readonly action: Action<Continue> | undefined;
}

export interface NoReply<State, Continue = never> extends Answer {
  readonly type: 'noreply';
  readonly state: State;
  readonly action: Action<Continue> | undefined;
}

/** The server runs `terminate` and ends with `reason`. */
export interface Stop<State> extends Answer {
  readonly type: 'stop';
  readonly reason: ExitReason;
  readonly state: State;
}

/** `init` failed, with `reason`; there is no state yet. */
export interface StopStart extends Answer {
  readonly type: 'stop';
  readonly reason: ExitReason;
}

/** As `Stop`; the caller gets `value` first. */
export interface StopReply<Value, State> extends Answer {
  readonly type: 'stopReply';
  readonly reason: ExitReason;
  readonly value: Value;
  readonly state: State;
}

/** `init` decided against: the start ends well, with no process. */
export interface Ignore extends Answer {
  readonly type: 'ignore';
}

/**
 * `init` could not, and nothing is broken: the start fails with `reason`, the process ends as
 * `normal`.
 */
export interface InitError extends Answer {
  readonly type: 'error';
  readonly reason: ExitReason;
}

// Classes, and the brand on their prototypes: an answer a message is made on the hot path, and an
// object literal with a symbol for a key takes twice as long to make. Seen from outside they are
// the plain values of the types above.
class OkValue<State> {
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
  declare readonly [answer]: true;
  readonly type = 'noreply';
  readonly state: State;
  readonly action: Action | undefined;

  constructor(state: State, action: Action | undefined) {
    this.state = state;
    this.action = action;
  }
}

for (const { prototype } of [OkValue, ReplyValue, NoReplyValue]) {
  Object.defineProperty(prototype, answer, { value: true });
}

/**
 * Answer of `init`: run, with this state.
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
export function ok<State>(state: State): Ok<State>;
export function ok<State, Continue>(state: State, action: Action<Continue>): Ok<State, Continue>;
export function ok<State>(state: State, action?: Action): Ok<State, unknown> {
  return new OkValue(state, action);
}

/** Answer of `handleCall`: give the caller `value`, go on with `state`. */
export function reply<Value, State>(value: Value, state: State): Reply<Value, State>;
export function reply<Value, State, Continue>(
  value: Value,
  state: State,
  action: Action<Continue>,
): Reply<Value, State, Continue>;
export function reply<Value, State>(
  value: Value,
  state: State,
  action?: Action,
): Reply<Value, State, unknown> {
  return new ReplyValue(value, state, action);
}

/** Answer: go on with `state`. A caller, if any, waits until somebody calls `GenServer.reply`. */
export function noreply<State>(state: State): NoReply<State>;
export function noreply<State, Continue>(
  state: State,
  action: Action<Continue>,
): NoReply<State, Continue>;
export function noreply<State>(state: State, action?: Action): NoReply<State, unknown> {
  return new NoReplyValue(state, action);
}

/**
 * Answer: end with `reason`, after `terminate(reason, state)`. In `handleCall`, `stop(reason,
 * value, state)` replies first. In `init`, where there is no state yet, `stop(reason)`: the start
 * fails with it.
 */
export function stop(reason: ExitReason): StopStart;
export function stop<State>(reason: ExitReason, state: State): Stop<State>;
export function stop<Value, State>(
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
    : { [answer]: true, type: 'stop', reason, state: rest[0] };
}

/**
 * Answer of `init`: do not run; the start succeeds with `ignore` in place of a pid, and a
 * supervisor goes on without the child.
 */
export const ignore: Ignore = { [answer]: true, type: 'ignore' };

/**
 * Answer of `init`: the start fails with `reason`, and that is all. Unlike after `stop(reason)`,
 * the process ends as `normal`: nothing is reported, and a parent that is linked is told by the
 * start alone.
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
 * console.log(failed instanceof ExitError && formatReason(failed.reason)); // "wrong key" (string)
 * await system.stop();
 * ```
 */
export function error(reason: ExitReason): InitError {
  return { [answer]: true, type: 'error', reason };
}

/**
 * Whether a value was made by one of the constructors here, or by one that builds on them.
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
