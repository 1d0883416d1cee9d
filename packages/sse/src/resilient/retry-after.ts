import type { IncomingHttpHeaders } from 'node:http';

import { parseRetryAfter } from './policy.ts';

/**
 * The delay that the headers of a refusal request, in ms, at most `limit` (default: 15 min); 0 if
 * they request none. `now` is in ms since 1970. OpenAI and Azure send `retry-after-ms`, which is
 * more exact than the Retry-After beside it.
 */
export function requestedDelay(
  headers: IncomingHttpHeaders,
  now: number,
  limit: number = 15 * 60_000,
): number {
  const exact = String(headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms']).trim();
  return /^\d+(?:\.\d+)?$/.test(exact)
    ? Math.min(Number(exact), limit, Number.MAX_SAFE_INTEGER)
    : (parseRetryAfter(headers['retry-after'], now, limit) ?? 0);
}
