import type { System } from '@reprise/actor';
import { assertKnownKeys } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

/** How many requests the clients of a system may send. */
export interface RequestLimits {
  /**
   * For each client: `burst` requests at once, and one more every `interval` ms. Default: 5 and
   * 4,000 ms, which is at most 5 requests in any second and 20 in any minute.
   */
  readonly client?: { readonly burst?: number; readonly interval?: number };
  /**
   * For all clients that return to one origin: how many new attempts a second, and how many
   * attempts that have no answer yet. Default: 500 and 200.
   */
  readonly origin?: { readonly perSecond?: number; readonly inFlight?: number };
}

export interface CheckedLimits {
  readonly client: { readonly burst: number; readonly interval: number };
  readonly origin: { readonly perSecond: number; readonly inFlight: number };
}

const limits = new WeakMap<System, CheckedLimits>();

/**
 * Sets how many requests the clients of a system may send: those that it starts from now on, and
 * origins that none of its clients has returned to yet. The limits hold whatever a server answers,
 * and however often supervisors restart a client. A client that has to wait is disconnected, and
 * its status tells why.
 * @throws TypeError for an option that it does not know; RangeError for a number that is not above
 * 0, a `burst` or `inFlight` below 1, or an infinite `interval`.
 * @see RFC 9110 10.2.3 and WHATWG HTML 9.2.3, which leave such limits to the client
 * @example
 * ```ts
 * import { createSystem, SseClient } from '@reprise/sse';
 *
 * const system = createSystem();
 * SseClient.limitRequests(system, { origin: { perSecond: 50, inFlight: 20 } });
 * await system.stop();
 * ```
 */
export function limitRequests(system: System, given: RequestLimits): void {
  assertKnownKeys('SseClient.limitRequests', given, { client: true, origin: true });
  const { client = {}, origin = {} } = given;
  assertKnownKeys('client', client, { burst: true, interval: true });
  assertKnownKeys('origin', origin, { perSecond: true, inFlight: true });
  const { burst = 5, interval = 4000 } = client;
  const { perSecond = 500, inFlight = 200 } = origin;
  assertNumbers('a number from 1 on', { 'client.burst': burst, 'origin.inFlight': inFlight });
  assertNumbers('a number above 0', { 'origin.perSecond': perSecond });
  // With `Infinity` the time of the next request could not be computed.
  assertNumbers('a finite number above 0', { 'client.interval': interval });
  limits.set(system, { client: { burst, interval }, origin: { perSecond, inFlight } });
}

export function limitsOf(system: System): CheckedLimits {
  const found = limits.get(system);
  if (found !== undefined) {
    return found;
  }
  limitRequests(system, {});
  return limitsOf(system);
}

function assertNumbers(
  expected: keyof typeof isExpected,
  numbers: Readonly<Record<string, number>>,
): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (!(typeof number === 'number' && isExpected[expected](number))) {
      throw new RangeError(`Expected ${name} to be ${expected}, got ${describe(number)}`);
    }
  }
}

const isExpected = {
  'a number from 1 on': (number: number) => number >= 1,
  'a number above 0': (number: number) => number > 0,
  'a finite number above 0': (number: number) => number > 0 && number < Infinity,
} as const;
