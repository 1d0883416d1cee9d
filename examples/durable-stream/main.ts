/**
 * `node --conditions=@reprise/source examples/durable-stream/main.ts CURSOR_FILE URL WAREHOUSE`:
 * gives each order of the stream to a warehouse, by PUT, until the stream is closed. The next run
 * goes on where this one ended, also after a `kill -9`.
 */
import { Application } from '@reprise/actor';

import { childSpec } from './orders.ts';

const [file, url, warehouse] = process.argv.slice(2);
if (file === undefined || url === undefined || warehouse === undefined) {
  console.error('Expected a file for the position, the URL of a stream, and that of a warehouse');
  process.exit(2);
}

const orders = childSpec({
  url,
  file,
  handle: async (order) => {
    const { ok, status } = await fetch(warehouse, { method: 'PUT', body: JSON.stringify(order) });
    if (!ok) {
      throw new Error(`Expected the warehouse to take order ${order.number}, got ${status}`);
    }
    console.log(`order ${order.number}`);
  },
});
// The end of the stream is the end of the program.
Application.run({ strategy: 'oneForOne', autoShutdown: 'anySignificant', children: [orders] });
