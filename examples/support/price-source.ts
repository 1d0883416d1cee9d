import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of streams, each at its path: numbered prices, two a second. */
export interface Source {
  readonly url: string;
  close(): void;
}

/** Each stream goes on after `Last-Event-ID`, and begins with the first event without one. */
export async function startSource(): Promise<Source> {
  let last = 0;
  const clients = new Map<ServerResponse, number>();
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.on('close', () => clients.delete(response));
    clients.set(response, Number(request.headers['last-event-id'] ?? 0));
    send(response);
  });
  const send = (response: ServerResponse): void => {
    for (let number = (clients.get(response) ?? 0) + 1; number <= last; number += 1) {
      response.write(`id: ${number}\ndata: ${100 + (number % 7)}\n\n`);
    }
    clients.set(response, last);
  };
  const timer = setInterval(() => {
    last += 1;
    for (const response of clients.keys()) {
      send(response);
    }
  }, 500);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
    },
  };
}
