/**
 * A program written for the global `EventSource`: one line replaces the class. The stream then
 * survives drops, and continues after the last event. The program stays alive while the source is
 * connected or reconnecting, and ends once it is closed or has failed.
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
