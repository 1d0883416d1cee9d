import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { createParser } from 'eventsource-parser';

/** One event, as the standard dispatches it (WHATWG HTML 9.2.6). */
export interface ServerSentEvent {
  /** The `event` field; `"message"` if the server sends none. */
  readonly type: string;
  /** The `data` lines, joined by `"\n"`. */
  readonly data: string;
  /**
   * The `id` field of this event; `""` resets the last id; `null` if there is no field, or one with
   * U+0000, which is ignored.
   */
  readonly id: string | null;
  /**
   * The last id of the stream, this event included. A new connection asks the server to continue
   * after it; `""` means that there is none.
   */
  readonly lastEventId: string;
  /** The `retry` field of this event, in ms, at most 2^53 - 1. */
  readonly retry?: number;
  /** Its comment lines without colon and space. Only set by `parse`, `parseAll` and `create`. */
  readonly comments?: readonly string[];
}

/**
 * A block without a data line: comments, an id or a `retry` alone. It can be sent and parsed, but
 * is never dispatched.
 */
export interface EmptyEvent extends Omit<ServerSentEvent, 'data'> {
  readonly data: null;
}

/** The parts of an event besides its data. */
export interface EventFields {
  /** One line. Default: `"message"`, which is not sent. */
  readonly type?: string;
  /** One line without U+0000. Default: no id. */
  readonly id?: string | null;
  /** In ms, a whole number from 0 on. Default: none. */
  readonly retry?: number;
  readonly comments?: readonly string[];
}

const fieldKeys: KeysOf<EventFields> = { type: true, id: true, retry: true, comments: true };

/** A parsed event and the text behind it, or a text whose first event has not ended yet. */
export type Parsed =
  | {
      readonly type: 'event';
      readonly event: ServerSentEvent | EmptyEvent;
      readonly rest: string;
    }
  | { readonly type: 'incomplete'; readonly rest: string };

/**
 * The format `text/event-stream` itself, without a connection: events to text and back.
 * @example
 * ```ts
 * import { ServerSentEvent } from '@reprise/sse';
 *
 * const text = ServerSentEvent.serialize(ServerSentEvent.create('hello', { id: '1' }));
 * console.log(JSON.stringify(text)); // "data: hello\nid: 1\n\n"
 * const { events, rest } = ServerSentEvent.parseAll(`${text}data: not yet`);
 * console.log(events[0]?.data, rest); // hello data: not yet
 * ```
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
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
 * Creates an event from its data: a text, or an array of lines. An empty array makes an event that
 * is never dispatched: a heartbeat is `create([], { comments: ['ping'] })`. Each line end in the
 * data (LF, CR LF or CR) becomes `"\n"`, as it would on the wire.
 * @example
 * ```ts
 * import { ServerSentEvent } from '@reprise/sse';
 *
 * console.log(ServerSentEvent.create(['one', 'two']).data.split('\n')); // [ 'one', 'two' ]
 * ```
 * @throws TypeError if the type or the id is not one line, or the id contains U+0000; RangeError if
 * `retry` is not a whole number from 0 on.
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
  fields: EventFields = {},
): ServerSentEvent | EmptyEvent {
  assertKnownKeys('ServerSentEvent.create', fields, fieldKeys);
  const { type = 'message', id = null, retry, comments = [] } = fields;
  if (typeof data !== 'string' && !Array.isArray(data)) {
    throw new TypeError(`Expected data to be a text or lines, got ${quote(data)}`);
  }
  const text = typeof data === 'string' ? data : data.join('\n');
  const event = compose(type, text, id, id ?? '', retry, comments);
  assertWritable(event);
  return data.length === 0 && typeof data !== 'string' ? { ...event, data: null } : event;
}

/** Whether the event has no data line, so that it is never dispatched. An empty line counts. */
function isEmpty(event: ServerSentEvent | EmptyEvent): event is EmptyEvent {
  return event.data === null;
}

/** The lines of the data. */
function lines(event: ServerSentEvent | EmptyEvent): readonly string[] {
  return event.data === null ? [] : splitLines(event.data);
}

/**
 * The text of an event, with its closing blank line. Line ends in data and comments become several
 * lines, so that no field can be injected. `lastEventId` is not part of the format.
 * @throws TypeError if the type or the id is not one line, or the id contains U+0000; RangeError if
 * `retry` is not a whole number from 0 on.
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
 * Parses the first event of a text; `lastEventId` is the last id of the text before. Any text is
 * valid, since the standard ignores unknown fields. A byte order mark must have been removed.
 */
function parse(text: string, lastEventId = ''): Parsed {
  // Blank lines before a block mean nothing. One can be the LF of a CR LF that was cut.
  const start = text.search(/[^\r\n]/);
  const rest = start === -1 ? '' : text.slice(start);
  const end = endOfBlock(rest);
  return end === -1
    ? { type: 'incomplete', rest }
    : { type: 'event', event: parseBlock(rest.slice(0, end), lastEventId), rest: rest.slice(end) };
}

/** Parses all complete events of a text; put `rest` in front of the text that follows. */
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

/** The index behind the first blank line, or -1. */
export function endOfBlock(text: string): number {
  const found = blankLine.exec(text);
  return found === null ? -1 : found.index + found[0].length;
}

const blankLine = /(?:^|\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/;

/** Limits a `retry` to the largest exact whole number: a far longer wait than any program makes. */
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
  // The extra data line makes the parser dispatch a block without data too, and is removed below
  // with its line end. It also keeps the parser from removing a byte order mark of the block.
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
    throw new TypeError(`Expected a type of one line, got ${quote(type)}`);
  }
  // oxlint-disable-next-line no-control-regex -- readers ignore an id with U+0000 (WHATWG HTML 9.2.6)
  if (id !== null && /[\r\n\0]/.test(id)) {
    throw new TypeError(`Expected an id of one line without U+0000, got ${quote(id)}`);
  }
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) {
    throw new RangeError(
      `Expected a retry of a whole number of milliseconds from 0 on, got ${quote(retry)}`,
    );
  }
}

/** Not `describe` of the actor package: the format stays small. */
function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
}
