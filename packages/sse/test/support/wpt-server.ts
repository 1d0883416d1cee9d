import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

import { serve, type TestServer } from './servers.ts';

/**
 * A server with the handlers that the tests of `fetch/api` in web-platform-tests ask for, as far as
 * the tests here need them.
 */
export async function serveWpt(): Promise<TestServer & { readonly at: (path: string) => string }> {
  const server = await serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://server');
    void (handlers[url.pathname] ?? notFound)(url.searchParams, response, request);
  });
  return { ...server, at: (path) => new URL(path, server.url).href };
}

type Handler = (
  query: URLSearchParams,
  response: ServerResponse,
  request: IncomingMessage,
) => unknown;

const notFound: Handler = (_, response) => response.writeHead(404).end();

const handlers: Readonly<Record<string, Handler>> = {
  '/data.json': (_, response) =>
    response.setHeader('content-type', 'application/json').end('{"key": "value"}'),
  '/empty.txt': (_, response) => response.setHeader('content-length', 0).end(),
  '/echo-content': async (_, response, request) => response.end(await buffer(request)),
  '/inspect-headers': (_, response, { headers, method }) =>
    response.end(JSON.stringify({ method, headers })),
  '/status': (query, response) =>
    response
      .writeHead(Number(query.get('code')), query.get('text') ?? '')
      .end(query.get('content')),
  '/infinite-slow-response': (_, response) => response.write('x'),
  '/redirect': (query, response) => {
    const location = query.get('location');
    const status = Number(query.get('redirect_status') ?? 302);
    response.writeHead(status, location === null ? {} : { location }).end();
  },
  /** Redirects to itself `max_count` times. */
  '/redirect-count': (query, response) => {
    const left = Number(query.get('max_count'));
    const location = left > 1 ? `/redirect-count?max_count=${left - 1}` : '/data.json';
    response.writeHead(302, { location }).end();
  },
  '/method': async (_, response, request) => {
    const { headers, method = '' } = request;
    response.setHeader('x-request-method', method);
    for (const name of ['length', 'encoding', 'language', 'location', 'type']) {
      response.setHeader(`x-request-content-${name}`, headers[`content-${name}`] ?? 'NO');
    }
    response.end(await buffer(request));
  },
  '/headers': (_, response) => {
    response.appendHeader('foo-test', '1').appendHeader('foo-test', '2');
    response.appendHeader('foo-test', '3').appendHeader('heya', '').appendHeader('heya', '1');
    response.appendHeader('set-cookie', 'a=b').appendHeader('set-cookie', 'c=d').end();
  },
};
