import { readFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createSocketServer,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', 'fixtures', name), 'utf8');

/** A self-signed certificate for localhost and 127.0.0.1, valid until 2125. */
export const cert = fixture('localhost.cert.pem');
export const key = fixture('localhost.key.pem');

/** A real server on loopback, closed at the end of its block. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** The requests so far, in order. */
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

export async function serve(handler: RequestListener): Promise<TestServer> {
  const server = createServer(handler);
  return listen(server, 'http:');
}

export async function serveSecurely(handler: RequestListener): Promise<TestServer> {
  return listen(createSecureServer({ cert, key }, handler), 'https:');
}

/**
 * For answers that no HTTP server would give: writes to the socket itself, once the head of the
 * request has arrived.
 */
export async function serveRaw(answer: (socket: Socket) => void): Promise<TestServer> {
  const server = createSocketServer((socket) => {
    // The client may close at any time.
    socket.on('error', () => undefined);
    socket.once('data', () => {
      answer(socket);
    });
  });
  return listen(server, 'http:');
}

/** A closed port of loopback. */
export async function closedPort(): Promise<number> {
  const { port, close } = await serve(() => undefined);
  await close();
  return port;
}

/** Waits until the server has no connection left. */
export async function allClosed({ sockets }: TestServer): Promise<void> {
  await Promise.all(
    [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
}

/** Waits for the first connection. */
export async function connectionOpened({ sockets }: TestServer): Promise<void> {
  while (sockets.size === 0) {
    await new Promise(setImmediate);
  }
}

/**
 * Waits as long as several exchanges of 1 MiB with another server take: time in which something
 * must not happen.
 */
export async function aWhile(): Promise<void> {
  await using server = await serve((_, response) => response.end('x'.repeat(2 ** 20)));
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => {
      get(server.url, { agent: false }, (response) => response.on('end', resolve).resume());
    });
  }
}

/** A test server from any server of Node. */
export async function listen(
  server: Server,
  protocol: 'http:' | 'https:',
  at = 0,
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const requests: IncomingMessage[] = [];
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request: IncomingMessage) => requests.push(request));
  await new Promise<void>((resolve) => {
    server.listen(at, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  };
  const url = `${protocol}//127.0.0.1:${port}/events`;
  return { url, port, sockets, requests, close, [Symbol.asyncDispose]: close };
}
