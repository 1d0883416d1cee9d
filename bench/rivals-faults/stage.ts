import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** Answers a request with a fault. */
export type Play = (exchange: Exchange) => void | Promise<void>;

export interface Exchange {
  readonly response: ServerResponse;
  readonly received: Received;
  readonly stage: Stage;
}

/** A request to the server. All times in ms since 1970. */
export interface Received {
  readonly at: number;
  /** From 0 on. */
  readonly index: number;
  /** Whether it came to the other origin. */
  readonly isElsewhere: boolean;
  readonly headers: IncomingHttpHeaders;
  /**
   * The bytes of the body that the server could write: they include the buffers of both sides and
   * of the kernel.
   */
  written: number;
  closedAt: number | undefined;
}

/** A server for one contender, at two origins. */
export class Stage implements AsyncDisposable {
  readonly requests: Received[] = [];
  readonly url: string;
  readonly elsewhere: string;
  readonly #port: number;
  readonly #servers: readonly [Server, Server];
  #timers: readonly NodeJS.Timeout[] = [];

  private constructor(servers: readonly [Server, Server]) {
    const [port, other] = servers.map((server) => (server.address() as AddressInfo).port);
    this.#servers = servers;
    this.#port = port ?? 0;
    this.url = `http://127.0.0.1:${port}/`;
    this.elsewhere = `http://localhost:${other}/`;
  }

  static async open(play: Play): Promise<Stage> {
    const [here, elsewhere] = [createServer(), createServer()];
    here.listen(0, '127.0.0.1');
    elsewhere.listen(0, 'localhost');
    await Promise.all([once(here, 'listening'), once(elsewhere, 'listening')]);
    const stage = new Stage([here, elsewhere]);
    here.on('request', (request, response) => void play(stage.#receive(request, response, false)));
    elsewhere.on(
      'request',
      (request, response) => void play(stage.#receive(request, response, true)),
    );
    return stage;
  }

  /** Stops listening and drops every connection. */
  leave(): void {
    const [here] = this.#servers;
    here.close();
    here.closeAllConnections();
  }

  /** Listens on the same port again, `ms` later. */
  comeBack(ms: number): void {
    this.later(ms, () => this.#servers[0].listen(this.#port, '127.0.0.1'));
  }

  /** Unless all is over by then. */
  later(ms: number, act: () => void): void {
    this.#timers = [...this.#timers, setTimeout(act, ms)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    await Promise.all(this.#servers.map(close));
  }

  #receive({ headers }: IncomingMessage, response: ServerResponse, isElsewhere: boolean): Exchange {
    const received: Received = {
      at: Date.now(),
      index: this.requests.length,
      isElsewhere,
      headers,
      written: 0,
      closedAt: undefined,
    };
    this.requests.push(received);
    response.on('close', () => {
      received.closedAt = Date.now();
    });
    return { response, received, stage: this };
  }
}

/** The head of an event stream, and the start of its body. */
export function stream({ response }: Exchange, text = ''): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  response.write(text);
}

/**
 * Writes `chunk` again and again, as fast as the client takes it, until `limit` bytes are written
 * or the connection is closed.
 */
export async function pour(
  { response, received }: Exchange,
  chunk: string,
  limit: number,
): Promise<void> {
  const size = Buffer.byteLength(chunk);
  function* chunks(): Iterable<string> {
    while (received.written < limit) {
      yield chunk;
      received.written += size;
    }
  }
  try {
    await pipeline(chunks, response, { end: false });
  } catch {
    // The client closed it: `closedAt` says so.
  }
}

async function close(server: Server): Promise<void> {
  if (server.listening) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}
