import { EventSource, type EventSourceInit } from '../../src/eventsource.ts';
import { Queue } from './queue.ts';

/** A dispatched event, and the state of the source at that moment. */
export interface Dispatched {
  readonly readyState: number;
  readonly event: MessageEvent & { readonly code?: number; readonly message?: string };
}

/** A source with a record of its events, in order; closed at the end of its block. */
export interface Watched extends Disposable {
  readonly source: EventSource;
  next(): Promise<Dispatched>;
  /** The types of all events so far. */
  readonly types: readonly string[];
}

/** Opens a source and listens for these types besides its own three. */
export function openSource(
  url: string | URL,
  init?: EventSourceInit,
  ...types: readonly string[]
): Watched {
  return watch(new EventSource(url, init), types);
}

export function watch(source: EventSource, types: readonly string[] = []): Watched {
  const queue = new Queue<Dispatched>();
  const seen: string[] = [];
  for (const type of ['open', 'message', 'error', ...types]) {
    source.addEventListener(type, (event) => {
      seen.push(event.type);
      queue.push({ readyState: source.readyState, event });
    });
  }
  return {
    source,
    types: seen,
    next: () => queue.next(),
    [Symbol.dispose]: () => {
      source.close();
    },
  };
}
