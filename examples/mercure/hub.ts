import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerSentEvent } from '@reprise/sse';

/** A book, as the resource `/books` lists it and as an update has it. */
export interface Book {
  readonly title: string;
  readonly copies: number;
}

/**
 * A hub like Mercure's, beside the resource whose updates it sends. Its history is short: asked for
 * the updates after one that it does not have any more, it says `earliest`.
 * @see https://mercure.rocks/spec
 */
export interface Hub extends AsyncDisposable {
  readonly url: string;
  update(book: Book): void;
  /** Drops its history, as a hub that was restarted. */
  forget(): void;
  /** Ends all streams. */
  endStreams(): void;
}

interface Update {
  readonly id: string;
  readonly text: string;
}

export async function startHub(): Promise<Hub> {
  const books = new Map<string, Book>();
  const streams = new Set<ServerResponse>();
  let history: readonly Update[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    if (request.url === '/books') {
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify([...books.values()]));
      return;
    }
    streams.add(response);
    response.once('close', () => streams.delete(response));
    subscribe(request, response, history);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The client keeps the program alive, not this server.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    update(book) {
      books.set(book.title, book);
      count += 1;
      const id = `urn:update:${count}`;
      const text = ServerSentEvent.serialize(ServerSentEvent.create(JSON.stringify(book), { id }));
      history = [...history, { id, text }];
      for (const stream of streams) {
        stream.write(text);
      }
    },
    forget() {
      history = [];
    },
    endStreams() {
      for (const stream of streams) {
        stream.end();
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Says after which update it begins, if the request asks for one. */
function subscribe(
  { headers }: IncomingMessage,
  response: ServerResponse,
  history: readonly Update[],
): void {
  const asked = headers['last-event-id'];
  const index = history.findIndex(({ id }) => id === asked);
  const begins = index === -1 ? 'earliest' : asked;
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    ...(asked === undefined ? {} : { 'mercure-last-event-id': begins }),
  });
  response.write(':\n');
  for (const { text } of history.slice(index + 1)) {
    response.write(text);
  }
}
