import { answer, type Answer } from '@reprise/actor';

import type { SseRequest } from '../http/request.ts';
import type { RequestContext } from './context.ts';

/**
 * The request of an attempt, or a function that gives it. The client calls the function when the
 * attempt begins, thus a token can be new each time.
 */
export type RequestSource =
  | SseRequest
  | ((context: RequestContext) => SseRequest | Promise<SseRequest>);

/** Connect, unless the client is connecting or connected; then it only goes on with `state`. */
export interface Connect<State> extends Answer {
  readonly type: 'connect';
  readonly request: RequestSource;
  readonly state: State;
  /** In ms. */
  readonly after: number;
}

/** Drop the connection, the attempt or the wait there is, and connect at once. */
export interface Reconnect<State> extends Answer {
  readonly type: 'reconnect';
  readonly request: RequestSource;
  readonly state: State;
}

/**
 * Answer: connect, and go on with `state`. With `after`, in ms (default 0), the client stays
 * disconnected until then, handles its messages, and a later `connect` takes the place of this one.
 * While the client is connecting or connected it changes nothing but the state.
 *
 * A request that can never be sent, or a function that throws or rejects, is a connect failure.
 * Throws a `RangeError` for an `after` that is no time.
 * @see ServerSentEvent.Client, `{:connect, request, state}`
 */
export function connect<State>(
  request: RequestSource,
  state: State,
  { after = 0 }: { readonly after?: number } = {},
): Connect<State> {
  if (!Number.isFinite(after) || after < 0) {
    throw new RangeError(`Expected after to be milliseconds from 0 on, got ${after}`);
  }
  return { [answer]: true, type: 'connect', request, state, after };
}

/** Answer: drop whatever there is, without a callback, and connect at once. */
export function reconnect<State>(request: RequestSource, state: State): Reconnect<State> {
  return { [answer]: true, type: 'reconnect', request, state };
}
