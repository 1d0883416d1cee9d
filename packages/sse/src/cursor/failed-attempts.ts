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
 * it has none. With `cursorOf`, by the position before it and its content: such a server may number
 * the events of each connection anew.
 */
export function fingerprint(
  { id, lastEventId, type, data }: ServerSentEvent,
  cursor: string | undefined,
): string {
  const isNamed = cursor === undefined && id !== null && id !== '';
  const content = JSON.stringify(isNamed ? [id] : [cursor ?? lastEventId, type, data]);
  return createHash('sha256').update(content).digest('base64');
}

/** Reads a kept value; `undefined` for anything else. */
export function parseFailedAttempts(kept: unknown): FailedAttempts | undefined {
  const { event, attempts } = (kept ?? {}) as Partial<FailedAttempts>;
  return typeof event === 'string' && typeof attempts === 'number'
    ? { event, attempts }
    : undefined;
}
