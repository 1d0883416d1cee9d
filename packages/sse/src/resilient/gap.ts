import type { IncomingHttpHeaders } from 'node:http';

import type { RequestContext } from '../client/context.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { EventStreamResponse } from '../http/failure.ts';
import { describeRefused } from '../maybe-promise.ts';

/** The server begins somewhere else than it was asked to: events in between may be missing. */
export interface Gap {
  /** The position that the request asked to go on after; `""` for none. */
  readonly asked: string;
  /** The position that the server begins after; `""` if it does not say. */
  readonly begins: string;
}

/**
 * Where the server begins, as a response or an event says it: a position, or `true` for a gap
 * without one. `false`: there is no gap. `undefined`: it does not say.
 */
export type GapOf = (seen: EventStreamResponse | ServerSentEvent) => string | boolean | undefined;

/** Where a request went on. Without `cursorOf` the position is the id. */
export type Sent = Pick<RequestContext, 'lastEventId' | 'cursor'>;

/** The gap that a response tells of. A request that asked for no position has none. */
export function gapInResponse(
  response: EventStreamResponse,
  sent: Sent,
  gapOf: GapOf | undefined,
): Gap | undefined {
  const begins = answerOf(gapOf, response) ?? beginningIn(response.headers);
  return askedIn(sent) === '' ? undefined : gapBetween(sent, begins);
}

/** The gap that an event tells of. */
export function gapInEvent(event: ServerSentEvent, sent: Sent, gapOf: GapOf): Gap | undefined {
  return gapBetween(sent, answerOf(gapOf, event));
}

function gapBetween(sent: Sent, said: string | boolean | undefined): Gap | undefined {
  const begins = said === true ? '' : said;
  return begins === undefined || begins === false || isAsked(begins, sent)
    ? undefined
    : { asked: askedIn(sent), begins };
}

/** HTTP takes the white space around the value of a header away. */
function isAsked(begins: string, { cursor, lastEventId }: Sent): boolean {
  const asked = [cursor, lastEventId].filter((position) => position !== '');
  return asked.some((position) => position.trim() === begins.trim());
}

function askedIn({ cursor, lastEventId }: Sent): string {
  return cursor === '' ? lastEventId : cursor;
}

/**
 * The id before the first event that follows, as a hub of Mercure says it; `earliest` if it has no
 * event with the id that it was asked for. Node decodes headers as latin1.
 * @see https://mercure.rocks/spec#reconciliation
 */
function beginningIn(headers: IncomingHttpHeaders): string | undefined {
  const said = headers['mercure-last-event-id'] ?? headers['last-event-id'];
  return said === undefined ? undefined : Buffer.from(String(said), 'latin1').toString();
}

/** @throws TypeError for anything but an answer of `gapOf` */
function answerOf(
  gapOf: GapOf | undefined,
  seen: EventStreamResponse | ServerSentEvent,
): string | boolean | undefined {
  const answer: unknown = gapOf?.(seen);
  if (answer === undefined || typeof answer === 'string' || typeof answer === 'boolean') {
    return answer;
  }
  throw new TypeError(
    `Expected gapOf to return a position, true, false or undefined, got ${describeRefused(answer)}`,
  );
}
