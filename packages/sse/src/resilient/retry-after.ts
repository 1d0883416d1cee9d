import type { IncomingHttpHeaders } from 'node:http';

import { httpDate, parseRetryAfter } from './policy.ts';

/**
 * The delay that the headers of a refusal request, in ms, at most `limit` (default: 15 min); 0 if
 * they request none. OpenAI and Azure send `retry-after-ms`, which is more exact than the
 * Retry-After beside it. A date is compared with the Date of the same answer, since the clock of
 * the server may be wrong; where there is none, with `now`, in ms since 1970.
 */
export function requestedDelay(
  headers: IncomingHttpHeaders,
  now: number,
  limit: number = 15 * 60_000,
): number {
  const exact = String(headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms']).trim();
  return /^\d+(?:\.\d+)?$/.test(exact)
    ? Math.min(Number(exact), limit, Number.MAX_SAFE_INTEGER)
    : (parseRetryAfter(headers['retry-after'], sentAt(headers) ?? now, limit) ?? 0);
}

function sentAt({ date = '' }: IncomingHttpHeaders): number | undefined {
  const time = httpDate(date);
  return Number.isNaN(time) ? undefined : time;
}
