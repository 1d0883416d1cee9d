import { assertKnownKeys } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { describeRefused } from '../maybe-promise.ts';
import type { Fault } from './fault.ts';

/** The required numbers of each type. They are from 0 on; only `by` may be negative. */
const needed: Readonly<Record<Fault['type'], readonly string[]>> = {
  refuse: [],
  noAnswer: [],
  slowHead: ['every'],
  garbage: [],
  status: ['status'],
  clockJump: ['by', 'retryAfter'],
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

/** The other keys of those that have some. */
const optional: Readonly<Partial<Record<Fault['type'], readonly string[]>>> = {
  status: ['retryAfter'],
  redirect: ['status', 'location'],
  contentType: ['contentType'],
  retry: ['value'],
};

/**
 * Returns the fault.
 * @throws TypeError if it is not a fault; RangeError if one of its numbers is not finite, or below
 * 0.
 */
export function checkedFault(fault: Fault | undefined): Fault | undefined {
  if (fault === undefined) {
    return undefined;
  }
  const names = needed[(fault as Fault | null)?.type as Fault['type']];
  if (names === undefined) {
    throw new TypeError(`Expected a fault { type, … }, got ${describeRefused(fault)}`);
  }
  const keys = ['type', ...names, ...(optional[fault.type] ?? [])];
  assertKnownKeys(
    `the fault ${fault.type}`,
    fault,
    Object.fromEntries(keys.map((key) => [key, true])),
  );
  for (const name of names) {
    const value = (fault as unknown as Readonly<Record<string, unknown>>)[name];
    const isSigned = name === 'by';
    if (!(Number.isFinite(value) && (isSigned || (value as number) >= 0))) {
      const expected = isSigned ? 'a number' : 'a number from 0 on';
      throw new RangeError(
        `Expected ${name} of ${fault.type} to be ${expected}, got ${describe(value)}`,
      );
    }
  }
  return fault;
}
