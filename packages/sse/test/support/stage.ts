import type { IncomingMessage, ServerResponse } from 'node:http';

import { createTestSystem, type TestSystem } from '@reprise/actor/testing';

import { Queue } from './queue.ts';
import { serve, type TestServer } from './servers.ts';
import { watch } from './watched-connection.ts';

/** A complete request, for the test to answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly response: ServerResponse;
  /** Answers 200 and an event stream that begins with this text and stays open. */
  stream(text?: string): void;
  /** Answers this status, without a body. */
  refuse(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Settles once the connection is closed, by either side. */
  readonly closed: Promise<unknown>;
}

/**
 * The stage of a client test: a system whose time the test advances, and a server whose requests
 * the test answers, in order.
 */
export interface Stage extends AsyncDisposable {
  readonly system: TestSystem;
  readonly server: TestServer;
  readonly url: string;
  next(): Promise<Exchange>;
  /** The number of requests so far. */
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
      // The clients first, or they would reconnect to a closed server.
      await system.stop();
      await server.close();
    },
  };
}

function exchangeOf(request: IncomingMessage, response: ServerResponse, body: string): Exchange {
  // A reset socket emits an error.
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
 * Takes as long as a few requests of the client's own kind: a wrong request that is in flight
 * arrives, and a wrong reaction of the client to it happens.
 */
export async function settleNetwork(): Promise<void> {
  await using server = await serve((_, response) => response.writeHead(204).end());
  for (let count = 0; count < 3; count += 1) {
    using client = watch({ url: server.url });
    await client.end();
  }
}
