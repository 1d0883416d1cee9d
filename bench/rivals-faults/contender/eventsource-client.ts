import { createEventSource, type EventSourceClient } from 'eventsource-client';

import { play } from '../client.ts';

// It has no callback that is told what went wrong.
play(({ url, headers, handle }) => {
  const source = createEventSource({ url, headers });
  void readAll(source, handle);
  return () => source.readyState;
});

/** Its documentation's first form, and the only one in which a handler could be waited for. */
async function readAll(
  source: EventSourceClient,
  handle: () => void | Promise<void>,
): Promise<void> {
  for await (const _event of source) {
    await handle();
  }
}
