import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A feed whose server is deployed again while a client reads it. */
export interface DeployedFeed extends AsyncDisposable {
  readonly url: string;
}

/**
 * The first connection gets the events 1 to 3 and is closed, since the old version of the server
 * ends. The next request meets the load balancer while no version runs: 503. From then on the new
 * version answers, with the events after the `Last-Event-ID` of the request, up to 6.
 */
export async function deployedFeed(): Promise<DeployedFeed> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const next = Number(request.headers['last-event-id'] ?? 0) + 1;
    if (requests === 1) {
      sendEvents(response, next, 3).end();
    } else if (requests === 2) {
      response.writeHead(503).end();
    } else {
      sendEvents(response, next, 6);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Opens the stream and sends the events numbered from `first` to `last`. */
function sendEvents(response: ServerResponse, first: number, last: number): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  // Clients of every kind come back after 100 ms, which keeps the example short.
  response.write('retry: 100\n\n');
  for (let id = first; id <= last; id += 1) {
    response.write(`id: ${id}\ndata: event ${id}\n\n`);
  }
  return response;
}
