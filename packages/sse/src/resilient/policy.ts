import type { ConnectFailure, Disconnect } from '../http/failure.ts';

/** How long to wait between attempts: every number in ms. */
export interface Backoff {
  /** What the delay grows from. Default: 1 s. */
  readonly minDelay?: number;
  /** What it grows up to; a server's `retry` above it is waited for all the same. Default: 30 s. */
  readonly maxDelay?: number;
  /** What it grows by with each attempt. Default: 2. */
  readonly factor?: number;
  /** The least that a server's `retry` is taken for. Default: 100 ms. */
  readonly minRetry?: number;
  /** The most that a server's `retry` is taken for. Default: 5 min. */
  readonly maxRetry?: number;
  /**
   * The server's last `retry`: takes the place of `minDelay`, inside `minRetry` … `maxRetry`.
   * Default: none.
   */
  readonly retry?: number | undefined;
}

/**
 * What to do about a failure: go on with backoff, ask for credentials once more, end well, or give
 * up.
 */
export type Verdict = 'retry' | 'refresh' | 'end' | 'fatal';

/**
 * The delay before the next attempt, in ms, after `attempt` attempts in a row (from 1 on) that came
 * to nothing. The upper end doubles from `minDelay` to `maxDelay`; `random` (from 0 up to 1, as
 * `Math.random`) picks a place under it: full jitter, so that clients which were cut off together
 * do not come back together.
 *
 * What is left out of a full jitter is its lowest sixth, and what is below 250 ms (or below
 * `minDelay`, if that is lower): with it, a server that closes at once, whatever its `retry`, and
 * whatever `random` says, sees at most 5 requests in the first second and 20 in the first minute.
 */
export function nextDelay(
  attempt: number,
  { minDelay = 1000, maxDelay = 30_000, factor = 2, retry, ...limits }: Backoff,
  random: () => number,
): number {
  const first = Math.max(1, retry === undefined ? minDelay : clampRetry(retry, limits));
  const last = retry === undefined ? maxDelay : Math.max(maxDelay, first);
  const lowest = Math.min(250, minDelay, last);
  const ceiling = Math.max(lowest, Math.min(last, first * factor ** Math.max(0, attempt - 1)));
  const floor = Math.max(lowest, ceiling / 6);
  return floor + random() * (ceiling - floor);
}

/**
 * How long a redirect waits, in ms, after `sent` requests in a row that came to nothing: it is one
 * like any other, and waits as long as an attempt does at the least. The first after the very first
 * request waits for nothing.
 */
export function nextRedirectDelay(sent: number, backoff: Backoff): number {
  return sent <= 1 ? 0 : nextDelay(sent, backoff, () => 0);
}

/**
 * The server's `retry`, in ms, inside limits: less would be a hot loop, more a stream that is as
 * good as dead.
 */
export function clampRetry(
  retry: number,
  { minRetry = 100, maxRetry = 5 * 60_000 }: Pick<Backoff, 'minRetry' | 'maxRetry'> = {},
): number {
  return Math.min(Math.max(retry, minRetry), maxRetry);
}

/**
 * The wait that a Retry-After header asks for, in ms, at most `limit` (RFC 9110 10.2.3): seconds,
 * or an HTTP date, against `now` in ms since 1970. Anything else, and a date that is past, asks for
 * nothing: `undefined`.
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

/** What to do about a failure, when nobody says otherwise. */
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
 * Whether a connection that stood for `ms` was a healthy one, after which the delay starts anew: a
 * 200 alone is not.
 */
export function isHealthy(ms: number, healthyAfter = 60_000): boolean {
  return ms >= healthyAfter;
}

function classifyStatus(status: number): Verdict {
  if (status === 401 || status === 403) {
    return 'refresh';
  }
  // Request Timeout, Too Early, Too Many Requests, and whatever is the server's own trouble.
  return status === 408 || status === 425 || status === 429 || status >= 500 ? 'retry' : 'fatal';
}

/** NaN where it is none. The asctime form names no zone and means UTC (RFC 9110 5.6.7). */
function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) {
    return Number.NaN;
  }
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
