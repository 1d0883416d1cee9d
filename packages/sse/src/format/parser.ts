import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';

import { exactRetry, type ServerSentEvent } from './event.ts';
import { RetryFields } from './retry-fields.ts';
import { tooLarge, type TooLarge } from './too-large.ts';
import { byteLengthOf, copyOfText, createDecoder, type Decoder } from './utf8.ts';

export interface PacketOptions {
  /** The last id of the connection before. Default: `""`. */
  readonly lastEventId?: string;
  /** The largest event, in bytes of UTF-8 of its `data`, `event` and `id`. Default: 8 MiB. */
  readonly maxEventSize?: number;
  /** Whether to return comment lines too, as strings among the events. Default: no. */
  readonly comments?: boolean;
}

const packetKeys: KeysOf<PacketOptions> = {
  lastEventId: true,
  maxEventSize: true,
  comments: true,
};

/**
 * Creates the state in which `handlePacket` reads one response. Each response needs a new one.
 * @example
 * ```ts
 * import { createPacketState, handlePacket } from '@reprise/sse';
 *
 * const state = createPacketState();
 * const packets = ['id: 1\nda', 'ta: a\n\nid: 2\n\n'].map((text) => Buffer.from(text));
 * const events = packets.flatMap((packet) => handlePacket(packet, state));
 * console.log(events.map(({ data }) => data), state.lastEventId); // [ 'a' ] 2
 * ```
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createPacketState(
  options: PacketOptions & { readonly comments: true },
): PacketState<ServerSentEvent | string>;
export function createPacketState(
  options?: PacketOptions & { readonly comments?: false },
): PacketState;
export function createPacketState(
  options?: PacketOptions,
): PacketState | PacketState<ServerSentEvent | string> {
  return new PacketState(options);
}

/**
 * Parses one packet of a response: returns the events that it completes, in order, and with
 * `comments` a string for each comment line that ends in it. Packets may be cut anywhere, inside a
 * character too. `state` is changed, not copied, so each packet is handled once, in order. Look at
 * `state.tooLarge` afterwards.
 * @example
 * ```ts
 * import { createPacketState, handlePacket } from '@reprise/sse';
 *
 * const state = createPacketState({ comments: true });
 * const items = handlePacket(Buffer.from(': hello\ndata: a\n\n'), state);
 * console.log(items.map((item) => (typeof item === 'string' ? item : item.data))); // [ 'hello', 'a' ]
 * ```
 */
export function handlePacket<Item>(packet: Uint8Array, state: PacketState<Item>): readonly Item[] {
  return state.handle(packet);
}

/**
 * The results of the current packet. Shared by all states, since parsing is synchronous. In a field
 * of each state, the results would stay until the next packet of that stream: with ten thousand
 * quiet streams, each garbage collection would copy ten thousand events.
 */
let items: (ServerSentEvent | string)[] = [];

/**
 * The last ids while a packet is parsed, in an object made for each packet: to write a new string
 * into an old object costs more than to write it into a new one, since the garbage collector has to
 * remember each such place.
 */
interface Ids {
  last: string;
  /** As `last` was before its last change. */
  before: string;
}

/** The state of a response between its packets: see `createPacketState`. */
export class PacketState<Item = ServerSentEvent> {
  /**
   * The last id of the stream, which a new connection asks for once all events so far have been
   * handled. Each event has its own `lastEventId`. A block without data changes it too.
   */
  lastEventId: string;
  /** The last valid `retry` of the stream, in ms, at most 2^53 - 1, with or without an event. */
  retry: number | undefined = undefined;
  /** Set when an event is above the limit: it and all later ones are dropped. */
  tooLarge: TooLarge | undefined = undefined;

  readonly #decoder: Decoder = createDecoder();
  readonly #parser: EventSourceParser;
  readonly #maxEventSize: number;
  /** An event of at most so many UTF-16 units fits in any case: a unit is at most three bytes. */
  readonly #safeLength: number;
  #events = 0;
  #isFirst = true;
  #lastUnit = LF;
  #ids: Ids = { last: '', before: '' };
  /** An upper bound for the bytes since the last event. */
  #open = 0;
  readonly #retries: RetryFields = new RetryFields();

