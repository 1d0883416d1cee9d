import type { ChildOptions } from '@reprise/actor';

import type { StartOptions } from '../client/client.ts';
import type { HandleContext, RequestContext } from '../client/context.ts';
import type { CursorReport } from '../cursor/cursor.ts';
import type { ServerSentEvent } from '../format/event.ts';
import {
  assertSchemas,
  type EventSchemas,
  type TypedEvent,
  type TypedHandlers,
} from '../format/typed-events.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { requestProblem, type SseRequest } from '../http/request.ts';
import type { ReconnectDelay, Verdict } from './policy.ts';

/** A value, or a function that the client calls for it at each attempt. */
type Resolvable<Value> = Value | ((context: RequestContext) => Value | Promise<Value>);

/**
 * How a stream is asked for, kept, and given up: everything but what is done with its events. Times
 * are in ms.
 */
export interface StreamOptions
  extends
    Omit<SseRequest, 'url' | 'headers' | 'body' | 'redirectDelay'>,
    Omit<ReconnectDelay, 'retry'> {
  /**
   * A function is asked anew at each attempt, and once more at once when the server answers 401 or
   * 403.
   */
  readonly headers?: Resolvable<NonNullable<SseRequest['headers']>>;
  readonly body?: Resolvable<NonNullable<SseRequest['body']>>;
  /** The longest silence; comments count as sound; `Infinity` for no limit. Default: 5 min. */
  readonly idleTimeout?: number;
  /** How long a connection has to stand for the delay to start anew. Default: 60 s. */
  readonly healthyAfter?: number;
  /** The longest wait that a server's Retry-After is granted. Default: 15 min. */
  readonly maxRetryAfter?: number;
  /**
   * Whether the request is sent again after a failure or an end. Default: not for POST and PATCH,
   * which may do twice what was wanted once (RFC 9110 9.2.2); for them the end of the stream is the
   * end of the client. The other methods reconnect.
   */
  readonly reconnect?: boolean;
  /**
   * Whether this event says that the stream is complete, such as the `[DONE]` of LLM APIs: the
   * client ends normally, and the event is not handled. When the stream ends without it, it has
   * broken off. Default: none does.
   */
  readonly until?: (event: ServerSentEvent, context: HandleContext) => boolean;
  /**
   * Attempts in a row that brought neither an event nor a healthy connection, after which the
   * client gives up. Default: `Infinity`.
   */
  readonly maxAttempts?: number;
  /**
   * The client gives up when its attempts have taken as long without an event or a healthy
   * connection. Default: `Infinity`.
   */
  readonly maxElapsed?: number;
  /**
   * Overrules what is done about a failure or an end: is given what would be done, and answers what
   * shall be.
   */
  readonly classify?: (failure: ConnectFailure | Disconnect, verdict: Verdict) => Verdict;
  /** Told of every change. It must not throw. */
  readonly onStatus?: (change: StatusChange, context: HandleContext) => void;
}

export interface ResilientOptions<Id extends string = string>
  extends ChildOptions<Id>, StreamOptions, StartOptions {
  /** Absolute, http: or https:. */
  readonly url: Resolvable<SseRequest['url']>;
  /**
   * Every event, in order, one at a time. Nothing more is read until its promise settles. Throwing
   * ends the client.
   */
  readonly handle: (event: ServerSentEvent, context: HandleContext) => void | Promise<void>;
  /**
   * How the client ends when it gives up: with `crash` it is restarted by most supervisors, which
   * may then give up in turn; with `shutdown` only if it is permanent. Default: `crash`.
   */
  readonly giveUpWith?: 'crash' | 'shutdown';
}

/**
 * With schemas, events are parsed: `handle` is given those that are what they should be,
 * `handleInvalid` the others.
 */
export interface TypedResilientOptions<
  Id extends string,
  Schemas extends EventSchemas,
