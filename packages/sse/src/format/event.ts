import { createParser } from 'eventsource-parser';

/** One event, as the standard dispatches it (WHATWG HTML 9.2.6). */
export interface ServerSentEvent {
  /** The `event` field; `"message"` where the server names none. */
  readonly type: string;
  /** The `data` lines, joined by `"\n"`. */
  readonly data: string;
  /**
   * The `id` field of this event, `""` where it is there to reset the last id; `null` where there
   * is none or it was ignored.
   */
  readonly id: string | null;
  /**
   * The last id up to and with this event: what a new connection asks the server to go on from;
   * `""` means nothing.
   */
  readonly lastEventId: string;
  /** The `retry` field of this event, in ms, at most 2^53 - 1. */
  readonly retry?: number;
  /**
   * Its comment lines, each without its colon and the space after it. Only `parse`, `parseAll` and
   * `create` fill them in.
   */
  readonly comments?: readonly string[];
}

/**
 * A block without a data line: comments, an id or a `retry` alone. It can be sent and parsed; it is
 * never dispatched.
 */
export interface EmptyEvent extends Omit<ServerSentEvent, 'data'> {
  readonly data: null;
}

/** What an event may have besides its data. */
export interface EventFields {
  /** One line. Default: `"message"`, which is not written. */
  readonly type?: string;
  /** One line without U+0000. Default: no id. */
  readonly id?: string | null;
  /** In ms, a whole number from 0 on. Default: no retry. */
  readonly retry?: number;
  readonly comments?: readonly string[];
}

/**
 * What `parse` found: an event and the text after it, or a text whose first event has not ended
 * yet.
 */
export type Parsed =
  | {
      readonly type: 'event';
      readonly event: ServerSentEvent | EmptyEvent;
      readonly rest: string;
    }
  | { readonly type: 'incomplete'; readonly rest: string };

/** The format itself: `text/event-stream`, without a connection. */
export const ServerSentEvent: {
  readonly mimeType: 'text/event-stream';
  readonly create: typeof create;
  readonly isEmpty: typeof isEmpty;
  readonly lines: typeof lines;
  readonly serialize: typeof serialize;
  readonly parse: typeof parse;
  readonly parseAll: typeof parseAll;
} = { mimeType: 'text/event-stream', create, isEmpty, lines, serialize, parse, parseAll };

/**
 * Makes an event of its data: a text, or its lines. No line at all makes an event that is never
 * dispatched: a heartbeat is `create([], { comments: ['ping'] })`. Whatever ends a line (LF, CR LF,
 * CR) becomes `"\n"`, as it would on the way.
 * @throws TypeError if the type or the id cannot be written in one line; RangeError if `retry` is
 * not a whole number from 0 on.
 */
function create(
  data: string | readonly [string, ...string[]],
  fields?: EventFields,
): ServerSentEvent;
function create(
  data: string | readonly string[],
  fields?: EventFields,
): ServerSentEvent | EmptyEvent;
function create(
  data: string | readonly string[],
  { type = 'message', id = null, retry, comments = [] }: EventFields = {},
): ServerSentEvent | EmptyEvent {
  const text = typeof data === 'string' ? data : data.join('\n');
  const event = compose(type, text, id, id ?? '', retry, comments);
  assertWritable(event);
  return data.length === 0 && typeof data !== 'string' ? { ...event, data: null } : event;
}

/**
 * Whether the event has no data line, so that it is never dispatched. One empty data line is a
 * line.
 */
function isEmpty(event: ServerSentEvent | EmptyEvent): event is EmptyEvent {
  return event.data === null;
}

/** The data, line by line. */
function lines(event: ServerSentEvent | EmptyEvent): readonly string[] {
  return event.data === null ? [] : splitLines(event.data);
}

/**
 * The event as it is sent, its closing blank line with it. Line ends in data and comments make
 * several lines of them, so that nothing can be smuggled in; `lastEventId` is not part of the
 * format.
 * @throws TypeError if the type or the id cannot be written in one line; RangeError if `retry` is
 * not a whole number from 0 on.
 */
