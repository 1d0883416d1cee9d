/** The optional fields of an `ErrorEvent`. */
export interface ErrorEventInit {
  readonly code?: number | undefined;
  readonly message?: string | undefined;
}

/**
 * The `error` event of an `EventSource`. The standard's event has only a type; `code` and `message`
 * are those of the npm package `eventsource`. An `EventSource` gives every error a message.
 * @see WHATWG HTML 9.2.3, https://github.com/EventSource/eventsource
 * @example
 * ```ts
 * import { ErrorEvent } from '@reprise/sse/eventsource';
 *
 * const { type, code, message } = new ErrorEvent('error', { code: 404, message: 'status 404' });
 * console.log(type, code, message); // error 404 status 404
 * ```
 */
export class ErrorEvent extends Event {
  /** The HTTP status, if the server answered with another one than that of a stream. */
  readonly code?: number | undefined;
  /** The reason, in one line. */
  readonly message?: string | undefined;

  constructor(type: string, { code, message }: ErrorEventInit = {}) {
    super(type);
    this.code = code;
    this.message = message;
  }
}

/**
 * The events that the standard names. Every other type comes from the server, with a
 * `MessageEvent`.
 */
export interface EventSourceEventMap {
  readonly open: Event;
  readonly message: MessageEvent;
  readonly error: ErrorEvent;
}
