import { isPid, type Process } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { takesNoHandleFailed } from '../client/behaviour.ts';
import type { HandleContext } from '../client/context.ts';
import { type Cursor, cursorOptions } from '../cursor/options.ts';
import type { CursorOf } from '../cursor/own-place.ts';
import { streamKey } from '../cursor/stream-key.ts';
import type {
  EventOf,
  EventSchemas,
  NoSchemas,
  SchemaOptions,
  TypedHandlers,
} from '../format/typed-events.ts';
import type { EventStreamResponse } from '../http/failure.ts';
import {
  type ResilientOptions,
  schemaKeys,
  type StatusChange,
  streamKeys,
  type StreamOptions,
} from '../resilient/options.ts';
import { resilient } from '../resilient/resilient.ts';
import { Handoff } from './handoff.ts';
import { Reader } from './reader.ts';

export interface EventsOptions extends StreamOptions {
  /** Where the id of the last handled event is kept. Default: nowhere. */
  readonly cursor?: Cursor;
  /** Takes the position from an event, where it is no id: see `ResilientOptions`. */
  readonly cursorOf?: CursorOf;
  /** Ends the stream: the reader that waits for an event gets `signal.reason` as an error. */
  readonly signal?: AbortSignal;
  /**
   * The client lives in the system of this process and ends with it, however it ends; the reader
   * then gets an `ExitError` with its reason. Default: a system of its own.
   */
  readonly parent?: Process;
}

const eventsKeys: KeysOf<EventsOptions> = {
  ...streamKeys,
  cursor: true,
  cursorOf: true,
  signal: true,
  parent: true,
};

export interface TypedEventsOptions<Schemas extends EventSchemas> extends EventsOptions {
  /** A schema for each type of event: its data is parsed as JSON and checked. */
  readonly events: Schemas;
  /** Gets the events that do not match the schemas. */
  readonly handleInvalid: TypedHandlers<Schemas, HandleContext>['handleInvalid'];
}

/** Events as they arrive, to be read once. */
export interface EventIterator<Event>
  extends AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  [Symbol.asyncIterator](): EventIterator<Event>;
  /**
   * The head of the current connection's response, or of the last one's: its status, headers and
   * URL. `undefined` before the first. It is there before the first event is. A header can be read
   * by its name; nothing lists or prints them, since they can hold secrets.
   */
  readonly response: EventStreamResponse | undefined;
}

/**
 * The events of a stream as an async iterator, without a process of your own. It reconnects, waits
 * and gives up as `resilient` does. The request is sent when the first event is read; nothing is
 * read from the socket while the loop does not ask. An event counts as handled when the next one is
 * read.
 *
 * The loop ends with the stream: after 204, after `until`, or after the end of a POST. `break`
 * closes the socket at once.
 * @throws TypeError or RangeError at once, for options that can never work. While it is read:
 * GaveUpError when it gives up, `signal.reason` when it is aborted, and every error that a function
 * of the options throws, except for `onStatus`: its errors are logged by `parent` or, without one,
 * warnings of Node.
 * @see WHATWG HTML 9.2.3 (reconnecting)
 * @example
 * ```ts
 * import { events } from '@reprise/sse';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const server = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
 * const prices = server.stream('prices');
 * prices.produce(2);
 *
 * const ids: string[] = [];
 * for await (const { lastEventId } of events(prices.url)) {
 *   ids.push(lastEventId);
 *   if (ids.length === 2) {
 *     break;
 *   }
 * }
 * console.log(ids.join() === prices.produced.join()); // true
 * await server.close();
 * ```
 */
export function events<Schemas extends EventSchemas = NoSchemas>(
  url: ResilientOptions['url'],
  ...[given]: OptionsArgs<Schemas>
): EventIterator<EventOf<Schemas>> {
  return readerOf(url, given) as Reader & EventIterator<EventOf<Schemas>>;
}

/** The options are needed for schemas alone. */
type OptionsArgs<Schemas extends EventSchemas> = [keyof Schemas] extends [never]
  ? readonly [options?: EventsOptions & SchemaOptions<Schemas, HandleContext>]
  : readonly [options: EventsOptions & SchemaOptions<Schemas, HandleContext>];

function readerOf(url: ResilientOptions['url'], given: EventsOptions = {}): Reader {
  assertKnownKeys('events', given, { ...eventsKeys, ...schemaKeys });
  assertPlace(given);
  const { signal, parent, cursor, ...options } = given;
  const handoff = new Handoff<unknown>();
  const keyed =
    cursor && cursorOptions(cursor, typeof url === 'function' ? undefined : streamKey(url));
  const spec = resilient({
    id: 'events',
    url,
    ...options,
    // The reader gets the failure as an error: a crash report would repeat it.
    giveUpWith: 'shutdown',
    onStatus: (change: StatusChange, context: HandleContext) => {
      if (change.type === 'connected') {
        const { status, headers, url } = change;
        reader.response = { status, headers, url };
      }
      return options.onStatus?.(change, context);
    },
    restart: 'temporary',
    [takesNoHandleFailed]: true,
    handle: (event: unknown) => handoff.give(event),
    ...(keyed === undefined ? {} : { cursor: keyed }),
  } as ResilientOptions<'events'>);
  const reader = new Reader({ handoff, spec, signal, parent, cursor: keyed });
  return reader;
}

/** Wrong ones would be found only when the first event is asked for. */
function assertPlace({ signal, parent }: EventsOptions): void {
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw new TypeError(`Expected signal to be an AbortSignal, got ${describe(signal)}`);
  }
  if (parent !== undefined && !isPid(parent?.pid)) {
    throw new TypeError(`Expected parent to be a process, got ${describe(parent)}`);
  }
}

/**
 * The same events as a web `ReadableStream`, which reads nothing ahead. Cancelling the stream
 * closes the socket at once.
 * @throws TypeError or RangeError at once, for options that can never work; the stream itself fails
 * with the errors of `events`.
 * @see WHATWG Streams
 * @example
 * ```ts
 * import { eventStream } from '@reprise/sse';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const server = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
 * const prices = server.stream('prices');
 * prices.produce(1);
 *
 * const reader = eventStream(prices.url).getReader();
 * const { value } = await reader.read();
 * console.log(value?.lastEventId === prices.produced[0]); // true
 * await reader.cancel();
 * await server.close();
 * ```
 */
export function eventStream<Schemas extends EventSchemas = NoSchemas>(
  url: ResilientOptions['url'],
  ...[options]: OptionsArgs<Schemas>
): ReadableStream<EventOf<Schemas>> {
  const iterator = readerOf(url, options);
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { value, done } = await iterator.next();
        if (done === true) {
          controller.close();
        } else {
          controller.enqueue(value as EventOf<Schemas>);
        }
      },
      cancel: async () => {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
