import { describe } from '@reprise/actor/text';

import type { HandledEvent } from './options.ts';

/** The content of a cursor. Only this file knows how it is written as text. */
export interface Position {
  readonly lastEventId: string;
  /** The ids of the last handled events, oldest first; a long id is kept as its digest. */
  readonly recent: readonly string[];
  /** The value of `CursorRecovery.mark`. */
  readonly mark?: unknown;
}

export function formatPosition({ lastEventId, recent, mark }: Position): string {
  return JSON.stringify({ lastEventId, recent, mark } satisfies Position);
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

/** The position after some more events, which it may know already. */
export function positionAfter(
  position: Position | undefined,
  events: readonly HandledEvent[],
): Position | undefined {
  return events.reduce<Position | undefined>((before, { id, lastEventId }) => {
    const recent = before?.recent ?? [];
    const isNew = isEventId(id) && !recent.includes(id);
    return { ...before, lastEventId, recent: isNew ? [...recent, id] : recent };
  }, position);
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
    const { lastEventId, recent, mark } = JSON.parse(text) as Partial<Position>;
    const isPosition =
      typeof lastEventId === 'string' &&
      Array.isArray(recent) &&
      recent.every((id) => typeof id === 'string');
    return isPosition ? { lastEventId, recent, mark } : undefined;
  } catch {
    return undefined;
  }
}
