import type { KeysOf } from '@reprise/actor/options';

import type { EventSourceEventMap } from './events.ts';
import type { FetchLike } from './fetch.ts';

export interface EventSourceInit {
  /**
   * The value of the property of the same name. Node has no cookies to send; only a `fetch` of your
   * own gets it, as `credentials`. Default: false.
   */
  readonly withCredentials?: boolean | undefined;
  /**
   * Sends the requests instead of the client's own HTTP layer, as in the npm package `eventsource`.
   * It follows redirects itself. Default: none.
   */
  readonly fetch?: FetchLike | undefined;
  /** The largest event, in bytes of UTF-8; a larger one fails the connection. Default: 8 MiB. */
  readonly maxBufferSize?: number | undefined;
}

export const eventSourceKeys: KeysOf<EventSourceInit> = {
  withCredentials: true,
  fetch: true,
  maxBufferSize: true,
};

/** Without a type for `this`: with one it would not be assignable to the handler of lib.dom. */
type Handler<Type extends keyof EventSourceEventMap> =
  | ((event: EventSourceEventMap[Type]) => unknown)
  | null;

/** An event of any other type is one of the stream. */
type EventOf<Type extends string> = Type extends keyof EventSourceEventMap
  ? EventSourceEventMap[Type]
  : EventSourceEventMap['message'];

type Listener<Type extends string> =
  | ((this: EventSource, event: EventOf<Type>) => unknown)
  | { handleEvent(event: EventOf<Type>): unknown };

type Added = Parameters<EventTarget['addEventListener']>[2];
type Removed = Parameters<EventTarget['removeEventListener']>[2];

/** An interface rather than the class: any implementation of it is assignable. */
export interface EventSource extends EventTarget {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  /** The absolute URL of the constructor, not that after redirects. */
  readonly url: string;
  readonly withCredentials: boolean;
  /** `CONNECTING` also before the next attempt; `CLOSED` is final. */
  readonly readyState: 0 | 1 | 2;
  onopen: Handler<'open'>;
  onmessage: Handler<'message'>;
  onerror: Handler<'error'>;
  addEventListener<Type extends string>(
    type: Type,
    listener: Listener<Type> | null,
    options?: Added,
  ): void;
  removeEventListener<Type extends string>(
    type: Type,
    listener: Listener<Type> | null,
    options?: Removed,
  ): void;
  /** Closes at once and for good: no further event follows, not even one of the same packet. */
  close(): void;
}

export interface EventSourceConstructor {
  readonly prototype: EventSource;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  /**
   * Begins to connect.
   * @throws DOMException `SyntaxError` for a URL that is relative or cannot be parsed; TypeError
   * for a `fetch` that is not a function; RangeError for a `maxBufferSize` that is not above 0.
   * @see WHATWG HTML 9.2.2
   */
  new (url: string | URL, init?: EventSourceInit): EventSource;
}
