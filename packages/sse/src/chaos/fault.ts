/**
 * A fault of one connection. Each fault ends its connection in the end: the server does, or the
 * client, which has to notice. `afterEvents` is the number of events that are sent properly before;
 * if the stream has made fewer, the server waits until it has made them.
 */
export type Fault = FaultBeforeStream | FaultInStream;

/** A fault in place of a stream. */
export type FaultBeforeStream =
  /** The connection is reset before the first byte of a response. */
  | { readonly type: 'refuse' }
  /** The request gets no response; the connection stays open until the client closes it. */
  | { readonly type: 'noAnswer' }
  /** The head of the response never ends: one more header every `every` ms. */
  | { readonly type: 'slowHead'; readonly every: number }
  /** Bytes that are not HTTP, then the end. */
  | { readonly type: 'garbage' }
  /** A response with another status; `retryAfter` is its Retry-After: seconds, or any text. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly retryAfter?: number | string;
    }
  /**
   * 503 from a server whose clock is `by` ms ahead (or behind, if negative). Its Date is the time
   * of that clock, and its Retry-After a date `retryAfter` seconds later. Compared with the right
   * time that is a very long wait, or none.
   */
  | { readonly type: 'clockJump'; readonly by: number; readonly retryAfter: number }
  /** A redirect. Default: 307 to another URL of the same stream, as its next connection. */
  | { readonly type: 'redirect'; readonly status?: number; readonly location?: string }
  /**
   * 200 and a stream of events with another content type; `undefined` leaves the header out. The
   * stream goes on until the client closes it.
   */
  | { readonly type: 'contentType'; readonly contentType: string | undefined };

/** A fault of a stream. `afterBytes` counts the body on the wire, with the sizes of its chunks. */
export type FaultInStream =
  /** RST at any byte: inside a character, inside the size of a chunk. */
  | { readonly type: 'reset'; readonly afterBytes: number }
  /** FIN at any byte, without the chunk that ends a body. */
  | { readonly type: 'cut'; readonly afterBytes: number }
  /** A proper end. */
  | { readonly type: 'end'; readonly afterEvents: number }
  /**
   * No byte any more, on a connection that stays open until the client closes it: as if the server
   * had lost its power.
   */
  | { readonly type: 'silence'; readonly afterEvents: number }
  /** One byte every `every` ms, then a proper end. */
  | { readonly type: 'slowBody'; readonly every: number; readonly afterEvents: number }
  /** A chunk whose size is not a number. */
  | { readonly type: 'badChunk'; readonly afterEvents: number }
  /** Compressed, with each event flushed; the HTTP body ends properly, the gzip file does not. */
  | { readonly type: 'truncatedGzip'; readonly afterEvents: number }
  /**
   * The event after `afterEvents` is padded to more than `bytes` bytes, then a proper end. The next
   * connection gets it in its usual size.
   */
  | { readonly type: 'giantEvent'; readonly bytes: number; readonly afterEvents: number }
  /** Each event is sent twice, then a proper end. */
  | { readonly type: 'duplicate'; readonly afterEvents: number }
  /** No event has an id, then a proper end. */
  | { readonly type: 'missingId'; readonly afterEvents: number }
  /** The stream begins `events` events too early, as if Last-Event-ID were older; a proper end. */
  | { readonly type: 'replay'; readonly events: number; readonly afterEvents: number }
  /** A `retry` field of any value at the beginning; a proper end. */
  | { readonly type: 'retry'; readonly value: number | string; readonly afterEvents: number };