function serialize(event: ServerSentEvent | EmptyEvent): string {
  assertWritable(event);
  const { type, id, retry, comments = [] } = event;
  return [
    ...(type === 'message' ? [] : [`event: ${type}`]),
    ...comments.flatMap(splitLines).map((comment) => `: ${comment}`),
    ...lines(event).map((line) => `data: ${line}`),
    ...(id === null ? [] : [`id: ${id}`]),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    '\n',
  ].join('\n');
}

/**
 * Takes the first event from a text; `lastEventId` is that of the events before it. Every text is a
 * valid stream: what the standard does not know it ignores. A byte order mark is the decoder's
 * business and is not looked for.
 */
function parse(text: string, lastEventId = ''): Parsed {
  // Blank lines before a block mean nothing. The one to be seen here is the LF of a CR LF whose CR
  // ended the text before.
  const start = text.search(/[^\r\n]/);
  const rest = start === -1 ? '' : text.slice(start);
  const end = endOfBlock(rest);
  return end === -1
    ? { type: 'incomplete', rest }
    : { type: 'event', event: parseBlock(rest.slice(0, end), lastEventId), rest: rest.slice(end) };
}

/**
 * Takes every complete event from a text; `rest` is to be put in front of the text that follows.
 */
function parseAll(
  text: string,
  lastEventId = '',
): { readonly events: readonly (ServerSentEvent | EmptyEvent)[]; readonly rest: string } {
  const events: (ServerSentEvent | EmptyEvent)[] = [];
  let parsed = parse(text, lastEventId);
  while (parsed.type === 'event') {
    events.push(parsed.event);
    parsed = parse(parsed.rest, parsed.event.lastEventId);
  }
  return { events, rest: parsed.rest };
}

/** The index after the first blank line, or -1. */
export function endOfBlock(text: string): number {
  const found = blankLine.exec(text);
  return found === null ? -1 : found.index + found[0].length;
}

const blankLine = /(?:^|\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/;

/**
 * The largest whole number that a `retry` field can give without rounding; what is above it is
 * never waited for anyway.
 */
export function exactRetry(retry: number): number {
  return Math.min(retry, Number.MAX_SAFE_INTEGER);
}

function parseBlock(block: string, lastEventId: string): ServerSentEvent | EmptyEvent {
  let message = { data: '', event: undefined as string | undefined };
  let id: string | null = null;
  let retry: number | undefined;
  const comments: string[] = [];
  const parser = createParser({
    onEvent: ({ data, event }) => (message = { data, event }),
    onId: (value) => (id = value),
    onRetry: (value) => (retry = exactRetry(value)),
    onComment: (comment) => comments.push(comment),
  });
  // The data line makes the parser tell the type of a block that has none; the rest of the data
  // then starts with a line end. It also keeps a byte order mark in the block from being taken
  // away.
  parser.feed(`data\n${block}`);
  const { data, event = 'message' } = message;
  const composed = compose(event, data.slice(1), id, id ?? lastEventId, retry, comments);
  return data === '' ? { ...composed, data: null } : composed;
}

function compose(
  type: string,
  data: string,
  id: string | null,
  lastEventId: string,
  retry: number | undefined,
  comments: readonly string[],
): ServerSentEvent {
  return {
    type: type === '' ? 'message' : type,
    data: splitLines(data).join('\n'),
    id,
    lastEventId,
    ...(retry === undefined ? {} : { retry }),
    ...(comments.length === 0 ? {} : { comments }),
  };
}

function splitLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/);
}

function assertWritable({ type, id, retry }: ServerSentEvent | EmptyEvent): void {
  if (/[\r\n]/.test(type)) {
    throw new TypeError(`Expected a type of one line, got ${JSON.stringify(type)}`);
  }
  // oxlint-disable-next-line no-control-regex -- an id that has U+0000 is ignored by whoever reads it (WHATWG HTML 9.2.6)
  if (id !== null && /[\r\n\0]/.test(id)) {
    throw new TypeError(`Expected an id of one line without U+0000, got ${JSON.stringify(id)}`);
  }
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) {
    throw new RangeError(
      `Expected a retry of a whole number of milliseconds from 0 on, got ${retry}`,
    );
  }
}
