import { createHash } from 'node:crypto';

import type { ServerSentEvent } from '../format/event.ts';

/** How often an event has failed in a row, as it is kept with a position. */
export interface FailedAttempts {
  /** The fingerprint of the event. */
  readonly event: string;
  readonly attempts: number;
}

/**
 * A short text by which an event is recognized when it comes again: by its id, or by its content if
 * it has none.
 */
export function fingerprint({ id, lastEventId, type, data }: ServerSentEvent): string {
  const content = JSON.stringify(id === null || id === '' ? [lastEventId, type, data] : [id]);
  return createHash('sha256').update(content).digest('base64');
}

/** Reads what was kept; `undefined` for anything else. */
export function parseFailedAttempts(kept: unknown): FailedAttempts | undefined {
  const { event, attempts } = (kept ?? {}) as Partial<FailedAttempts>;
  return typeof event === 'string' && typeof attempts === 'number'
    ? { event, attempts }
    : undefined;
}
