import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';

import type { SseRequest } from '../../src/http/request.ts';
import { cert, key, listen, serve, type TestServer } from './servers.ts';
import { watch, type Watched } from './watched-connection.ts';

/** A version of HTTP: a server for it alone, and the options of a client for it. */
export interface Version {
  readonly scheme: 'http' | 'https';
  readonly serve: (handler: RequestListener) => Promise<TestServer>;
  readonly watch: (request: SseRequest, react?: Parameters<typeof watch>[1]) => Watched;
  readonly over: (request: SseRequest) => SseRequest;
}

export const http1: Version = { scheme: 'http', serve, watch, over: (request) => request };

/** Over TLS, as everywhere: the certificate of the fixtures is its own authority. */
export const http2: Version = {
  scheme: 'https',
  serve: serveHttp2,
  watch: (request, react) => watch(overHttp2(request), react),
  over: overHttp2,
};

/** For `describe.each`: the catalogue holds for both versions. */
export const versions = [
  ['HTTP/1.1', http1],
  ['HTTP/2', http2],
] as const;

/** The handlers of these tests use only the part of Node's HTTP/2 API that equals HTTP/1.1. */
export async function serveHttp2(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const server = createSecureServer({ cert, key }, handler as never);
  // The server ignores errors of connections that the client or a test drops.
  server.on('sessionError', () => undefined);
  return listen(server, 'https:');
}

function overHttp2(request: SseRequest): SseRequest {
  return { ...request, tls: { ca: cert, ...request.tls }, got: { http2: true, ...request.got } };
}
