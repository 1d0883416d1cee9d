import { describe } from '@reprise/actor/text';

import { type FailedAttempts, parseFailedAttempts } from './failed-attempts.ts';
import type { HandledEvent } from './options.ts';

/** The content of a cursor. Only this file knows how it is written as text. */
export interface Position {
  /** `undefined` before the first handled event. */
  readonly lastEventId: string | undefined;
  /** The ids of the last handled events, oldest first; a long id is kept as its digest. */
  readonly recent: readonly string[];
  /** The value of `CursorRecovery.mark`. */
  readonly mark?: unknown;
  /** The event that comes next, if it has failed. */
  readonly failed?: FailedAttempts | undefined;
}

export function formatPosition({ lastEventId, recent, mark, failed }: Position): string {
  return JSON.stringify({ lastEventId, recent, mark, failed } satisfies Position);
}

/**
 * Reads what a store answered; `undefined` if nothing was kept.
 * @throws TypeError if the answer is not a position.
 */
export function parsePosition(key: string, stored: unknown): Position | undefined {
  if (stored === undefined) {
    return undefined;
  }
  const position = typeof stored === 'string' ? positionIn(stored) : undefined;
  if (position === undefined) {
    throw new TypeError(`Expected a cursor under ${key}, got ${describe(stored)}`);
  }
  return position;
}

/** The position after some more events, with the last `remember` ids. It may know some of them. */
export function positionAfter(
  position: Position | undefined,
  events: readonly HandledEvent[],
  remember: number,
): Position | undefined {
  const last = events.at(-1);
  if (last === undefined) {
    return position;
  }
  const ids = events.map(({ id }) => id).filter(isEventId);
  // A set: a long output, from runs without this cursor, can hold very many events.
  const recent = [...new Set([...(position?.recent ?? []), ...ids])].slice(-remember);
  return { ...position, lastEventId: last.lastEventId, recent };
}

/**
 * Whether an event can be recognized by this id. It cannot if it has none, or the empty id, which
 * resets the last one (WHATWG HTML 9.2.6).
 */
export function isEventId(id: string | null): id is string {
  return id !== null && id !== '';
}

function positionIn(text: string): Position | undefined {
  try {
    const { lastEventId, recent, mark, failed } = JSON.parse(text) as Partial<Position>;
    const isPosition =
      (lastEventId === undefined || typeof lastEventId === 'string') &&
      Array.isArray(recent) &&
      recent.every((id) => typeof id === 'string');
    return isPosition
      ? { lastEventId, recent, mark, failed: parseFailedAttempts(failed) }
      : undefined;
  } catch {
    return undefined;
  }
}
