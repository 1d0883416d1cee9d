/**
 * What goes wrong with one connection. Each of them ends it, sooner or later: by the server, or by
 * the client, which has to notice. `afterEvents` are numbered events that arrive in good order
 * before that; a stream that has not made as many waits until it has.
 */
export type Fault = FaultBeforeStream | FaultInStream;

/** What happens instead of a stream. */
export type FaultBeforeStream =
  /** The connection is reset before a byte of an answer. */
  | { readonly type: 'refuse' }
  /**
   * The request is read, and not answered; the connection stays open until the client closes it.
   */
  | { readonly type: 'noAnswer' }
  /** The head of the answer never ends: one more header every so many ms. */
  | { readonly type: 'slowHead'; readonly every: number }
  /** Bytes that are not HTTP, and the end. */
  | { readonly type: 'garbage' }
  /**
   * Another answer than 200; `retryAfter` is a Retry-After header as it is sent, a number being
   * seconds.
   */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly retryAfter?: number | string;
    }
  /**
   * 503 from a server whose clock has jumped by so many ms, ahead or back: its Date says so, and
   * its Retry-After is a date by that clock, `retryAfter` seconds later. To a client with the right
   * time that is a wait for ever, or none.
   */
  | { readonly type: 'clockJump'; readonly by: number; readonly retryAfter: number }
  /** Default: 307 to another URL of the same stream, which counts as its next connection. */
  | { readonly type: 'redirect'; readonly status?: number; readonly location?: string }
  /**
   * 200 and a stream of events that says it is something else; `undefined` leaves the header out.
   * It goes on until the client closes.
   */
  | { readonly type: 'contentType'; readonly contentType: string | undefined };

/**
 * What happens to a stream. `afterBytes` are those of the body as they go over the wire, the sizes
 * of chunks included.
 */
export type FaultInStream =
  /** RST, wherever that is: in a character, in the size of a chunk. */
  | { readonly type: 'reset'; readonly afterBytes: number }
  /** FIN, without the chunk that ends a body. */
  | { readonly type: 'cut'; readonly afterBytes: number }
  /** The end, in good order. */
  | { readonly type: 'end'; readonly afterEvents: number }
  /**
   * Not one byte more, and the connection stays open until the client closes it: what a peer that
   * lost its power looks like.
   */
  | { readonly type: 'silence'; readonly afterEvents: number }
  /** One byte every so many ms, then the end, in good order. */
  | { readonly type: 'slowBody'; readonly every: number; readonly afterEvents: number }
  /** A chunk whose size is no number. */
  | { readonly type: 'badChunk'; readonly afterEvents: number }
  /** Compressed, each event flushed; then the end, of HTTP's body but not of what it holds. */
  | { readonly type: 'truncatedGzip'; readonly afterEvents: number }
  /**
   * The event after these is padded to more than so many bytes; then the end, in good order. The
   * next connection has it in its usual size.
   */
  | { readonly type: 'giantEvent'; readonly bytes: number; readonly afterEvents: number }
  /** Every event is sent twice; then the end, in good order. */
  | { readonly type: 'duplicate'; readonly afterEvents: number }
  /** No event has its id; then the end, in good order. */
  | { readonly type: 'missingId'; readonly afterEvents: number }
  /**
   * The stream begins so many events too early, as if Last-Event-ID were older; then the end, in
   * good order.
   */
  | { readonly type: 'replay'; readonly events: number; readonly afterEvents: number }
  /** A `retry` field of any value, at the beginning; then the end, in good order. */
  | { readonly type: 'retry'; readonly value: number | string; readonly afterEvents: number };
