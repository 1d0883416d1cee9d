import { answer, type Answer } from '@reprise/actor';
import { assertKnownKeys, assertState, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { assertRequestKeys, type SseRequest } from '../http/request.ts';
import type { RequestContext } from './context.ts';

/**
 * The request of an attempt, or a function that gives it. The client calls the function when the
 * attempt begins, thus a token can be new each time.
 */
export type RequestSource = SseRequest | RequestFunction;

export type RequestFunction = (context: RequestContext) => SseRequest | Promise<SseRequest>;

interface DelayOptions {
  /** The delay, in ms. Default: 0. */
  readonly after?: number;
}

const delayKeys: KeysOf<DelayOptions> = { after: true };

interface ConnectOptions extends DelayOptions {
  /** How long a function may take for the request, in ms. Default: 5 min. */
  readonly requestTimeout?: number | undefined;
}

const connectKeys: KeysOf<ConnectOptions> = { ...delayKeys, requestTimeout: true };

/** Connect, unless the client is connecting or connected: then only its state changes. */
export interface Connect<State> extends Answer {
  readonly type: 'connect';
  readonly request: RequestSource;
  readonly state: State;
  /** The delay, in ms. */
  readonly after: number;
  /** How long a function may take for the request, in ms. */
  readonly requestTimeout: number | undefined;
}

/** The event is not handled: handle it again later. */
export interface Redeliver<State> extends Answer {
  readonly type: 'redeliver';
  readonly state: State;
  /** The delay, in ms. */
  readonly after: number;
}

/** Drop the connection, the attempt or the wait, and connect. */
export interface Reconnect<State> extends Answer {
  readonly type: 'reconnect';
  readonly request: RequestSource;
  readonly state: State;
  /** The delay, in ms. */
  readonly after: number;
  /** How long a function may take for the request, in ms. */
  readonly requestTimeout: number | undefined;
}

/**
 * The answer of a callback that connects, in `after` ms (default: 0), with `state` as the next
 * state. Until then the client is disconnected and handles its messages; a later `connect` replaces
 * this one. While the client is connecting or connected, `connect` changes only the state.
 *
 * A callback that sets one of several words in the state says the type: `connect<State>(…)`.
 * TypeScript widens `phase: 'a'` to `phase: string` otherwise.
 *
 * A request that can never be sent, or a function that throws or rejects, is a connect failure. So
 * is a function whose promise does not settle within `requestTimeout` ms (default: 5 min;
 * `Infinity`: no limit); the `signal` of its context aborts then.
 * @throws RangeError for an `after` that is negative or not finite, or a `requestTimeout` that is
 * not above 0; TypeError for no state, a text in place of a request, or a key that is misspelt.
 * @see `{:connect, request, state}` of the Elixir library `server_sent_event`
 * @example
 * ```ts
 * import { connect } from '@reprise/sse';
 *
 * const { type, after } = connect({ url: 'https://example.com/' }, 'state', { after: 1000 });
 * console.log(type, after); // connect 1000
 * ```
 */
export function connect<State>(
  request: RequestSource,
  state: State,
  options: ConnectOptions = {},
): Connect<State> {
  assertState('connect(request, state)', arguments.length >= 2);
  assertSource('connect', request);
  const { after, requestTimeout } = timesOf('connect', options);
  return { [answer]: true, type: 'connect', request, state, after, requestTimeout };
}

/**
 * The answer of a callback that drops the connection, the attempt or the wait, without another
 * callback, and connects in `after` ms (default: 0), with `state` as the next state. Until then the
 * client is disconnected and handles its messages. `requestTimeout` is that of `connect`.
 * @throws as `connect`
 * @example
 * ```ts
 * import { reconnect } from '@reprise/sse';
 *
 * console.log(reconnect({ url: 'https://example.com/' }, 'state').type); // reconnect
 * ```
 */
export function reconnect<State>(
  request: RequestSource,
  state: State,
  options: ConnectOptions = {},
): Reconnect<State> {
  assertState('reconnect(request, state)', arguments.length >= 2);
  assertSource('reconnect', request);
  const { after, requestTimeout } = timesOf('reconnect', options);
  return { [answer]: true, type: 'reconnect', request, state, after, requestTimeout };
}

/**
 * The answer of `handleFailed` that the event is to be handled again, in `after` ms (default: 0),
 * with `state` as the next state. Until then no other event is handled, and nothing is read from
 * the socket; messages are handled. If the connection is gone by then, the event is left to the
 * next connection.
 * @throws TypeError for no state, or an option that is misspelt; RangeError for an `after` that is
 * negative or not finite
 * @example
 * ```ts
 * import { redeliver } from '@reprise/sse';
 *
 * console.log(redeliver('state', { after: 1000 }).after); // 1000
 * ```
 */
export function redeliver<State>(state: State, options: DelayOptions = {}): Redeliver<State> {
  assertState('redeliver(state)', arguments.length >= 1);
  const after = delayOf('redeliver', options, delayKeys);
  return { [answer]: true, type: 'redeliver', state, after };
}

/** A request that is missing is found at the attempt, as one that cannot be sent. */
function assertSource(name: string, source: RequestSource | undefined): void {
  if (typeof source !== 'function' && source !== undefined) {
    assertRequestKeys(name, source);
  }
}

function timesOf(
  name: string,
  options: ConnectOptions,
): { readonly after: number; readonly requestTimeout: number | undefined } {
  const after = delayOf(name, options, connectKeys);
  const { requestTimeout } = options;
  if (requestTimeout !== undefined && !(requestTimeout > 0)) {
    const got = describe(requestTimeout);
    throw new RangeError(`Expected requestTimeout to be milliseconds above 0, got ${got}`);
  }
  return { after, requestTimeout };
}

function delayOf<Options extends DelayOptions>(
  name: string,
  options: Options,
  keys: KeysOf<Options>,
): number {
  assertKnownKeys(name, options, keys);
  const { after = 0 } = options;
  if (!Number.isFinite(after) || after < 0) {
    throw new RangeError(`Expected after to be milliseconds from 0 on, got ${describe(after)}`);
  }
  return after;
}