  constructor(options: PacketOptions = {}) {
    assertKnownKeys('createPacketState', options, packetKeys);
    const { lastEventId = '', maxEventSize = 2 ** 23, comments = false } = options;
    this.lastEventId = lastEventId;
    this.#maxEventSize = maxEventSize;
    this.#safeLength = Math.floor(maxEventSize / 3);
    this.#parser = createParser({
      // Bounds the parser's memory for an unfinished event. No `onError`: with it, the parser makes
      // an Error with a stack for each unknown field.
      maxBufferSize: maxEventSize + fieldSlack,
      onEvent: (message) => {
        this.#dispatch(message);
      },
      onId: (id) => {
        this.#moveId(id);
      },
      onRetry: (value) => {
        const retry = exactRetry(value);
        this.retry = retry;
        this.#retries.add(retry, this.#events);
      },
      ...(comments ? { onComment: (comment: string) => items.push(comment) } : {}),
    });
    // Uses up the parser's search for a byte order mark, which `#decode` does better: the parser
    // would remove a second mark too, and takes C3 AF C2 BB C2 BF for a mark.
    this.#parser.feed('\uFEFF');
  }

  /** See `handlePacket`. */
  handle(packet: Uint8Array): readonly Item[] {
    if (this.#open > this.#maxEventSize && packet.length > littlePacket) {
      return this.#handleInPieces(packet);
    }
    const text = this.#decode(packet);
    const size = this.#open + packet.length;
    items = [];
    this.#events = 0;
    if (text !== '' && this.tooLarge === undefined) {
      const { lastEventId } = this;
      this.#ids = { last: lastEventId, before: lastEventId };
      this.#parser.feed(text);
      this.lastEventId = this.#ids.last;
      if (size > littleText && lastEventId !== this.lastEventId) {
        this.#copyIds(size);
      }
      if (this.#retries.isPending) {
        this.#retries.settle(this.#fromLineStart(text), items);
      }
      this.#lastUnit = text.charCodeAt(text.length - 1);
      this.#watchSize(packet.length);
    }
    return (size > muchText ? takeItems() : items) as readonly unknown[] as readonly Item[];
  }

  /**
   * The body has ended: returns the event that lacks only its blank line, as if that had come. The
   * standard drops it (WHATWG HTML 9.2.6). A character that is cut off is left out.
   */
  finish(): readonly Item[] {
    this.#decoder.end();
    return this.handle(blankLine);
  }

  /**
   * The parser keeps an unfinished event as slices, and a slice keeps all of its packet in memory:
   * a few bytes of data between long comments would keep the comments. Small pieces bound that.
   * Only a stream that has sent more than the largest event without completing one comes here.
   */
  #handleInPieces(packet: Uint8Array): readonly Item[] {
    const pieces: (readonly Item[])[] = [];
    for (let at = 0; at < packet.length; at += littlePacket) {
      pieces.push(this.handle(packet.subarray(at, at + littlePacket)));
    }
    return pieces.flat();
  }

  #decode(packet: Uint8Array): string {
    const text = this.#decoder.write(packet);
    if (this.#isFirst && text !== '') {
      this.#isFirst = false;
      return text.startsWith('\uFEFF') ? text.slice(1) : text;
    }
    return text;
  }

  #dispatch({ event = '', data, id }: EventSourceMessage): void {
    if (data.length + event.length + (id?.length ?? 0) > this.#safeLength) {
      this.#measure(data, event, id ?? '');
    }
    if (this.tooLarge === undefined) {
      const type = event === '' ? 'message' : event;
      this.#events += 1;
      const lastEventId = this.#ids.last;
      items.push({ type, data, id: id === undefined ? null : lastEventId, lastEventId });
    } else if (id !== undefined) {
      this.#ids.last = this.#ids.before;
    }
  }

  #moveId(id: string): void {
    if (id.length > this.#safeLength) {
      this.#measure('', '', id);
    }
    if (this.tooLarge === undefined) {
      const ids = this.#ids;
      ids.before = ids.last;
      ids.last = id;
    }
  }

  /**
   * Copies ids, since a slice keeps all of its packet in memory, and ids are kept far longer than
   * events. A copy costs as much as an event. Thus the last id, which a client keeps as long as it
   * is connected, is always copied, and the others only if the packet holds few events.
   */
  #copyIds(size: number): void {
    const areFew = size > littleText * this.#events;
    const first = areFew ? 0 : items.findLastIndex((item) => typeof item !== 'string');
    let original = '';
    let copy = '';
    for (const item of items.slice(first)) {
      if (typeof item !== 'string') {
        if (item.lastEventId !== original) {
          original = item.lastEventId;
          copy = copyOfText(original);
        }
        setId(item, copy);
      }
    }
    this.lastEventId = this.lastEventId === original ? copy : copyOfText(this.lastEventId);
  }

  /** Once an event is too large, all later ones are dropped. */
  #measure(data: string, type: string, id: string): void {
    const size = byteLengthOf(data) + byteLengthOf(type) + byteLengthOf(id);
    if (size > this.#maxEventSize) {
      this.tooLarge ??= tooLarge(this.#maxEventSize);
    }
  }

  /**
   * Notices that the parser's buffer has overflowed. The parser does not report that, but throws at
   * the next `feed`. Asked only when so many bytes have come that it is possible.
   */
  #watchSize(bytes: number): void {
    this.#open = this.#events > 0 ? bytes : this.#open + bytes;
    if (this.#open > this.#maxEventSize) {
      try {
        this.#parser.feed('');
      } catch {
        this.tooLarge ??= tooLarge(this.#maxEventSize);
      }
    }
  }

  /**
   * The text as if it began a line: without the LF of a CR LF that was cut, and with a character in
   * front if it continues a line, so that its rest is not taken for a blank line.
   */
  #fromLineStart(text: string): string {
    if (this.#lastUnit === CR && text.startsWith('\n')) {
      return text.slice(1);
    }
    return this.#lastUnit === CR || this.#lastUnit === LF ? text : `:${text}`;
  }
}

/**
 * Drops the results of a large packet at once, not when the next packet comes. To do that for all
 * packets would make each event a tenth slower.
 */
function takeItems(): typeof items {
  const taken = items;
  items = [];
  return taken;
}

const LF = 10;
/** The end of a line that is open, and a blank one. */
const blankLine = Uint8Array.of(LF, LF);
const CR = 13;
/** The largest packet, in bytes, that a kept id may keep in memory. */
const littleText = 1024;
/** In bytes: more than Node reads from a socket at once. */
const muchText = 2 ** 17;
/** The size of the pieces of `#handleInPieces`, in bytes. */
const littlePacket = 128;
/** For field names and a `retry` line, which the parser counts as part of an unfinished event. */
const fieldSlack = 64;

function setId(event: ServerSentEvent, id: string): void {
  const changed = event as { id: string | null; lastEventId: string };
  changed.id = event.id === null ? null : id;
  changed.lastEventId = id;
}
