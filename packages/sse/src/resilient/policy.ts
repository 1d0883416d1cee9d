import { type Backoff, backoffDelay } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';

import type { ConnectFailure, Disconnect } from '../http/failure.ts';

/** The delay between attempts: a `Backoff` whose fields have defaults, and the server's `retry`. */
export interface ReconnectDelay extends Partial<Omit<Backoff, 'healthyAfter'>> {
  /** The upper bound of the first delay, in ms. Default: 1 s. */
  readonly minDelay?: number;
  /** The largest upper bound, in ms; a larger `retry` of the server still counts. Default: 30 s. */
  readonly maxDelay?: number;
  /** The growth of the upper bound with each attempt. Default: 2. */
  readonly factor?: number;
  /** The smallest accepted `retry` of a server, in ms. Default: 100 ms. */
  readonly minRetry?: number;
  /** The largest accepted `retry` of a server, in ms. Default: 5 min. */
  readonly maxRetry?: number;
  /**
   * The server's last `retry`, in ms: replaces `minDelay`, clamped to `minRetry` … `maxRetry`.
   * Default: none.
   */
  readonly retry?: number | undefined;
}

export const reconnectDelayKeys: KeysOf<ReconnectDelay> = {
  minDelay: true,
  maxDelay: true,
  factor: true,
  minRetry: true,
  maxRetry: true,
  retry: true,
};

/**
 * The reaction to a failure: another attempt after a delay, another attempt with new headers, a
 * normal end, or giving up.
 */
export type Verdict = 'retry' | 'refresh' | 'end' | 'fatal';

/**
 * The delay before the next attempt, in ms, after `attempt` failed attempts in a row (from 1). The
 * upper bound grows from `minDelay` to `maxDelay`. `random` (from 0 up to 1, as `Math.random`)
 * chooses a place below it: full jitter, to keep clients that were cut off together from returning
 * together.
 *
 * The lowest sixth is left out, and everything below 250 ms (or below a smaller `minDelay`). With
 * full jitter, `retry: 0` and any `random`, a server that closes every connection at once then
 * sees at most 5 requests in the first second and 20 in the first minute.
 * @see WHATWG HTML 9.2.3, the reconnection time
 * @example
 * ```ts
 * import { nextDelay } from '@reprise/sse';
 *
 * const lowest = [1, 2, 3].map((attempt) => Math.round(nextDelay(attempt, {}, () => 0)));
 * console.log(lowest); // [ 250, 333, 667 ]
 * ```
 */
export function nextDelay(attempt: number, delay: ReconnectDelay, random: () => number): number {
  assertKnownKeys('nextDelay', delay, reconnectDelayKeys);
  const { minDelay = 1000, maxDelay = 30_000, factor = 2, retry, ...limits } = delay;
  const first = Math.max(1, retry === undefined ? minDelay : clampRetry(retry, limits));
  const last = retry === undefined ? maxDelay : Math.max(maxDelay, first);
  const lowest = Math.min(250, minDelay, last);
  const growth = { minDelay: first, maxDelay: last, factor };
  const ceiling = Math.max(lowest, backoffDelay(Math.max(0, attempt - 1), growth));
  const floor = Math.max(lowest, ceiling / 6);
  return floor + random() * (ceiling - floor);
}

/**
 * The delay before a redirect is followed, in ms, after `sent` requests in a row that failed or led
 * elsewhere. The redirect of the very first request is followed at once; every other waits as long
 * as the shortest delay before an attempt.
 * @example
 * ```ts
 * import { nextRedirectDelay } from '@reprise/sse';
 *
 * console.log([1, 2, 3].map((sent) => Math.round(nextRedirectDelay(sent, {})))); // [ 0, 333, 667 ]
 * ```
 */
export function nextRedirectDelay(sent: number, delay: ReconnectDelay): number {
  return sent <= 1 ? 0 : nextDelay(sent, delay, () => 0);
}

/**
 * The server's `retry`, in ms, within limits: a smaller one would be a hot loop, a larger one a
 * dead stream.
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
  const { minRetry = 100, maxRetry = 5 * 60_000 } = limits;
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
  limit: number = 15 * 60_000,
): number | undefined {
  const text = value?.trim() ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : httpDate(text) - now;
  return wait >= 0 ? Math.min(wait, limit) : undefined;
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

/**
 * Whether a connection of `ms` was healthy, which makes the delays start over. A response of 200
 * alone does not make it healthy.
 */
export function isHealthy(ms: number, healthyAfter = 60_000): boolean {
  return ms >= healthyAfter;
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
function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) {
    return Number.NaN;
  }
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
