import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';

import type { SseRequest } from '../../src/http/request.ts';
import { cert, key, listen, serve, type TestServer } from './servers.ts';
import { watch, type Watched } from './told.ts';

/** A version of HTTP: a server that speaks nothing else, and how a client is asked for it. */
export interface Version {
  readonly scheme: 'http' | 'https';
  readonly serve: (handler: RequestListener) => Promise<TestServer>;
  readonly watch: (request: SseRequest, react?: Parameters<typeof watch>[1]) => Watched;
  readonly over: (request: SseRequest) => SseRequest;
}

export const http1: Version = { scheme: 'http', serve, watch, over: (request) => request };

/** By TLS, as everywhere: the fixtures' certificate is its own authority. */
export const http2: Version = {
  scheme: 'https',
  serve: serveHttp2,
  watch: (request, react) => watch(overHttp2(request), react),
  over: overHttp2,
};

/** For `describe.each`: what the catalogue asks for holds over both. */
export const versions = [
  ['HTTP/1.1', http1],
  ['HTTP/2', http2],
] as const;

/**
 * Node's requests and responses of HTTP/2 are those of HTTP/1.1, as far as the handlers of these
 * tests go.
 */
export async function serveHttp2(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const server = createSecureServer({ cert, key }, handler as never);
  // What becomes of a connection that the client drops, or that a test does, is no matter of the
  // server's.
  server.on('sessionError', () => undefined);
  return listen(server, 'https:');
}

function overHttp2(request: SseRequest): SseRequest {
  return { ...request, tls: { ca: cert, ...request.tls }, got: { http2: true, ...request.got } };
}
