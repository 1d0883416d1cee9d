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

/**
 * The text of a position: as short as its content. One that has only an id is the JSON of that, two
 * characters more than the id.
 */
export function formatPosition(position: Position): string {
  const { lastEventId, recent, mark, failed, cursor, since } = position;
  const isOnlyId = recent.length === 0 && mark === undefined && cursor === undefined;
  return lastEventId !== undefined && isOnlyId && failed === undefined
    ? JSON.stringify(lastEventId)
    : JSON.stringify({
        lastEventId,
        recent: orNone(recent),
        mark,
        failed,
        cursor,
        since: since && orNone(since),
      });
}

/** The ids of a position that a store keeps apart from it. */
export function formatRecent(recent: readonly string[]): string {
  return JSON.stringify(recent);
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

/**
 * The same for a store that keeps the ids apart: they may be older than the position, whose own id
 * is the newest.
 * @throws TypeError if the answer is not a position.
 */
export function parseSplit(key: string, stored: unknown): Position | undefined {
  const { value, recent } =
    typeof stored === 'object' && stored !== null ? (stored as Partial<Split>) : { value: stored };
  const position = parsePosition(key, value ?? undefined);
  if (position === undefined) {
    return undefined;
  }
  const apart = recent === undefined || recent === null ? [] : recentIn(key, recent);
  const newest = position.cursor ?? position.lastEventId ?? null;
  const ids = [...position.recent, ...apart];
  return {
    ...position,
    recent: isEventId(newest) && ids.at(-1) !== newest ? [...ids, newest] : ids,
  };
}

/** The answer of such a store. */
interface Split {
  readonly value: unknown;
  readonly recent: unknown;
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
  const kept = parsed(text);
  if (typeof kept === 'string') {
    return { lastEventId: kept, recent: [] };
  }
  const {
    lastEventId,
    recent = [],
    mark,
    failed,
    cursor,
    since,
  } = (kept ?? {}) as Partial<Position>;
  const isPosition =
    isTextOrNone(lastEventId) && isTexts(recent) && isTextOrNone(cursor) && isTexts(since ?? []);
  return isObject(kept) && isPosition
    ? { lastEventId, recent, mark, failed: parseFailedAttempts(failed), cursor, since }
    : undefined;
}

function recentIn(key: string, given: unknown): readonly string[] {
  const recent = typeof given === 'string' ? parsed(given) : undefined;
  if (!isTexts(recent)) {
    throw new TypeError(`Expected the ids of the cursor ${key}, got ${describe(given)}`);
  }
  return recent;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function orNone(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts;
}

/** Whether it has one of the parts without which nothing is kept. */
function isObject(kept: unknown): boolean {
  return (
    typeof kept === 'object' &&
    kept !== null &&
    ['lastEventId', 'recent', 'failed', 'cursor'].some((part) => part in kept)
  );
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
