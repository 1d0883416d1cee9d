import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Queue } from './queue.ts';

/** A request, and the response that the test has to give. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A server on loopback. `next` resolves with its requests, in order. */
export interface EventServer extends AsyncDisposable {
  readonly url: string;
  next(): Promise<Exchange>;
}

export async function startEventServer(): Promise<EventServer> {
  const exchanges = new Queue<Exchange>();
  const server = createServer((request, response) => {
    exchanges.push({ request, response });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    next: () => exchanges.next(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with an event stream that begins with `text` and stays open. */
export function openStream({ response }: Exchange, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(text);
}
