import { type Backoff, backoffDelay } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';

import type { ConnectFailure, Disconnect } from '../http/failure.ts';

/** The delay between attempts: a `Backoff` with defaults, and the delays that a server requests. */
export interface ReconnectDelay extends Partial<Omit<Backoff, 'healthyAfter'>> {
  /**
   * The delay after a connection that ended well, and the upper bound of the first delay after a
   * failure, in ms. Default: 1 s.
   */
  readonly minDelay?: number;
  /** The largest upper bound, in ms; a larger `retry` of the server still counts. Default: 30 s. */
  readonly maxDelay?: number;
  /** The growth of the upper bound with each failure. Default: 2. */
  readonly factor?: number;
  /** The smallest accepted `retry` of a server, in ms. Default: 100 ms. */
  readonly minRetry?: number;
  /** The largest accepted `retry` of a server, in ms. Default: 5 min. */
  readonly maxRetry?: number;
  /**
   * The server's last `retry`, in ms, clamped to `minRetry` … `maxRetry`: no delay is shorter.
   * Default: none.
   */
  readonly retry?: number | undefined;
  /** The longest delay that a server's Retry-After can request, in ms. Default: 15 min. */
  readonly maxRetryAfter?: number;
  /** The delay that a Retry-After requests, in ms: the least one. Default: 0. */
  readonly retryAfter?: number | undefined;
}

export const reconnectDelayKeys: KeysOf<ReconnectDelay> = {
  minDelay: true,
  maxDelay: true,
  factor: true,
  minRetry: true,
  maxRetry: true,
  maxRetryAfter: true,
  retry: true,
  retryAfter: true,
};

/**
 * The reaction to a failure: another attempt after a delay, another attempt with new headers, a
 * normal end, or giving up.
 */
export type Verdict = 'retry' | 'refresh' | 'end' | 'fatal';

/**
 * The delay before the next attempt, in ms, after `failures` failed attempts in a row. Jitter comes
 * on top of a delay that a server requested, never below it. `random` (from 0 up to 1, as
 * `Math.random`) draws the jitter, to keep clients that were cut off together from returning
 * together. It adds at most a fifth to such a delay, and nothing beyond `maxRetry` or
 * `maxRetryAfter`.
 *
 * After none, the connection ended well: the delay is `minDelay`, or the server's `retry` if that
 * is longer, and up to a fifth more. After a failure it lies below an upper bound that grows from
 * there to `maxDelay`: at least a sixth of that bound, at least 250 ms (or a smaller `minDelay`),
 * and at least the delay that the server requested.
 * @throws TypeError for an option that is unknown
 * @see WHATWG HTML 9.2.3, the reconnection time; RFC 9110 10.2.3, Retry-After
 * @example
 * ```ts
 * import { nextDelay } from '@reprise/sse';
 *
 * const shortest = [0, 1, 2, 3].map((failures) => Math.round(nextDelay(failures, {}, () => 0)));
 * console.log(shortest); // [ 1000, 250, 333, 667 ]
 * console.log(nextDelay(2, { retry: 3000 }, () => 0)); // 3000
 * ```
 */
export function nextDelay(failures: number, delay: ReconnectDelay, random: () => number): number {
  assertKnownKeys('nextDelay', delay, reconnectDelayKeys);
  const { minDelay = 1000, maxDelay = 30_000, factor = 2, retryAfter = 0 } = delay;
  const { minRetry = shortestRetry, maxRetry = longestRetry, retry } = delay;
  const own = Math.min(Math.max(1, minDelay), maxDelay);
  const reconnectionTime = retry === undefined ? 0 : clampRetry(retry, { minRetry, maxRetry });
  const requested = Math.max(reconnectionTime, retryAfter);
  const mostRequested = Math.max(
    withJitter(reconnectionTime, maxRetry),
    withJitter(retryAfter, delay.maxRetryAfter ?? longestRetryAfter),
  );
  if (failures === 0) {
    const least = Math.max(own, requested);
    return least + random() * (Math.max(withJitter(own), mostRequested) - least);
  }
  const first = Math.max(own, reconnectionTime);
  const growth = { minDelay: first, maxDelay: Math.max(maxDelay, first), factor };
  const bound = backoffDelay(failures - 1, growth);
  const least = Math.max(bound / 6, Math.min(250, minDelay, bound), requested);
  return least + random() * (Math.max(bound, mostRequested) - least);
}

