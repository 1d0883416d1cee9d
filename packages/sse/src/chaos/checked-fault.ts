import { inspect } from 'node:util';

import type { Fault } from './fault.ts';

/** What each kind needs besides its type: numbers from 0 on, but for `by`, which may be below. */
const needed: Readonly<Record<Fault['type'], readonly string[]>> = {
  refuse: [],
  noAnswer: [],
  slowHead: ['every'],
  garbage: [],
  status: ['status'],
  clockJump: ['retryAfter'],
  redirect: [],
  contentType: [],
  reset: ['afterBytes'],
  cut: ['afterBytes'],
  end: ['afterEvents'],
  silence: ['afterEvents'],
  slowBody: ['every', 'afterEvents'],
  badChunk: ['afterEvents'],
  truncatedGzip: ['afterEvents'],
  giantEvent: ['bytes', 'afterEvents'],
  duplicate: ['afterEvents'],
  missingId: ['afterEvents'],
  replay: ['events', 'afterEvents'],
  retry: ['afterEvents'],
};

/**
 * The fault itself.
 * @throws TypeError for what is none; RangeError for a number of it that is none, or below 0.
 */
export function checkedFault(fault: Fault | undefined): Fault | undefined {
  if (fault === undefined) {
    return undefined;
  }
  const names = needed[(fault as Fault | null)?.type as Fault['type']];
  if (names === undefined) {
    throw new TypeError(`Expected a fault { type, … }, got ${inspect(fault)}`);
  }
  for (const name of names) {
    const value = (fault as unknown as Readonly<Record<string, unknown>>)[name];
    if (!(Number.isFinite(value) && (value as number) >= 0)) {
      throw new RangeError(
        `Expected ${name} of ${fault.type} to be a number from 0 on, got ${inspect(value)}`,
      );
    }
  }
  return fault;
}
