import { AsyncResource } from 'node:async_hooks';

import { createSystem, type Pid, send, type System } from '@reprise/actor';
import { systemDefaults } from '@reprise/actor/options';

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
/** These members are enumerable, as WebIDL has it; the members of a class are not. */
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
 * The standard's class over the client of this package, ready to be `globalThis.EventSource`. An
 * instance keeps the program alive until it is closed or has failed. docs/sse/eventsource.md lists
 * where it is stricter than the standard.
 *
 * All instances live in one system, which the first one creates: they take turns. The system itself
 * has no timer and no socket.
 * @throws as the constructor of `EventSourceConstructor`.
 * @see WHATWG HTML 9.2
 * @example
 * ```ts
 * import { EventSource } from '@reprise/sse/eventsource';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const server = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
 * const prices = server.stream('prices');
 * const source = new EventSource(prices.url);
 * const received = Promise.withResolvers<string>();
 * source.onmessage = ({ lastEventId }) => received.resolve(lastEventId);
 * prices.produce(1);
 * console.log((await received.promise) === prices.produced[0]); // true
 * source.close();
 * await server.close();
 * ```
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
  /** Listeners run in the async context of the constructor, and not in that of the system. */
  readonly #context: AsyncResource = new AsyncResource('EventSource');
  #readyState: 0 | 1 | 2 = CONNECTING;
  /** The origin of the open stream, after redirects. */
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
      this.#context.runInAsyncScope(this.dispatchEvent, this, event);
    }
  }

  #deliver({ type, data, lastEventId }: ServerSentEvent): void {
    if (this.#readyState !== CLOSED) {
      const origin = this.#origin;
      const event = new MessageEvent(type, { data, origin, lastEventId });
      this.#context.runInAsyncScope(this.dispatchEvent, this, event);
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
      // By this symbol of the npm package, libraries find out that `fetch` is an option.
      [Symbol.for('eventsource.supports-fetch-override')]: { value: true },
    });
    Object.defineProperties(this.prototype, {
      ...constants,
      ...Object.fromEntries(attributes.map((name) => [name, { enumerable: true }])),
      [Symbol.toStringTag]: { value: 'EventSource', configurable: true },
    });
  }
};

/** The systems by their clocks: a node of a simulation has its own; all other code shares one. */
const systems = new WeakMap<object, System>();
/** The system outlives the code that constructs the first `EventSource`, and so needs its own. */
const outside = new AsyncResource('reprise.EventSource');

/** Without reports of slow callbacks: a slow listener is the program's own business. */
function theSystem(): System {
  const key = systemDefaults()?.clock ?? outside;
  const system =
    systems.get(key) ?? outside.runInAsyncScope(() => createSystem({ slowCallback: Infinity }));
  systems.set(key, system);
  return system;
}