> extends Omit<ResilientOptions<Id>, 'handle'> {
  /** By the type of the event. */
  readonly events: Schemas;
  readonly handle: (
    event: TypedEvent<NoInfer<Schemas>>,
    context: HandleContext,
  ) => void | Promise<void>;
  /**
   * An event without schema, that is no JSON, or not what its schema asks for: handled once this
   * has settled. Throwing ends the client.
   */
  readonly handleInvalid: TypedHandlers<Schemas, HandleContext>['handleInvalid'];
}

/** What `onStatus` hears: one change in the life of a client. `SseClient.status` gives the whole. */
export type StatusChange =
  | CursorReport
  /** `attempt` counts from 1 since a connection was last made, as in `SseClient.status`. */
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'connected'; readonly url: string }
  | {
      readonly type: 'disconnected';
      /** `failure` in one line. */
      readonly reason: string;
      readonly failure: ConnectFailure | Disconnect;
      /** The time until the next attempt, in ms. */
      readonly after: number;
    }
  /**
   * The server wants no further request (204), or the stream is complete: the client ends normally.
   */
  | { readonly type: 'ended' }
  /** No further attempt is of use, or allowed: the client ends as `giveUpWith` says. */
  | {
      readonly type: 'gaveUp';
      readonly reason: string;
      readonly failure: ConnectFailure | Disconnect;
    };

/** The value, from its function if it has one. */
export function resolve<Value>(
  value: Resolvable<Value>,
  context: RequestContext,
): Value | Promise<Value> {
  return isFunction(value) ? value(context) : value;
}

/** Values are strings, URLs, bytes and plain objects. */
function isFunction<Value>(
  value: Resolvable<Value>,
): value is (context: RequestContext) => Value | Promise<Value> {
  return typeof value === 'function';
}

/** Whether what failed or ended is asked for again. */
export function reconnects({ reconnect, method = 'GET' }: StreamOptions): boolean {
  return reconnect ?? !/^(?:POST|PATCH)$/i.test(method);
}

/**
 * @throws TypeError, RangeError for what can never be sent or meant, as far as no function is to
 * give it.
 */
export function assertOptions(
  options: ResilientOptions | TypedResilientOptions<string, EventSchemas>,
): void {
  const { handle, giveUpWith = 'crash' } = options;
  assertFunction('handle', '(event) => …', handle);
  if ('events' in options) {
    assertSchemas(options.events);
    assertFunction('handleInvalid', '(invalid) => …', options.handleInvalid);
  }
  if (giveUpWith !== 'crash' && giveUpWith !== 'shutdown') {
    throw new TypeError(
      `Expected giveUpWith to be 'crash' or 'shutdown', got ${String(giveUpWith)}`,
    );
  }
  for (const name of positive) {
    if (!((options[name] ?? 1) > 0)) {
      throw new RangeError(`Expected ${name} to be above 0, got ${options[name]}`);
    }
  }
  const problem = requestProblem(knownRequest(options));
  if (problem !== undefined) {
    throw new TypeError(problem);
  }
}

function assertFunction(name: string, shape: string, given: unknown): void {
  if (typeof given !== 'function') {
    throw new TypeError(`Expected ${name} to be a function ${shape}, got ${typeof given}`);
  }
}

/** What is known of the request before the functions are asked. */
function knownRequest({
  url,
  headers,
  body,
  ...rest
}: Pick<ResilientOptions, 'url' | 'headers' | 'body'>): SseRequest {
  return {
    ...rest,
    url: typeof url === 'function' ? 'http://localhost' : url,
    ...(headers === undefined || typeof headers === 'function' ? {} : { headers }),
    ...(body === undefined || typeof body === 'function' ? {} : { body }),
  };
}

const positive = [
  'minDelay',
  'maxDelay',
  'factor',
  'minRetry',
  'maxRetry',
  'maxRetryAfter',
  'healthyAfter',
  'maxAttempts',
  'maxElapsed',
  'idleTimeout',
  'connectTimeout',
  'responseTimeout',
  'maxEventSize',
] as const;
