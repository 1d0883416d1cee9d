import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach } from '@jest/globals';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'sse', 'test', 'fixtures');
/** A self-signed certificate of localhost, which is its own authority: PEM files. */
export const certificate: string = join(fixtures, 'localhost.cert.pem');
export const key: string = join(fixtures, 'localhost.key.pem');

const servers = new Set<Server>();

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Cuts every connection, and stops listening. */
  stop(): Promise<void>;
}

/** A plain server of `node:http`. */
export function serve(listener: RequestListener, port = 0): Promise<TestServer> {
  return start(createServer(listener), port);
}

async function start(server: Server, port: number): Promise<TestServer> {
  servers.add(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/events?a=b`,
    port: address.port,
    stop: () => stop(server),
  };
}

/**
 * The same over TLS, with the certificate of localhost. It requests a client certificate, and
 * accepts any.
 */
export async function serveSecurely(listener: RequestListener): Promise<TestServer> {
  const options = { cert: readFileSync(certificate), key: readFileSync(key) };
  const server = createSecureServer({ ...options, requestCert: true, rejectUnauthorized: false });
  const started = await start(server.on('request', listener), 0);
  return { ...started, url: started.url.replace('http://127.0.0.1', 'https://localhost') };
}

async function stop(server: Server): Promise<void> {
  servers.delete(server);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Answers with an event stream that begins with this text. */
export function stream(response: ServerResponse, text = ''): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  response.write(text);
}

/**
 * Sends numbered events, from the one after Last-Event-ID up to `last`, with their numbers as id
 * and data.
 */
export function replay(request: IncomingMessage, response: ServerResponse, last: number): void {
  const from = Number(request.headers['last-event-id'] ?? 0);
  const numbers = Array.from({ length: Math.max(0, last - from) }, (_, index) => from + index + 1);
  stream(response, numbers.map((number) => `id: ${number}\ndata: ${number}\n\n`).join(''));
}

/** A port without a listener. */
export async function freePort(): Promise<number> {
  const { port, stop: free } = await serve(() => {});
  await free();
  return port;
}

afterEach(async () => {
  await Promise.all([...servers].map(stop));
});