/** A delay with its longest jitter on top, which stays below the limit for such delays. */
function withJitter(ms: number, limit: number = Infinity): number {
  return Math.max(ms, Math.min(ms * 1.2, limit));
}

/**
 * The server's `retry`, in ms, within limits: a smaller one would be a hot loop, a larger one a
 * dead stream.
 * @throws TypeError for a limit that is unknown
 * @example
 * ```ts
 * import { clampRetry } from '@reprise/sse';
 *
 * console.log(clampRetry(0), clampRetry(3000), clampRetry(2 ** 40)); // 100 3000 300000
 * ```
 */
export function clampRetry(
  retry: number,
  limits: Pick<ReconnectDelay, 'minRetry' | 'maxRetry'> = {},
): number {
  assertKnownKeys('clampRetry', limits, { minRetry: true, maxRetry: true });
  const { minRetry = shortestRetry, maxRetry = longestRetry } = limits;
  return Math.min(Math.max(retry, minRetry), maxRetry);
}

/**
 * The delay that a Retry-After header requests, in ms, at most `limit` (default: 15 min). The
 * header has seconds or an HTTP date, which is compared with `now`, in ms since 1970. `undefined`
 * for a date in the past and for any other text.
 * @see RFC 9110 10.2.3
 * @example
 * ```ts
 * import { parseRetryAfter } from '@reprise/sse';
 *
 * console.log(parseRetryAfter('2', Date.now()), parseRetryAfter('soon', Date.now())); // 2000 undefined
 * ```
 */
export function parseRetryAfter(
  value: string | undefined,
  now: number,
  limit: number = longestRetryAfter,
): number | undefined {
  const text = value?.trim() ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : httpDate(text) - now;
  return wait >= 0 ? Math.min(wait, limit, Number.MAX_SAFE_INTEGER) : undefined;
}

/**
 * The default reaction to a failure.
 * @example
 * ```ts
 * import { classify } from '@reprise/sse';
 *
 * console.log(classify({ type: 'timeout', ms: 5000 }), classify({ type: 'closed' })); // retry retry
 * ```
 */
export function classify(failure: ConnectFailure | Disconnect): Verdict {
  return failure.type === 'status' ? classifyStatus(failure.status) : verdicts[failure.type];
}

const verdicts: Readonly<
  Record<Exclude<(ConnectFailure | Disconnect)['type'], 'status'>, Verdict>
> = {
  closed: 'retry',
  tooLarge: 'retry',
  noContent: 'end',
  network: 'retry',
  tls: 'retry',
  timeout: 'retry',
  redirect: 'retry',
  request: 'retry',
  contentType: 'fatal',
  certificate: 'fatal',
  badRequest: 'fatal',
};

const shortestRetry = 100;
const longestRetry = 5 * 60_000;
const longestRetryAfter = 15 * 60_000;

/** A connection that has ended. */
export interface PastConnection {
  /** In ms. */
  readonly lasted: number;
  /** Whether it brought an event. */
  readonly hasEvents: boolean;
  /** Whether the server ended it properly. */
  readonly isClosed: boolean;
  /** The delay before it, in ms. */
  readonly delay: number;
}

/**
 * The number of failed attempts in a row after a connection, when there were `failures` before it.
 * A connection that was long enough, or that brought an event and was ended properly, is a success;
 * so is one that brought an event and was cut, if it was longer than the delay before it: servers
 * that fail at each event would not see the delays grow otherwise. One that brought nothing is no
 * failure either if it was that long, and a failure if it was shorter: a response of 200 alone does
 * not make a connection healthy.
 */
export function failuresAfter(
  { lasted, hasEvents, isClosed, delay }: PastConnection,
  failures: number,
  healthyAfter: number = 60_000,
): number {
  const hasOutlasted = lasted > delay;
  if (lasted >= healthyAfter || (hasEvents && (isClosed || hasOutlasted))) {
    return 0;
  }
  return hasOutlasted ? failures : failures + 1;
}

/** Request Timeout, Misdirected Request, Too Early, Too Many Requests. */
const passing: ReadonlySet<number> = new Set([408, 421, 425, 429]);

function classifyStatus(status: number): Verdict {
  if (status === 401 || status === 403) {
    return 'refresh';
  }
  return status >= 500 || passing.has(status) ? 'retry' : 'fatal';
}

/** NaN for any other text. The asctime form names no zone and means UTC (RFC 9110 5.6.7). */
export function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) {
    return Number.NaN;
  }
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
