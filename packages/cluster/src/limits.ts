import type { OpenStore } from './store.ts';

/** A request of the port that a store has to answer in time. */
export type TimedRequest = Exclude<keyof OpenStore<unknown>, 'engine' | 'transact' | 'close'>;

/**
 * How long a store may take for a request, in ms, if a lease lasts for `ttl`. Three tries to renew
 * fit into a lease. Requests that may have thousands of rows have more time.
 */
export function timeLimitOf(request: TimedRequest, ttl: number): number {
  return large.includes(request) ? ttl / 2 : ttl / 8;
}

const large: readonly TimedRequest[] = ['compare', 'declare', 'list', 'save'];
