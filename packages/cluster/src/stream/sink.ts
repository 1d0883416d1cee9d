import type { ServerSentEvent, SseClient } from '@reprise/sse';

import type { ErasedSink } from '../options/settings.ts';
import type { Owned } from '../options/sink.ts';
import { isThenable, never } from './never.ts';
import type { OwnedStream } from './owned-stream.ts';
import { SavedCursor } from './saved-cursor.ts';
import { type SinkTarget, TransactionCursor } from './transaction-cursor.ts';

/** The options of a client that its sink decides on. */
export type SinkOptions = Pick<SseClient.ResilientOptions, 'cursor'> &
  (
    | { readonly handle: Handle }
    | {
        readonly handleBatch: (events: readonly ServerSentEvent[]) => Result;
        readonly maxBatch: number;
      }
  );

type Handle = SseClient.ResilientOptions['handle'];
type Result = ReturnType<Handle>;

/** The sink of a stream. */
export function sinkFor(stream: OwnedStream, sink: ErasedSink, target: SinkTarget): SinkOptions {
  if (sink.type === 'handle') {
    const handle = handlerOf(stream, sink.handle);
    return { handle, cursor: { store: new SavedCursor(stream), ...everyEvent } };
  }
  const store = new TransactionCursor(stream, target);
  const cursor = { store, ...everyEvent };
  if (sink.type === 'transact') {
    const { transact } = sink;
    return { handle: (event) => transact(event, store.owned) as Result, cursor };
  }
  const { transactBatch, maxBatch } = sink;
  return {
    handleBatch: (events) => transactBatch(events, store.owned) as Result,
    maxBatch,
    cursor,
  };
}

/**
 * The position goes to the store of the cursor with each event; it decides when it is written. The
 * lease is the limit for how long that may take.
 */
const everyEvent = { every: 1, remember: 16, timeout: Infinity };

function handlerOf(
  stream: OwnedStream,
  handle: (event: ServerSentEvent, owned: Owned<unknown>) => unknown,
): Handle {
  const { key, data, epoch, host } = stream;
  let owned: Owned<unknown> | undefined;
  return (event, { signal }) => {
    if (!stream.mayBegin()) {
      return never();
    }
    stream.begins();
    owned ??= { key, data, epoch, signal };
    const from = host.clock.now();
    const result = handle(event, owned);
    host.heldThread.note(key, host.clock.now() - from);
    if (isThenable(result)) {
      return settled(result, stream);
    }
    stream.handled();
    return undefined;
  };
}

async function settled(pending: Promise<unknown>, stream: OwnedStream): Promise<void> {
  await pending;
  stream.handled();
}
