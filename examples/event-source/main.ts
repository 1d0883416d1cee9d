/**
 * An existing program keeps its stream: one line puts this class in the place of the global one. It
 * lives as long as it is connected or wants to be, goes on from the last event after a drop, and
 * ends when the source is closed or has failed.
 *
 * `node --conditions=@reprise/source examples/event-source/main.ts URL`
 */
import { EventSource } from '@reprise/sse/eventsource';

import { followPrices } from './prices.ts';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('Expected a URL, got none');
  process.exit(2);
}

// In JavaScript: globalThis.EventSource = EventSource.
Object.assign(globalThis, { EventSource });
followPrices(url);
