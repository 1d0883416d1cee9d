import type { Clock } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { ServerSentEvent } from '../format/event.ts';
import { assertPartKeys, defaultIdleTimeout, type TransportOptions } from '../http/request.ts';
import { expectsType } from './expected-type.ts';
import type { FetchStatusChange } from './status.ts';

/** Limits and routes of a `fetch` made by `guarded`. Times are in milliseconds. */
export interface GuardOptions extends Pick<
  TransportOptions,
  'connectTimeout' | 'got' | 'redirectDelay' | 'redirectHeaders' | 'tls'
> {
  /**
   * Limit up to the end of the response's head: with the connection, the body of the request and
   * redirects. Default: 5 min.
   */
  readonly responseTimeout?: number;
  /**
   * The longest silence of a body, in ms; any byte ends a silence, also that of a comment. Time in
   * which the program does not read the body is no silence; time in which the machine slept is.
   * `Infinity`: no limit. Default: 5 min.
   */
  readonly idleTimeout?: number;
  /**
   * How long a body may take after its head if it is not an event stream, and how long one event of
   * a stream may take from its first byte to its last. Time in which the program does not read the
   * body does not count. Default: 5 min.
   */
  readonly bodyTimeout?: number;
  /**
   * The longest time without an event on an event stream: comments do not end it. For streams that
   * must make progress, such as the answer of a model. Default: `Infinity`.
   */
  readonly eventTimeout?: number;
  /** The largest event, in bytes of UTF-8 of its data, type and id. Default: 8 MiB. */
  readonly maxEventSize?: number;
  /**
   * The largest body that is not an event stream, in bytes, decompressed. Default: 512 MiB, the
   * longest text that V8 can hold.
   */
  readonly maxBodySize?: number;
  /**
   * Whether a successful answer (2xx) may have this Content-Type; gets the header as the server
   * sent it, `""` for none. Default: HTML is refused for a request whose `Accept` names other types
   * only, or that has no `Accept` and sends JSON: it is the page of a proxy, or of a login.
   */
  readonly contentType?: (type: string, request: Request) => boolean;
  /**
   * Whether this event completes the stream, such as the `[DONE]` of LLM APIs. A stream that ends
   * without such an event has broken off. Default: each end in good order completes it.
   */
  readonly until?: (event: ServerSentEvent) => boolean;
  /**
   * Called at every change of a request. An error that it throws, or that its promise rejects with,
   * is an uncaught exception of the program; the request goes on.
   */
  readonly onStatus?: (change: FetchStatusChange) => void;
  /**
   * The time of all limits but `connectTimeout`. Default: that of the machine, or, in a simulation,
   * that of the node which sends the request.
   */
  readonly clock?: Clock;
}

/** The options with their defaults. */
export interface CheckedOptions extends TransportOptions {
  readonly idleTimeout: number;
  readonly limits: BodyLimitOptions;
  readonly contentType: NonNullable<GuardOptions['contentType']>;
  readonly onStatus: NonNullable<GuardOptions['onStatus']>;
  readonly clock: Clock | undefined;
}

/** The options of one call. */
export interface CallOptions extends CheckedOptions {
  readonly clock: Clock;
}

export interface BodyLimitOptions {
  readonly bodyTimeout: number;
  readonly eventTimeout: number;
  readonly maxEventSize: number;
  readonly maxBodySize: number;
  readonly until: GuardOptions['until'];
}

const guardKeys: KeysOf<GuardOptions> = {
  connectTimeout: true,
  responseTimeout: true,
  idleTimeout: true,
  bodyTimeout: true,
  eventTimeout: true,
  maxEventSize: true,
  maxBodySize: true,
  contentType: true,
  until: true,
  onStatus: true,
  redirectHeaders: true,
  redirectDelay: true,
  tls: true,
  got: true,
  clock: true,
};

/** @throws TypeError or RangeError for options that can never work. */
export function checkedOptions(given: GuardOptions): CheckedOptions {
  assertKnownKeys('guarded', given, guardKeys);
  assertPartKeys(given);
  assertPositive(given);
  assertFunctions(given);
  const {
    bodyTimeout = 300_000,
    eventTimeout = Infinity,
    maxEventSize = 2 ** 23,
    maxBodySize = 2 ** 29,
    until,
    contentType = expectsType,
    onStatus = nothing,
    clock,
    idleTimeout = defaultIdleTimeout,
    redirectHeaders = [],
    ...transport
  } = given;
  return {
    ...transport,
    idleTimeout,
    // No secrets, and part of each request of `fetch`.
    redirectHeaders: [...redirectHeaders, 'accept-language', 'user-agent'],
    limits: { bodyTimeout, eventTimeout, maxEventSize, maxBodySize, until },
    contentType,
    onStatus,
    clock,
  };
}

const nothing = (): void => undefined;

const positive = [
  'connectTimeout',
  'responseTimeout',
  'idleTimeout',
  'bodyTimeout',
  'eventTimeout',
  'maxEventSize',
  'maxBodySize',
] as const;

function assertPositive(options: GuardOptions): void {
  for (const name of positive) {
    const value: unknown = options[name] ?? 1;
    if (!(typeof value === 'number' && value > 0)) {
      throw new RangeError(`Expected ${name} to be above 0, got ${describe(value)}`);
    }
  }
}

const shapes = {
  contentType: '(type, request) => …',
  until: '(event) => …',
  onStatus: '(change) => …',
  redirectDelay: '(count) => …',
} as const;

function assertFunctions(options: GuardOptions): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const value: unknown = options[name as keyof typeof shapes];
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`Expected ${name} to be a function ${shape}, got ${describe(value)}`);
    }
  }
}
