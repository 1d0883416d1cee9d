import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerSentEvent } from '@reprise/sse';

import type { Change } from './changes.ts';

/**
 * A feed like Wikimedia's: JSON, ids that are positions in a log, and streams that drop.
 */
export interface Feed extends AsyncDisposable {
  readonly url: string;
  /** Appends a change to the log, and sends it to all open streams. */
  publish(change: Change): void;
  /** Cuts every stream in the middle of an event. */
  drop(): void;
}

export async function startFeed(): Promise<Feed> {
  const log: Change[] = [];
  const streams = new Set<ServerResponse>();
  const send = (stream: ServerResponse, offset: number): void => {
    stream.write(eventAt(offset, log));
  };
  const server = createServer((request, response) => {
    streams.add(response);
    response.once('close', () => streams.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':ok\n\n');
    for (let offset = offsetAfter(request); offset < log.length; offset += 1) {
      send(response, offset);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The client keeps the program alive, not this server.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/stream/recentchange`,
    publish(change) {
      const offset = log.push(change) - 1;
      for (const stream of streams) {
        send(stream, offset);
      }
    },
    drop() {
      for (const stream of streams) {
        stream.write(`id: ${idOf(log.length)}\ndata: {"wiki":`, () => stream.destroy());
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function eventAt(offset: number, log: readonly Change[]): string {
  const event = ServerSentEvent.create(JSON.stringify(log[offset]), { id: idOf(offset) });
  return ServerSentEvent.serialize(event);
}

/** For the client an id is an opaque text: only the server reads it. */
function idOf(offset: number): string {
  return JSON.stringify([{ topic: 'eqiad.mediawiki.recentchange', partition: 0, offset }]);
}

function offsetAfter({ headers }: IncomingMessage): number {
  const id = headers['last-event-id'];
  if (typeof id !== 'string') {
    return 0;
  }
  const [last] = JSON.parse(id) as [{ readonly offset: number }];
  return last.offset + 1;
}
