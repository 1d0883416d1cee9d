/**
 * Orders from a stream of Durable Streams, as they are appended, and those before. The position is
 * an offset: a `control` event brings it behind the events that it covers, and each request has the
 * last one in its query.
 *
 * A program that is killed between an order and its control event is sent that order again. The
 * cursor knows it by a digest, and drops it: an order that was handled is not handled twice.
 * @see https://github.com/durable-streams/durable-streams
 */
import type { ChildSpec } from '@reprise/actor';
import { type ServerSentEvent, SseClient, sqlite } from '@reprise/sse';

export interface Order {
  readonly number: number;
}

interface Control {
  readonly streamNextOffset: string;
  readonly streamClosed?: boolean;
}

export interface OrdersOptions {
  /** The URL of the stream. */
  readonly url: string;
  /** The file for the position. */
  readonly file: string;
  readonly handle: (order: Order) => Promise<void>;
}

export function childSpec({ url, file, handle }: OrdersOptions): ChildSpec<'orders'> {
  return SseClient.resilient({
    id: 'orders',
    significant: true,
    // `-1` is the beginning of the stream.
    url: ({ cursor }) => `${url}?live=sse&offset=${cursor || '-1'}`,
    cursor: { store: sqlite(file), dedupe: true },
    cursorOf: (event) => controlIn(event)?.streamNextOffset,
    until: (event) => controlIn(event)?.streamClosed === true,
    handle: async (event) => {
      if (event.type === 'data') {
        for (const order of JSON.parse(event.data) as readonly Order[]) {
          await handle(order);
        }
      }
    },
  });
}

function controlIn({ type, data }: ServerSentEvent): Control | undefined {
  return type === 'control' ? (JSON.parse(data) as Control) : undefined;
}
