import type { IncomingMessage, ServerResponse } from 'node:http';

import { createTestSystem, type TestSystem } from '@reprise/actor/testing';

import { Queue } from './queue.ts';
import { serve, type TestServer } from './servers.ts';
import { watch } from './told.ts';

/** A request, all of it, for the test to answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly response: ServerResponse;
  /** Answers 200 and an event stream, with this much of it, which stays open. */
  stream(text?: string): void;
  /** Answers this status, without a body. */
  refuse(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Settles once the connection is closed, from whichever side. */
  readonly closed: Promise<unknown>;
}

/**
 * What a test of the client needs: a system whose time stands still, and a server whose every
 * request is handed out, in order.
 */
export interface Stage extends AsyncDisposable {
  readonly system: TestSystem;
  readonly server: TestServer;
  readonly url: string;
  next(): Promise<Exchange>;
  /** How many requests there were so far. */
  readonly asked: number;
}

export async function openStage(): Promise<Stage> {
  const exchanges = new Queue<Exchange>();
  const system = createTestSystem();
  const server = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      exchanges.push(exchangeOf(request, response, body));
    });
  });
  return {
    system,
    server,
    url: server.url,
    next: () => exchanges.next(),
    get asked() {
      return server.requests.length;
    },
    async [Symbol.asyncDispose]() {
      // First the clients, which would come back to a server that is gone.
      await system.stop();
      await server.close();
    },
  };
}

function exchangeOf(request: IncomingMessage, response: ServerResponse, body: string): Exchange {
  // A socket that is reset says so.
  request.socket.on('error', () => undefined);
  return {
    request,
    body,
    response,
    stream(text) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      if (text !== undefined) {
        response.write(text);
      }
    },
    refuse(status, headers = {}) {
      response.writeHead(status, { ...headers, 'content-length': '0' }).end();
    },
    closed: new Promise((resolve) => request.socket.once('close', resolve)),
  };
}

/**
 * Takes as long as a few requests take, by the client's own means: a request that is wrongly under
 * way when this is called arrives, and what the client should not do after hearing of it, it does.
 */
export async function quiet(): Promise<void> {
  await using server = await serve((_, response) => response.writeHead(204).end());
  for (let count = 0; count < 3; count += 1) {
    using client = watch({ url: server.url });
    await client.end();
  }
}
