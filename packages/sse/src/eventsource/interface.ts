import type { EventSourceEventMap } from './events.ts';
import type { FetchLike } from './fetch.ts';

export interface EventSourceInit {
  /**
   * Kept, and shown by the property. Node has no cookies to send; a `fetch` is told. Default:
   * false.
   */
  readonly withCredentials?: boolean | undefined;
  /**
   * Makes the requests instead of the client's own HTTP layer, as in the npm package `eventsource`.
   * It follows redirects itself.
   */
  readonly fetch?: FetchLike | undefined;
  /** The largest event, in bytes of UTF-8; one above it fails the connection. Default: 8 MiB. */
  readonly maxBufferSize?: number | undefined;
}

/**
 * Its `this` is known from what it is set on; to name it here would keep the type from fitting the
 * one of lib.dom.
 */
type Handler<Type extends keyof EventSourceEventMap> =
  | ((event: EventSourceEventMap[Type]) => unknown)
  | null;

type Listener<Type extends keyof EventSourceEventMap> = (
  this: EventSource,
  event: EventSourceEventMap[Type],
) => unknown;

type AnyListener = ((event: Event) => void) | { handleEvent(event: Event): void };

type Added = Parameters<EventTarget['addEventListener']>[2];
type Removed = Parameters<EventTarget['removeEventListener']>[2];

/**
 * An interface, and not the class itself, so that another implementation fits where this one is
 * asked for.
 */
export interface EventSource extends EventTarget {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  /** Absolute, as it was given; not where redirects led. */
  readonly url: string;
  readonly withCredentials: boolean;
  /** `CONNECTING` also while it waits for the next attempt; `CLOSED` for good. */
  readonly readyState: 0 | 1 | 2;
  onopen: Handler<'open'>;
  onmessage: Handler<'message'>;
  onerror: Handler<'error'>;
  addEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: Added,
  ): void;
  addEventListener(type: string, listener: Listener<'message'>, options?: Added): void;
  addEventListener(type: string, listener: AnyListener, options?: Added): void;
  removeEventListener<Type extends keyof EventSourceEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: Removed,
  ): void;
  removeEventListener(type: string, listener: Listener<'message'>, options?: Removed): void;
  removeEventListener(type: string, listener: AnyListener, options?: Removed): void;
  /** At once and for good: no further event is dispatched, not even one of the same packet. */
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
   * for a `fetch` that is no function; RangeError for a `maxBufferSize` that is not above 0.
   */
  new (url: string | URL, init?: EventSourceInit): EventSource;
}
