/** What an `error` event may be made with. */
export interface ErrorEventInit {
  readonly code?: number | undefined;
  readonly message?: string | undefined;
}

/**
 * The `error` event of an `EventSource`. The standard's has no more than its type; these two are
 * what the npm package `eventsource` adds, under the same names. An `EventSource` gives every error
 * a message.
 */
export class ErrorEvent extends Event {
  /** The HTTP status, where the server gave one that is not a stream's. */
  readonly code?: number | undefined;
  /** One line for people. */
  readonly message?: string | undefined;

  constructor(type: string, { code, message }: ErrorEventInit = {}) {
    super(type);
    this.code = code;
    this.message = message;
  }
}

/**
 * The events that an `EventSource` has of its own; every other type is the server's, and a
 * `MessageEvent`.
 */
export interface EventSourceEventMap {
  readonly open: Event;
  readonly message: MessageEvent;
  readonly error: ErrorEvent;
}
