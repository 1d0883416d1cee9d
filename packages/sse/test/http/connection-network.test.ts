import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { describe, expect, test } from '@jest/globals';

import { formatFailure } from '../../src/http/format-failure.ts';
import type { SseRequest } from '../../src/http/request.ts';
import {
  cert,
  closedPort,
  allClosed,
  key,
  connectionOpened,
  serve,
  serveRaw,
  serveSecurely,
} from '../support/servers.ts';
import { unansweredPort } from '../support/unanswered-port.ts';
import { http1, type Version, versions } from '../support/versions.ts';
import { watch } from '../support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };

/** The result of an attempt, which must be a single call. */
async function outcome(http: Version, request: SseRequest): Promise<unknown> {
  using client = http.watch(request);
  const call = await client.end();
  expect(client.calls).toHaveLength(1);
  return call.type === 'failed' ? call.failure : call;
}

/** Asks for a client certificate and records whether it came; then redirects, or streams. */
async function serveMutually(
  seen: (readonly [string | undefined, boolean])[],
  location: () => string | undefined,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const options = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    seen.push([request.url, (request.socket as TLSSocket).authorized]);
    const to = location();
    response.writeHead(
      to === undefined ? 200 : 307,
      to === undefined ? eventStream : { location: to },
    );
    response.flushHeaders();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.each(versions)('over %s', (_name, http) => {
  test('NET-01 a closed port', async () => {
    const port = await closedPort();
    expect(await outcome(http, { url: `${http.scheme}://127.0.0.1:${port}/` })).toEqual({
      type: 'network',
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test('NET-01 a closed port at each of several addresses', async () => {
    const port = await closedPort();
    const dnsLookup = ((
      _host: string,
      _options: object,
      found: (error: null, all: object[]) => void,
    ) => {
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);
    }) as never;
    const request = { url: `${http.scheme}://feed.test:${port}/`, got: { dnsLookup } };
    expect(await outcome(http, request)).toMatchObject({
      type: 'network',
      code: 'ECONNREFUSED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('NET-02 a name that does not resolve', async () => {
    const dnsLookup = ((host: string, _options: object, found: (error: Error) => void) => {
      found(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
    }) as never;
    expect(await outcome(http, { url: `${http.scheme}://feed.test/`, got: { dnsLookup } })).toEqual(
      {
        type: 'network',
        code: 'ENOTFOUND',
        message: 'getaddrinfo ENOTFOUND feed.test',
      },
    );
  });

  test('NET-05 nothing within the time for the head', async () => {
    await using server = await http.serve(() => undefined);
    using client = http.watch({ url: server.url });
    await connectionOpened(server);
    await client.advance(299_999);
    expect(client.calls).toEqual([]);
    await client.advance(1);
    const failure = { type: 'timeout', phase: 'response', ms: 300_000 };
    expect(client.calls).toEqual([{ type: 'failed', failure }]);
    await allClosed(server);
  });

  test('NET-05 redirects share the time of one head', async () => {
    await using server = await http.serve((request, response) => {
      if (request.url === '/events') {
        response.writeHead(307, { location: '/next' }).end();
      }
    });
    using client = http.watch({ url: server.url, responseTimeout: 1000 });
    await client.advance(999);
    while (server.requests.length < 2) {
      await new Promise(setImmediate);
    }
    expect(client.calls).toEqual([]);
    await client.advance(1);
    expect(client.calls).toMatchObject([{ failure: { type: 'timeout', ms: 1000 } }]);
  });

  (process.platform === 'linux' ? test : test.skip)('NET-04 a SYN without an answer', async () => {
    await using deaf = await unansweredPort();
    const url = `${http.scheme}://127.0.0.1:${deaf.port}/`;
    expect(await outcome(http, { url, connectTimeout: 50 })).toEqual({
      type: 'timeout',
      phase: 'connect',
      ms: 50,
    });
  });
});

describe('no connection', () => {
  test('NET-02 a name that is not resolved in time', async () => {
    const dnsLookup = (() => undefined) as never;
    const request = { url: 'http://feed.test/', connectTimeout: 20, got: { dnsLookup } };
    expect(await outcome(http1, request)).toEqual({ type: 'timeout', phase: 'lookup', ms: 20 });
  });
});

describe('TLS', () => {
  test('NET-03 a self-signed certificate is trusted only if it is given as an authority', async () => {
    await using server = await serveSecurely((_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\n');
    });
    expect(await outcome(http1, { url: server.url })).toMatchObject({
      type: 'certificate',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    using client = watch({ url: server.url, tls: { ca: cert } });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
  });

  test('NET-03 a trusted certificate for another name is not trusted', async () => {
    await using server = await serveSecurely((_, response) => response.end());
    const url = server.url.replace('127.0.0.1', '127.0.0.2');
    const dnsLookup = ((
      _host: string,
      options: { all?: boolean },
      found: (...answer: unknown[]) => void,
    ) => {
      found(null, options.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
    }) as never;
    const request = {
      url: url.replace('127.0.0.2', 'feed.test'),
      tls: { ca: cert },
      got: { dnsLookup },
    };
    expect(await outcome(http1, request)).toMatchObject({
      type: 'certificate',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('a server that does not speak TLS is not reported as untrusted', async () => {
    await using server = await serveRaw((socket) => socket.end('HTTP/1.1 400 No\r\n\r\n'));
    expect(await outcome(http1, { url: server.url.replace('http', 'https') })).toMatchObject({
      type: 'tls',
    });
  });

  test('a client certificate is sent to the first origin, and not after a redirect to another one', async () => {
    const seen: (readonly [string | undefined, boolean])[] = [];
    const next = [
      (): string => elsewhere.url,
      (): string => '/there',
      (): string => `${server.url}/back`,
    ];
    const location = (): string | undefined => next.shift()?.();
    await using elsewhere = await serveMutually(seen, location);
    await using server = await serveMutually(seen, location);
    using client = watch({ url: server.url, tls: { ca: cert, cert, key } });
    expect((await client.next()).type).toBe('connected');
    expect(seen).toEqual([
      ['/events', true],
      ['/events', false],
      ['/there', false],
      ['/events/back', false],
    ]);
  });

  test('https: does not fall back to http:', async () => {
    await using plain = await serve((_, response) => response.writeHead(200, eventStream).end());
    await using server = await serveSecurely((_, response) => {
      response.writeHead(302, { location: plain.url }).end();
    });
    expect(await outcome(http1, { url: server.url, tls: { ca: cert } })).toEqual({
      type: 'redirect',
      reason: 'insecure',
      status: 302,
      location: plain.url,
      url: server.url,
    });
    expect(plain.sockets.size).toBe(0);
  });
});

describe('no answer, or none that is one', () => {
  test('NET-06 a head that comes line by line has no more time than one that does not come', async () => {
    const begun = Promise.withResolvers<Socket>();
    await using server = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      begun.resolve(socket);
    });
    using client = watch({ url: server.url, responseTimeout: 1000 });
    const socket = await begun.promise;
    for (let time = 100; time < 1000; time += 100) {
      await new Promise((resolve) => socket.write('X-More: 1\r\n', resolve));
      await client.advance(100);
    }
    expect(client.calls).toEqual([]);
    await client.advance(100);
    expect(client.calls).toMatchObject([{ failure: { type: 'timeout', phase: 'response' } }]);
  });

  test.each([
    ['NET-07 the end at once', '', 'ECONNRESET'],
    ['NET-07 the end within the head', 'HTTP/1.1 200 OK\r\nContent-', 'ECONNRESET'],
    ['NET-08 something that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'HPE_INVALID_CONSTANT'],
    [
      'NET-09 a head of 100 KiB',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(102_400)}\r\n\r\n`,
      'HPE_HEADER_OVERFLOW',
    ],
  ])('%s', async (_name, answer, code) => {
    await using server = await serveRaw((socket) => socket.end(answer));
    expect(await outcome(http1, { url: server.url })).toMatchObject({ type: 'network', code });
  });

  test('NET-10 a head in many packets is a head', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-One: 1\r\n\r\n';
    await using server = await serveRaw((socket) => {
      void (async () => {
        for (const character of head) {
          socket.write(character);
          await new Promise(setImmediate);
        }
      })();
    });
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({ response: { headers: { 'x-one': '1' } } });
  });

  test('REC-14 a reset is reported once', async () => {
    await using server = await serveRaw((socket) => socket.resetAndDestroy());
    expect(await outcome(http1, { url: server.url })).toMatchObject({ code: 'ECONNRESET' });
  });
});

test('a failure is formatted in one line', () => {
  const head = { status: 503, headers: {}, url: 'http://a.test/', body: 'secret\n' };
  expect([
    formatFailure({ type: 'status', ...head }),
    formatFailure({ type: 'contentType', ...head, headers: { 'content-type': 'text/html' } }),
    formatFailure({ type: 'contentType', ...head }),
    formatFailure({ type: 'redirect', reason: 'loop', status: 302, location: '/a', url: '' }),
    formatFailure({ type: 'network', code: 'ECONNRESET', message: 'socket hang up' }),
    formatFailure({ type: 'network', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED ::1' }),
    formatFailure({ type: 'timeout', phase: 'connect', ms: 10_000 }),
    formatFailure({ type: 'timeout', ms: 300_000 }),
    formatFailure({ type: 'badRequest', message: 'Expected a, got b' }),
    formatFailure({ type: 'closed' }),
    formatFailure({ type: 'tooLarge', limit: 8 }),
  ]).toEqual([
    'status 503',
    'content type text/html',
    'content type missing',
    'redirect 302 to /a (loop)',
    'ECONNRESET socket hang up',
    'connect ECONNREFUSED ::1',
    'connect timeout after 10000 ms',
    'idle timeout after 300000 ms',
    'bad request: Expected a, got b',
    'closed by the server',
    'event above 8 bytes',
  ]);
});
