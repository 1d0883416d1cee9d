import type { ChildOptions } from '@reprise/actor';
import { assertKnownKeys, childKeys, type KeysOf, partOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { FailedEvent } from '../client/behaviour.ts';
import { startKeys, type StartOptions } from '../client/client.ts';
import type { HandleContext, RequestContext } from '../client/context.ts';
import type { CursorReport } from '../cursor/cursor.ts';
import type { ServerSentEvent } from '../format/event.ts';
import {
  assertSchemas,
  type EventSchemas,
  type TypedEvent,
  type TypedHandlers,
} from '../format/typed-events.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../http/failure.ts';
import { assertPartKeys, requestKeys, requestProblem, type SseRequest } from '../http/request.ts';
import { isSentAgain } from '../http/resend.ts';
import { assertBatch, type BatchOptions, isBatched } from './batch-options.ts';
import type { Gap, GapOf } from './gap.ts';
import { type ReconnectDelay, reconnectDelayKeys, type Verdict } from './policy.ts';
import type { RetryAfter } from './verdict.ts';

/** A value, or a function that the client calls for it at each attempt. */
type Resolvable<Value> = Value | ((context: RequestContext) => Value | Promise<Value>);

/**
 * The request of a stream, the rules for reconnecting and giving up: every option but the handler.
 * Times are in ms.
 */
export interface StreamOptions
  extends
    Omit<SseRequest, 'url' | 'headers' | 'body' | 'redirectDelay'>,
    Omit<ReconnectDelay, 'retry' | 'retryAfter'> {
  /**
   * A function is called at each attempt, and once more, without a delay, when the server answers
   * 401 or 403. Default: none.
   */
  readonly headers?: Resolvable<NonNullable<SseRequest['headers']>>;
  /** A function is called at each attempt. Default: none. */
  readonly body?: Resolvable<NonNullable<SseRequest['body']>>;
  /**
   * How long a connection without an event has to last for the delay to start over. Default: 60 s.
   */
  readonly healthyAfter?: number;
  /**
   * Whether the request is sent again after a failure or an end, with new credentials too. Default:
   * for idempotent methods (RFC 9110 9.2.2), thus not for POST and PATCH, nor for a method that is
   * not registered: there the end of the stream is the end of the client. `true` for such a method
   * without `until` is logged as a warning: the request is also sent again after a complete answer.
   */
  readonly reconnect?: boolean;
  /**
   * Whether this event completes the stream, such as the `[DONE]` of LLM APIs: then the client ends
   * normally, and the event is not handled. A stream that ends without such an event has broken
   * off. Default: no event does.
   */
  readonly until?: (event: ServerSentEvent, context: HandleContext) => boolean;
  /**
   * Whether this event asks for a new connection, such as Firebase's `auth_revoked`: then the
   * client connects anew, with new headers and after the id of this event, which is not handled.
   * Default: no event does.
   */
  readonly renew?: (event: ServerSentEvent, context: HandleContext) => boolean;
  /**
   * Whether a response or an event says that the server does not go on where it was asked to: gets
   * the head of each connection and each event, and returns the position after which the server
   * begins, `true` for a gap without one, or `false`. After `undefined` for a response the headers
   * Mercure-Last-Event-ID and Last-Event-ID count. Default: those headers alone.
   */
  readonly gapOf?: GapOf;
  /**
   * Called when events may be missing, once for a connection, before the event that follows: to
   * load the missing events, say. The client waits for the promise. An error crashes the client;
   * with a gap that an event told of, it is one of `handle`. Default: the client goes on.
   */
  readonly handleGap?: (gap: Gap, context: HandleContext) => void | Promise<void>;
  /**
   * The client gives up after so many attempts in a row without an event or a healthy connection.
   * Default: `Infinity`.
   */
  readonly maxAttempts?: number;
  /**
   * The client gives up when its attempts have lasted so long without an event or a healthy
   * connection. Default: `Infinity`.
   */
  readonly maxElapsed?: number;
  /**
   * Overrules the reaction to a failure or an end: gets the default verdict and returns the verdict
   * to use, or `{ retryAfter }` for another attempt in so many ms, whatever the delays and the
   * server say.
   */
  readonly classify?: (
    failure: ConnectFailure | Disconnect,
    verdict: Verdict,
  ) => Verdict | RetryAfter;
  /**
   * Called at every change; nothing waits for its result. An error that it throws, or that its
   * promise rejects with, is logged, and changes nothing.
   */
  readonly onStatus?: (change: StatusChange, context: HandleContext) => void;
}

const { url: _url, redirectDelay: _redirectDelay, ...streamRequestKeys } = requestKeys;
const { retry: _retry, retryAfter: _retryAfter, ...delayKeys } = reconnectDelayKeys;

export const streamKeys: KeysOf<StreamOptions> = {
  ...streamRequestKeys,
  ...delayKeys,
  healthyAfter: true,
  reconnect: true,
  until: true,
  renew: true,
  gapOf: true,
  handleGap: true,
  maxAttempts: true,
  maxElapsed: true,
  classify: true,
  onStatus: true,
};

export interface ResilientOptions<Id extends string = string>
  extends ChildOptions<Id>, StreamOptions, StartOptions {
  /** An absolute URL, http: or https:; a function is called at each attempt. */
  readonly url: Resolvable<SseRequest['url']>;
  /**
   * Called with each event, in order, one at a time. The client reads nothing more until the
   * promise settles. An error crashes the client.
   */
  readonly handle: (event: ServerSentEvent, context: HandleContext) => void | Promise<void>;
  /**
   * Called when `handle` failed, before the next event. `skip`: the event counts as handled.
   * `retryAfter`: `handle` gets it again, so many ms later. An error crashes the client. Default:
   * each failure crashes the client, and with a cursor the next client gets the same event.
   */
  readonly handleFailed?: HandleFailed;
  /**
   * How the client exits when it gives up. After `crash` its supervisor restarts it, and gives up
   * in turn if that happens too often; after `shutdown` only a permanent child is restarted.
   * Default: `crash`.
   */
  readonly giveUpWith?: 'crash' | 'shutdown';
}

/** The options of the process, and of its place in a supervisor. */
export const clientKeys: KeysOf<ChildOptions & StartOptions> = { ...childKeys, ...startKeys };

/** The same with `handleBatch` in place of `handle`. */
export interface BatchedResilientOptions<Id extends string = string>
  extends Omit<ResilientOptions<Id>, 'handle' | 'handleFailed'>, BatchOptions {}

const resilientKeys: KeysOf<ResilientOptions & BatchOptions> = {
  url: true,
  handle: true,
  handleBatch: true,
  maxBatch: true,
  handleFailed: true,
  giveUpWith: true,
  ...streamKeys,
  ...clientKeys,
};

/** The options that take schemas in place of events as they are. */
export const schemaKeys: KeysOf<
  Pick<TypedHandlers<EventSchemas, unknown>, 'events' | 'handleInvalid'>
> = { events: true, handleInvalid: true };

export type HandleFailed = (
  event: ServerSentEvent,
  error: unknown,
  context: FailedContext,
) => FailedAnswer | Promise<FailedAnswer>;

/** The answer of `handleFailed`. */
export type FailedAnswer = 'skip' | { readonly retryAfter: number };

/** The last argument of `handleFailed`. */
export interface FailedContext extends HandleContext, Pick<FailedEvent, 'attempt'> {}

/** With schemas: `handle` gets the events that match their schema, `handleInvalid` the others. */
export interface TypedResilientOptions<
  Id extends string,
  Schemas extends EventSchemas,
> extends Omit<ResilientOptions<Id>, 'handle'> {
  /** A schema for each type of event. */
  readonly events: Schemas;
  readonly handle: (
    event: TypedEvent<NoInfer<Schemas>>,
    context: HandleContext,
  ) => void | Promise<void>;
  /**
   * Called with each event whose type has no schema, whose data is no JSON, or whose data does not
   * match its schema. The event counts as handled once the promise settles. An error crashes the
   * client.
   */
  readonly handleInvalid: TypedHandlers<Schemas, HandleContext>['handleInvalid'];
}

/** One change in the life of a client, as `onStatus` gets it. See `SseClient.status`. */
export type StatusChange =
  | CursorReport
  /**
   * The next request goes without `lastEventId`: events in between may be missing. The server has
   * refused a request with it as too long (431, for example), or it is `unsendable`: no header can
   * hold it, or it is above 16 KiB.
   */
  | {
      readonly type: 'ignored';
      readonly lastEventId: string;
      /** With `cursorOf`: the position, which was refused too. */
      readonly cursor?: string;
      readonly reason: 'refused' | 'unsendable';
    }
  /** The server begins after `begins`, and not after `asked`: events may be missing. */
  | ({ readonly type: 'gap' } & Gap)
  /** `attempt` counts from 1 since a connection was last made, as in `SseClient.status`. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /**
   * With the head of the response. A header can be read by its name; nothing lists or prints them,
   * since they can hold secrets.
   */
  | ({ readonly type: 'connected' } & EventStreamResponse)
  | {
      readonly type: 'disconnected';
      /** `failure` in one line. */
      readonly reason: string;
      readonly failure: ConnectFailure | Disconnect | Restarted | Renewed;
      /** The time until the next attempt, in ms. */
      readonly after: number;
    }
  /** The server allows no further request (204), or the stream is complete: a normal exit. */
  | { readonly type: 'ended' }
  /** Another attempt would be useless, or is not allowed: the client exits as by `giveUpWith`. */
  | {
      readonly type: 'gaveUp';
      readonly reason: string;
      readonly failure: ConnectFailure | Disconnect;
    };

type RequestPart = Pick<ResilientOptions, Exclude<keyof SseRequest, 'redirectDelay'>>;

/** As much of a request as the options have. */
export function requestIn(options: RequestPart): RequestPart {
  return partOf(options, requestKeys);
}

/**
 * A supervisor has restarted the client, and its first request has to wait: the client before it
 * gave up, or has used up the budget of requests.
 */
export interface Restarted {
  readonly type: 'restarted';
}

/** An event asked for a new connection (`renew`), and the budget of requests makes it wait. */
export interface Renewed {
  readonly type: 'renewed';
}

/**
 * The value, from its function if it has one. The function is not called any more once the attempt
 * is given up, by its limit or by the end of the client.
 */
export function resolve<Value>(
  value: Resolvable<Value>,
  context: RequestContext,
): Value | Promise<Value> {
  if (!isFunction(value)) {
    return value;
  }
  context.signal.throwIfAborted();
  return value(context);
}

/** Values are strings, URLs, bytes and plain objects. */
function isFunction<Value>(
  value: Resolvable<Value>,
): value is (context: RequestContext) => Value | Promise<Value> {
  return typeof value === 'function';
}

/** All forms of the options. */
export type AnyOptions<Id extends string = string> =
  | ResilientOptions<Id>
  | TypedResilientOptions<Id, EventSchemas>
  | BatchedResilientOptions<Id>;

/** @throws TypeError or RangeError for options that can never work; functions are not called. */
export function assertOptions(options: AnyOptions): void {
  assertKnownKeys('SseClient.resilient', options, { ...resilientKeys, ...schemaKeys });
  assertPartKeys(options);
  assertFunctions(options);
  const { reconnect = true, giveUpWith = 'crash' } = options;
  if (typeof reconnect !== 'boolean') {
    throw new TypeError(`Expected reconnect to be true or false, got ${describe(reconnect)}`);
  }
  if (giveUpWith !== 'crash' && giveUpWith !== 'shutdown') {
    throw new TypeError(
      `Expected giveUpWith to be 'crash' or 'shutdown', got ${describe(giveUpWith)}`,
    );
  }
  assertTimes(options);
  const problem = requestProblem(knownRequest(options));
  if (problem !== undefined) {
    throw new TypeError(problem);
  }
  assertFinalEnd(options);
}

/** @throws RangeError for a time or a limit that can never work, or delays that shrink. */
export function assertTimes(options: Pick<StreamOptions, TimeOption | 'factor'>): void {
  for (const name of positive) {
    const value: unknown = options[name] ?? 1;
    if (!(typeof value === 'number' && value > 0)) {
      throw new RangeError(`Expected ${name} to be above 0, got ${describe(value)}`);
    }
  }
  assertGrowth(options);
  assertBounds(options);
}

/** Refuses a value that is no function: it would crash the client long after the start. */
function assertFunctions(options: AnyOptions): void {
  assertBatch(options);
  if (isBatched(options)) {
    assertFunction('handleBatch', '(events) => …', options.handleBatch);
  } else {
    assertFunction('handle', '(event) => …', options.handle);
  }
  if ('events' in options) {
    assertSchemas(options.events);
    assertFunction('handleInvalid', '(invalid) => …', options.handleInvalid);
  } else if ('handleInvalid' in options && options.handleInvalid !== undefined) {
    throw new TypeError('Expected events with the schemas that handleInvalid is for, got none');
  }
  for (const [name, shape] of Object.entries(optionalFunctions)) {
    const given: unknown = (options as Partial<ResilientOptions>)[
      name as keyof typeof optionalFunctions
    ];
    if (given !== undefined) {
      assertFunction(name, shape, given);
    }
  }
}

const optionalFunctions = {
  handleFailed: '(event, error, context) => …',
  until: '(event) => boolean',
  renew: '(event) => boolean',
  gapOf: '(seen) => …',
  handleGap: '(gap, context) => …',
  classify: '(failure, verdict) => …',
  onStatus: '(change) => …',
} as const;

/** @throws TypeError for anything but an answer of `handleFailed`. */
export function assertFailedAnswer(answer: FailedAnswer): void {
  const { retryAfter = -1 } = (answer ?? {}) as { readonly retryAfter?: number };
  if (answer !== 'skip' && !(Number.isFinite(retryAfter) && retryAfter >= 0)) {
    throw new TypeError(
      `Expected handleFailed to answer 'skip' or { retryAfter } in ms, got ${describe(answer)}`,
    );
  }
}

/** Delays that shrink with each failure would ask a broken server more and more often. */
function assertGrowth({ factor = 2 }: Pick<StreamOptions, 'factor'>): void {
  if (!(factor >= 1 && factor < Infinity)) {
    throw new RangeError(`Expected factor to be a number from 1 on, got ${describe(factor)}`);
  }
}

/** A client that goes on after an incomplete event would have lost the rest of it. */
function assertFinalEnd({ dispatchIncomplete, until, ...options }: StreamOptions): void {
  if (dispatchIncomplete === true && until === undefined && isSentAgain(options)) {
    throw new TypeError(
      'Expected dispatchIncomplete only together with until or reconnect: false, got it for a stream that is requested again',
    );
  }
}

function assertBounds({
  minDelay,
  maxDelay,
  minRetry,
  maxRetry,
}: Pick<StreamOptions, TimeOption>): void {
  assertOrder('minDelay', minDelay, 'maxDelay', maxDelay);
  assertOrder('minRetry', minRetry, 'maxRetry', maxRetry);
}

function assertOrder(least: string, min = 0, most: string, max = Infinity): void {
  if (min > max) {
    throw new RangeError(`Expected ${least} to be at most ${most}, got ${min} and ${max}`);
  }
}

function assertFunction(name: string, shape: string, given: unknown): void {
  if (typeof given !== 'function') {
    throw new TypeError(`Expected ${name} to be a function ${shape}, got ${describe(given)}`);
  }
}

/** The request without the parts that functions will give. */
function knownRequest(options: RequestPart): SseRequest {
  const { url, headers, body, ...rest } = requestIn(options);
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
  'maxBodySize',
  'bodyTimeout',
] as const;

type TimeOption = (typeof positive)[number];
