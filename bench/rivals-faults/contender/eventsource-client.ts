import { createEventSource, type EventSourceClient } from 'eventsource-client';

import { play } from '../client.ts';

// It has no callback with the reason of a failure.
play(({ url, headers, handle }) => {
  const source = createEventSource({ url, headers });
  void readAll(source, handle);
  return () => source.readyState;
});

/** The first form of its documentation, and the only one that can wait for a handler. */
async function readAll(
  source: EventSourceClient,
  handle: () => void | Promise<void>,
): Promise<void> {
  for await (const _event of source) {
    await handle();
  }
}
