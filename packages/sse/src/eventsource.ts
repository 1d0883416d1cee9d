import { createSystem, type Pid, send, type System } from '@reprise/actor';

import { start } from './client/client.ts';
import { eventSourceClient, type EventSourceSink } from './eventsource/client.ts';
import { ErrorEvent } from './eventsource/events.ts';
import { HandlerAttributes } from './eventsource/handlers.ts';
import type {
  EventSource as EventSourceInterface,
  EventSourceConstructor,
  EventSourceInit,
} from './eventsource/interface.ts';
import { eventSourceRequest } from './eventsource/request.ts';
import type { ServerSentEvent } from './format/event.ts';

export { ErrorEvent, type ErrorEventInit, type EventSourceEventMap } from './eventsource/events.ts';
export type {
  EventSourceFetchInit,
  FetchLike,
  FetchLikeResponse,
  ReaderLike,
} from './eventsource/fetch.ts';
export type { EventSourceConstructor, EventSourceInit } from './eventsource/interface.ts';

export type EventSource = EventSourceInterface;

/** The methods are those of every target; their types say more of the listeners. */
const Target = EventTarget as new () => Pick<EventSourceInterface, keyof EventTarget>;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
/** As the standard's members are (WebIDL), and those of classes are not: enumerable. */
const attributes = [
  'url',
  'withCredentials',
  'readyState',
  'onopen',
  'onmessage',
  'onerror',
  'close',
];

/**
 * The standard's class over this package's client, fit to be `globalThis.EventSource`. It keeps the
 * program alive until it is closed or has failed. Where it is more careful than the standard,
 * docs/sse/eventsource.md says so.
 *
 * All instances live in one system, made for the first of them, so that they take turns; it has no
 * timer and no socket of its own.
 * @see WHATWG HTML, 9.2
 */
export const EventSource: EventSourceConstructor = class EventSource extends Target {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSED: 2;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSED: 2;
  readonly #url: string;
  readonly #withCredentials: boolean;
  readonly #handlers: HandlerAttributes = new HandlerAttributes(this);
  readonly #client: Promise<Pid<'close'> | undefined>;
  #readyState: 0 | 1 | 2 = CONNECTING;
  /** Of the stream that is open, after redirects. */
  #origin = '';

  constructor(url: string | URL, init: EventSourceInit | null = null) {
    super();
    if (arguments.length === 0) {
      throw new TypeError('Expected a URL, got nothing');
    }
    const request = eventSourceRequest(url, init ?? {});
    this.#url = String(request.url);
    this.#withCredentials = Boolean(init?.withCredentials);
    this.#client = start(theSystem(), eventSourceClient, { sink: this.#sink(), request });
  }

  get url(): string {
    return this.#url;
  }

  get withCredentials(): boolean {
    return this.#withCredentials;
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  get onopen(): EventSourceInterface['onopen'] {
    return this.#handlers.get('open') as EventSourceInterface['onopen'];
  }

  set onopen(handler: unknown) {
    this.#handlers.set('open', handler);
  }

  get onmessage(): EventSourceInterface['onmessage'] {
    return this.#handlers.get('message') as EventSourceInterface['onmessage'];
  }

  set onmessage(handler: unknown) {
    this.#handlers.set('message', handler);
  }

  get onerror(): EventSourceInterface['onerror'] {
    return this.#handlers.get('error') as EventSourceInterface['onerror'];
  }

  set onerror(handler: unknown) {
    this.#handlers.set('error', handler);
  }

  close(): void {
    if (this.#readyState !== CLOSED) {
      this.#readyState = CLOSED;
      void this.#client.then((client) => {
        if (client !== undefined) {
          send(client, 'close');
        }
      });
    }
  }

  #sink(): EventSourceSink {
    return {
      isClosed: () => this.#readyState === CLOSED,
      opened: (url) => {
        this.#origin = new URL(url).origin;
        this.#change(OPEN, new Event('open'));
      },
      message: (event) => {
        this.#deliver(event);
      },
      interrupted: (details) => {
        this.#change(CONNECTING, new ErrorEvent('error', details));
      },
      failed: (details) => {
        this.#change(CLOSED, new ErrorEvent('error', details));
      },
    };
  }

  #change(readyState: 0 | 1 | 2, event: Event): void {
    if (this.#readyState !== CLOSED) {
      this.#readyState = readyState;
      this.dispatchEvent(event);
    }
  }

  #deliver({ type, data, lastEventId }: ServerSentEvent): void {
    if (this.#readyState !== CLOSED) {
      const origin = this.#origin;
      this.dispatchEvent(new MessageEvent(type, { data, origin, lastEventId }));
    }
  }

  static {
    const constant = (value: number): PropertyDescriptor => ({ value, enumerable: true });
    const constants = {
      CONNECTING: constant(CONNECTING),
      OPEN: constant(OPEN),
      CLOSED: constant(CLOSED),
    };
    Object.defineProperties(this, {
      ...constants,
      // How libraries find out that `fetch` is taken; the name is the npm package's.
      [Symbol.for('eventsource.supports-fetch-override')]: { value: true },
    });
    Object.defineProperties(this.prototype, {
      ...constants,
      ...Object.fromEntries(attributes.map((name) => [name, { enumerable: true }])),
      [Symbol.toStringTag]: { value: 'EventSource', configurable: true },
    });
  }
};

let system: System | undefined;

/** A listener that holds the thread is the program's own matter. */
function theSystem(): System {
  system ??= createSystem({ slowCallback: Infinity });
  return system;
}
