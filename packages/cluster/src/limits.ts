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

/**
 * A view has so many free streams at most, and so many parked ones. If the store has more, it has
 * only those that its node lists: streams that have left all lists would hide the others.
 */
export const mostInView = 5000;

const large: readonly TimedRequest[] = ['compare', 'declare', 'list', 'save'];
