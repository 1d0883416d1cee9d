import { describe } from '@reprise/actor/text';

import { type FailedAttempts, parseFailedAttempts } from './failed-attempts.ts';
import type { HandledEvent } from './options.ts';
import type { OwnPosition } from './own-place.ts';

/** The content of a cursor. Only this file knows how it is written as text. */
export interface Position extends OwnPosition {
  /** `undefined` before the first handled event. */
  readonly lastEventId: string | undefined;
  /**
   * The ids of the last handled events, or with `cursorOf` their positions, oldest first; a long
   * one is kept as its digest.
   */
  readonly recent: readonly string[];
  /** The value of `CursorRecovery.mark`. */
  readonly mark?: unknown;
  /** The event that comes next, if it has failed. */
  readonly failed?: FailedAttempts | undefined;
}

export function formatPosition({ lastEventId, recent, mark, ...rest }: Position): string {
  const { failed, cursor, since } = rest;
  return JSON.stringify({ lastEventId, recent, mark, failed, cursor, since } satisfies Position);
}

/**
 * Reads the answer of a store; `undefined` if nothing was kept.
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
  const cursor = events.findLast((event) => event.cursor !== undefined)?.cursor;
  const { lastEventId } = last;
  return {
    ...position,
    lastEventId,
    recent,
    ...(cursor === undefined ? {} : { cursor, since: [] }),
  };
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
    const kept = JSON.parse(text) as Partial<Position>;
    const { lastEventId, recent, mark, failed, cursor, since } = kept;
    const isPosition =
      isTextOrNone(lastEventId) && isTexts(recent) && isTextOrNone(cursor) && isTexts(since ?? []);
    return isPosition
      ? { lastEventId, recent, mark, failed: parseFailedAttempts(failed), cursor, since }
      : undefined;
  } catch {
    return undefined;
  }
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
