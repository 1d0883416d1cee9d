import { StringDecoder } from 'node:string_decoder';

import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';

import { endOfBlock, exactRetry, type ServerSentEvent } from './event.ts';
import { tooLarge, type TooLarge } from './too-large.ts';

export interface PacketOptions {
  /** The id that the events of an earlier connection ended with. Default: `""`. */
  readonly lastEventId?: string;
  /**
   * The largest event that is delivered: bytes of UTF-8 of its data, `event` and `id` fields.
   * Default: 8 MiB.
   */
  readonly maxEventSize?: number;
  /** Whether comment lines are wanted, as strings among the events. Default: no. */
  readonly comments?: boolean;
}

/** The state of the bytes of one response that is read: each response starts with a new one. */
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
 * The step from bytes to events: what the events of this packet are, given those before. Packets
 * may be cut anywhere. It does nothing but move `state` on, which is an object that is changed and
 * not copied: a packet can be handled once, and in its turn.
 *
 * The array holds the events that this packet completed, in order, and where comments are wanted, a
 * string for each comment line that ended in it. It is the caller's: it can be gone through one
 * event at a time. `state.tooLarge` is to be looked at after it.
 */
export function handlePacket<Item>(packet: Uint8Array, state: PacketState<Item>): readonly Item[] {
  return state.handle(packet);
}

/**
 * What came of the packet in hand: of one stream at a time, since nothing is waited for. In a field
 * of each state it would be there until the next packet, and on ten thousand quiet streams every
 * garbage collection would have to copy ten thousand events.
 */
let items: (ServerSentEvent | string)[] = [];

/** Made by `createPacketState`, moved on by `handlePacket`. */
export class PacketState<Item = ServerSentEvent> {
  /**
   * The id that a new connection has to ask for once all events so far have been handled. It runs
   * ahead of those that are still in the caller's hands: their own `lastEventId` says where each
   * stands. Blocks without data move it too.
   */
  lastEventId: string;
  /**
   * The server's last valid `retry`, in ms, at most 2^53 - 1, whether an event came with it or not.
   */
  retry: number | undefined = undefined;
  /**
   * Set when an event was above the limit: it and all after it are lost, and the connection is to
   * be ended.
   */
  tooLarge: TooLarge | undefined = undefined;

  // Node's decoder gives what a streaming TextDecoder with ignoreBOM gives, at two thirds of its
  // cost.
  readonly #decoder = new StringDecoder('utf8');
  readonly #parser: EventSourceParser;
  readonly #maxEventSize: number;
  /**
   * An event of no more units than this fits without being measured: a unit is three bytes at most.
   */
  readonly #safeLength: number;
  #events = 0;
  #isFirst = true;
  #lastUnit = LF;
  #idBefore = '';
  /** Bytes since the last event, or more. */
  #open = 0;
  /** The `retry` fields of this packet, each with the number of events before it. */
  #retries: { readonly retry: number; readonly events: number }[] = [];
  #openRetry: number | undefined = undefined;

