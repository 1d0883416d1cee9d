import { shownError } from './error.ts';
import { hasProxy, isError } from './reading.ts';
import type { Redaction } from './redaction.ts';
import { Snapshot } from './snapshot.ts';

/** The longest line about a report, in characters. */
const longestMessage = 1000;

/** How many details a report may have. */
const mostDetails = 50;

/**
 * The details of a report as an object that can be read: JavaScript can pass any value. An error
 * alone is the detail `err`, as for pino.
 */
export function detailsOf(given: unknown): object {
  if (isError(given)) {
    return { err: given };
  }
  return typeof given === 'object' && given !== null && !hasProxy(given) ? given : {};
}

/** The details of a report as data that can be printed: bounded, and without secrets. */
export function shownDetails(details: unknown, redaction: Redaction): object {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(detailsOf(details)));
  return Object.fromEntries(
    entries
      .filter(([, { enumerable, value }]) => enumerable === true && value !== undefined)
      .slice(0, mostDetails)
      .map(([name, { value }]) => [name, shownDetail(name, value, redaction)] as const)
      // A `toJSON` may have nothing to show.
      .filter(([, value]) => value !== undefined),
  );
}

function shownDetail(name: string, value: unknown, redaction: Redaction): unknown {
  return isError(value) ? shownError(value, redaction) : new Snapshot(redaction).field(name, value);
}

/** The line about a report. JavaScript can pass anything for it. */
export function shownMessage(message: unknown, redaction: Redaction): string {
  return typeof message === 'string' ? redaction.clip(message, longestMessage) : '';
}