  constructor({ lastEventId = '', maxEventSize = 2 ** 23, comments = false }: PacketOptions = {}) {
    this.lastEventId = lastEventId;
    this.#maxEventSize = maxEventSize;
    this.#safeLength = Math.floor(maxEventSize / 3);
    this.#parser = createParser({
      // Bounds what the parser keeps of an unfinished event. No `onError`: the parser would make an
      // Error, with its stack, for every unknown field.
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
        this.#retries.push({ retry, events: this.#events });
      },
      ...(comments ? { onComment: (comment: string) => items.push(comment) } : {}),
    });
    // The parser would take a second mark away, and C3 AF C2 BB C2 BF for a mark: so its own search
    // is used up here.
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
      this.#parser.feed(text);
      if (size > littleText && lastEventId !== this.lastEventId) {
        this.#copyIds(size);
      }
      if (this.#retries.length > 0 || this.#openRetry !== undefined) {
        this.#settleRetries(text);
      }
      this.#lastUnit = text.charCodeAt(text.length - 1);
      this.#watchSize(packet.length);
    }
    return (size > muchText ? takeItems() : items) as readonly unknown[] as readonly Item[];
  }

  /**
   * What the parser keeps of an unfinished event are slices, and each holds on to all of the text
   * that it was cut from: a few bytes of data among comments would hold on to those for good. Only
   * an event that is drawn out like that, or a stream that says nothing, comes here.
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
      const { lastEventId } = this;
      items.push({ type, data, id: id === undefined ? null : lastEventId, lastEventId });
    } else if (id !== undefined) {
      this.lastEventId = this.#idBefore;
    }
  }

  #moveId(id: string): void {
    if (id.length > this.#safeLength) {
      this.#measure('', '', id);
    }
    if (this.tooLarge === undefined) {
      this.#idBefore = this.lastEventId;
      this.lastEventId = id;
    }
  }

  /**
   * Ids are kept far longer than events, and the parser's are slices: each holds on to all of the
   * text that it was cut from. A copy costs as much as an event does; so the last is copied, which
   * a client keeps for as long as it is connected, and the others where they are few.
   */
  #copyIds(size: number): void {
    const isRoomy = size > littleText * this.#events;
    const first = isRoomy ? 0 : items.findLastIndex((item) => typeof item !== 'string');
    let original = '';
    let copy = '';
    for (const item of items.slice(first)) {
      if (typeof item !== 'string') {
        if (item.lastEventId !== original) {
          original = item.lastEventId;
          copy = copyOf(original);
        }
        setId(item, copy);
      }
    }
    this.lastEventId = this.lastEventId === original ? copy : copyOf(this.lastEventId);
  }

  /** Nothing is taken any more after something that was too large. */
  #measure(data: string, type: string, id: string): void {
    const size = Buffer.byteLength(data) + Buffer.byteLength(type) + Buffer.byteLength(id);
    if (size > this.#maxEventSize) {
      this.tooLarge ??= tooLarge(this.#maxEventSize);
    }
  }

  /**
   * The parser does not say that its buffer ran over, but refuses to be fed; only worth asking when
   * it can have run over.
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
   * Gives each event the `retry` of its own block. The parser does not tell where a block without
   * data ends, and such a block is where servers put `retry`; so the packets that hold one, and
   * only they, are looked through for blank lines.
   */
  #settleRetries(text: string): void {
    const [first, ...blocks] = splitBlocks(this.#fromLineStart(text));
    const open = blocks.pop();
    const firstRetry = this.#retries.findLast(({ events }) => events === 0)?.retry;
    if (open === undefined) {
      this.#openRetry = firstRetry ?? this.#openRetry;
    } else {
      const events = items.filter((item) => typeof item !== 'string');
      const dispatching = blocks.filter((block) => dataLine.test(block));
      // What began in an earlier packet is known by its outcome: there is one event more than
      // blocks with data.
      const began = events.length - dispatching.length;
      if (began > 0 && first !== undefined) {
        setRetry(events[0], firstRetry ?? this.#openRetry);
      }
      for (const [index, block] of dispatching.entries()) {
        setRetry(events[index + began], lastRetry(block));
      }
      this.#openRetry = lastRetry(open);
    }
    this.#retries = [];
  }

  /**
   * The text without the rest of a CR LF, and with something for the line that it goes on with, so
   * that this is not taken for blank.
   */
  #fromLineStart(text: string): string {
    if (this.#lastUnit === CR && text.startsWith('\n')) {
      return text.slice(1);
    }
    return this.#lastUnit === CR || this.#lastUnit === LF ? text : `:${text}`;
  }
}

/**
 * What is large is not held until the next packet comes; to let go of all would cost each event a
 * tenth of its time.
 */
function takeItems(): typeof items {
  const taken = items;
  items = [];
  return taken;
}

const LF = 10;
const CR = 13;
/** What an id that is kept may hold on to, in bytes. */
const littleText = 1024;
/** More than a socket is read for at once, in bytes. */
const muchText = 2 ** 17;
/** What a slice that the parser keeps may hold on to, in bytes, once an event is drawn out. */
const littlePacket = 128;
/**
 * The parser counts the name of an unfinished line's field, and a `retry` line, as part of the
 * event.
 */
const fieldSlack = 64;

const dataLine = /(?:^|[\r\n])data[:\r\n]/;
const retryLine = /(?:^|[\r\n])retry: ?(\d+)(?=[\r\n])/g;

function lastRetry(block: string): number | undefined {
  const digits = [...block.matchAll(retryLine)].at(-1)?.[1];
  return digits === undefined ? undefined : exactRetry(Number(digits));
}

function setRetry(event: ServerSentEvent | undefined, retry: number | undefined): void {
  if (event !== undefined && retry !== undefined) {
    (event as { retry?: number }).retry = retry;
  }
}

function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

function setId(event: ServerSentEvent, id: string): void {
  const changed = event as { id: string | null; lastEventId: string };
  changed.id = event.id === null ? null : id;
  changed.lastEventId = id;
}

/** What stands before, between and after the ends of blocks; the last one is still open. */
function splitBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let rest = text;
  for (let end = endOfBlock(rest); end !== -1; end = endOfBlock(rest)) {
    blocks.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...blocks, rest];
}
