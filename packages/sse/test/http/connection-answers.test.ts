import type { RequestListener } from 'node:http';

import { describe, expect, test } from '@jest/globals';

import { isEventStream } from '../../src/http/connection.ts';
import type { ConnectFailure, Refusal } from '../../src/http/failure.ts';
import type { SseRequest } from '../../src/http/request.ts';
import { aWhile, allClosed, connectionOpened, serve, serveRaw } from '../support/servers.ts';
import { http1, type Version, versions } from '../support/versions.ts';
import { watch } from '../support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };
const stream: RequestListener = (_, response) => {
  response.writeHead(200, eventStream).write('data: x\n\n');
};

async function headersSent(
  http: Version,
  request: Omit<SseRequest, 'url'>,
): Promise<Record<string, unknown>> {
  await using server = await http.serve(stream);
  using client = http.watch({ ...request, url: server.url });
  await client.next();
  return { ...server.requests[0]?.headers };
}

async function failureOf(http: Version, request: SseRequest): Promise<ConnectFailure> {
  using client = http.watch(request);
  const call = await client.end();
  expect(client.calls).toHaveLength(1);
  if (call.type !== 'failed') {
    throw new Error(`Expected a failure, got ${call.type}`);
  }
  return call.failure;
}

describe.each(versions)('over %s', (_name, http) => {
  describe('the request', () => {
    test('REQ-01 asks with GET for an uncached event stream, without Last-Event-ID', async () => {
      await using server = await http.serve(stream);
      using client = http.watch({ url: server.url });
      await client.next();
      expect(server.requests[0]).toMatchObject({ method: 'GET', url: '/events' });
      expect(server.requests[0]?.headers).toMatchObject({
        accept: 'text/event-stream',
        'cache-control': 'no-cache',
      });
      expect(server.requests[0]?.headers).not.toHaveProperty('last-event-id');
    });

    test('REQ-02 carries the user’s headers, which win, and none that is undefined', async () => {
      const headers = { Accept: 'text/*', 'X-Two': ['a', 'b'], 'x-none': undefined };
      const sent = await headersSent(http, { headers });
      expect(sent).toMatchObject({ accept: 'text/*', 'x-two': 'a, b' });
      expect(sent).not.toHaveProperty('x-none');
    });

    test.each([
      ['REQ-04 as it is', 'abc', 'abc'],
      ['REC-04 above U+00FF, as its UTF-8', '\u2026', '\xE2\x80\xA6'],
      ['REC-05 of 8 KiB', 'x'.repeat(8192), 'x'.repeat(8192)],
    ])('%s: the header for the last id', async (_name, lastEventId, header) => {
      expect((await headersSent(http, { lastEventId }))['last-event-id']).toBe(header);
    });

    test.each(['POST', 'REPORT'])(
      'REQ-05 %s carries its body and its content type',
      async (method) => {
        let body = '';
        await using server = await http.serve((request, response) => {
          request.on('data', (chunk: Buffer) => (body += chunk.toString()));
          request.on('end', () => response.writeHead(200, eventStream).flushHeaders());
        });
        const headers = { 'content-type': 'application/json' };
        using client = http.watch({ url: server.url, method, body: '{"a":1}', headers });
        expect((await client.next()).type).toBe('connected');
        expect(body).toBe('{"a":1}');
        expect(server.requests[0]).toMatchObject({ method, headers });
      },
    );

    test('a method that may have a body is sent without one too', async () => {
      await using server = await http.serve(stream);
      using client = http.watch({ url: server.url, method: 'post' });
      expect((await client.next()).type).toBe('connected');
      expect(server.requests[0]?.method).toBe('POST');
    });

    test('REQ-07 one that cannot be sent is a failure, reported after the call, and opens no socket', async () => {
      const client = http.watch({ url: 'http://127.0.0.1:1/', headers: { 'a b': 'x' } });
      expect(client.calls).toEqual([]);
      expect(await client.next()).toEqual({
        type: 'failed',
        failure: {
          type: 'badRequest',
          message: 'Expected a header that HTTP can carry, got "a b"',
        },
      });
    });

    test('REQ-08 got’s options are passed through', async () => {
      const asked: string[] = [];
      await using server = await http.serve(stream);
      const dnsLookup = ((
        host: string,
        _options: object,
        found: (error: null, ip: string, family: number) => void,
      ) => {
        asked.push(host);
        found(null, '127.0.0.1', 4);
      }) as never;
      using client = http.watch({
        url: server.url.replace('127.0.0.1', 'localhost'),
        got: { dnsLookup },
      });
      expect((await client.next()).type).toBe('connected');
      expect(asked).toEqual(['localhost']);
    });
  });

  describe('the status', () => {
    test('ST-01 200 with an event stream is reported once, with status, headers and URL', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, { ...eventStream, 'x-one': '1' }).flushHeaders();
      });
      using client = http.watch({ url: server.url.replace('//', '//me:pw@') });
      expect(await client.next()).toMatchObject({
        type: 'connected',
        response: { status: 200, headers: { ...eventStream, 'x-one': '1' }, url: server.url },
      });
    });

    test('ST-03 204 is a kind of its own', async () => {
      await using server = await http.serve((_, response) => response.writeHead(204).end());
      expect(await failureOf(http, { url: server.url })).toMatchObject({
        type: 'noContent',
        status: 204,
        url: server.url,
      });
    });

    test.each([201, 205, 206, 210, 299, 300, 304, 400, 404, 410, 500, 503])(
      'ST-04 ST-12 ST-14 %i is a failure, with any content type',
      async (status) => {
        await using server = await http.serve((_, response) => {
          response.writeHead(status, eventStream).end();
        });
        expect(await failureOf(http, { url: server.url })).toMatchObject({
          type: 'status',
          status,
        });
      },
    );

    test('ST-12 a failure carries the headers and the start of the body', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(404, { 'x-why': 'gone' }).end('no such stream');
      });
      expect(await failureOf(http, { url: server.url })).toMatchObject({
        type: 'status',
        status: 404,
        url: server.url,
        headers: { 'x-why': 'gone' },
        body: 'no such stream',
      });
    });

    test('ST-17 of a large body the first 64 KiB are read, and the socket is freed', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(503);
        const write = (): void => {
          while (response.write('x'.repeat(65_536)));
          response.once('drain', write);
        };
        write();
      });
      const failure = await failureOf(http, { url: server.url });
      expect(failure).toMatchObject({ type: 'status', status: 503, body: 'x'.repeat(65_536) });
      await allClosed(server);
    });

    test('ST-17 a body that never ends is waited for 5 s', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(503).write('sorry');
      });
      using client = http.watch({ url: server.url });
      await connectionOpened(server);
      await aWhile();
      await client.advance(4999);
      expect(client.calls).toEqual([]);
      await client.advance(1);
      expect(await client.next()).toMatchObject({ failure: { status: 503, body: 'sorry' } });
      await allClosed(server);
    });

    test('ST-12 a body that comes in pieces is waited for, and is whole', async () => {
      const pieces = ['{"error":', '"', 'x'.repeat(60_000), '"}'];
      const more = Promise.withResolvers<void>();
      await using server = await http.serve((_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' }).write(pieces[0]);
        void more.promise.then(() => {
          for (const piece of pieces.slice(1)) {
            response.write(piece);
          }
          response.end();
        });
      });
      using client = http.watch({ url: server.url });
      await connectionOpened(server);
      await aWhile();
      await client.advance(3000);
      more.resolve();
      expect(await client.next()).toMatchObject({ failure: { body: pieces.join('') } });
    });

    test.each([
      [200, 3, 'aa'],
      [200, 4, 'aaé'],
      [500, 5, 'aaé'],
      [500, 6, 'aaé'],
      [500, 7, 'aaé€'],
      [400, 10, 'aaé€'],
      [400, 11, 'aaé€😀'],
    ])(
      'ST-12 a body is cut between two characters: of status %i after %i bytes',
      async (status, maxBodySize, expected) => {
        await using server = await http.serve((_request, response) => {
          response.writeHead(status, { 'content-type': 'text/plain' }).end('aaé€😀');
        });
        const { body } = (await failureOf(http, { url: server.url, maxBodySize })) as Refusal;
        expect(body).toBe(expected);
      },
    );

    test('ST-12 a body is cut between two characters where its time is over, too', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(500).write(Buffer.from('aé').subarray(0, 2));
      });
      using client = http.watch({ url: server.url, bodyTimeout: 1000 });
      await connectionOpened(server);
      await aWhile();
      await client.advance(1000);
      expect(await client.next()).toMatchObject({ failure: { body: 'a' } });
    });

    test('ST-18 the events of a 404 are not delivered', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(404, eventStream).end('data: x\n\n');
      });
      expect(await failureOf(http, { url: server.url })).toMatchObject({ body: 'data: x\n\n' });
    });
  });

  describe('a predicate for content types decides', () => {
    const bare: RequestListener = (_, response) => {
      response.writeHead(200).end('data: x\n\n');
    };

    test('that a stream with a wrong type, or without one, is read', async () => {
      const seen: string[] = [];
      const contentType = (type: string): boolean => {
        seen.push(type);
        return type === '' || type.startsWith('application/stream+json');
      };
      for (const type of [undefined, 'application/stream+json; charset=utf-8']) {
        await using server = await http.serve((_, response) => {
          response.writeHead(200, type === undefined ? {} : { 'content-type': type });
          response.end('data: x\n\n');
        });
        using client = http.watch({ url: server.url, contentType });
        expect(await client.next()).toMatchObject({ type: 'connected' });
        expect(await client.text(9)).toBe('data: x\n\n');
      }
      expect(seen).toEqual(['', 'application/stream+json; charset=utf-8']);
    });

    test('that the usual type is none, but makes no other status a success', async () => {
      await using server = await http.serve((_, response) =>
        response.writeHead(200, eventStream).end(),
      );
      expect(await failureOf(http, { url: server.url, contentType: () => false })).toMatchObject({
        type: 'contentType',
      });
      await using other = await http.serve((_, response) => response.writeHead(201).end());
      expect(await failureOf(http, { url: other.url, contentType: () => true })).toMatchObject({
        type: 'status',
      });
    });

    test('and an error of it is a failure, and so is an answer that is neither true nor false', async () => {
      await using server = await http.serve(bare);
      const error = new Error('on purpose');
      const contentType = (): never => {
        throw error;
      };
      expect(await failureOf(http, { url: server.url, contentType })).toMatchObject({
        type: 'request',
        error,
      });
      const later = (async () => true) as never;
      expect(await failureOf(http, { url: server.url, contentType: later })).toEqual({
        type: 'badRequest',
        message:
          'Expected contentType to give true or false, got a promise: is an `await` missing?',
      });
    });
  });

  describe('redirects', () => {
    const to =
      (location: string, status = 307): RequestListener =>
      (request, response) => {
        if (request.url === '/events') {
          response.writeHead(status, { location }).end();
        } else {
          stream(request, response);
        }
      };

    test.each([301, 302, 303, 307, 308])(
      'ST-05 %i is followed, and reported once',
      async (status) => {
        await using server = await http.serve(to('/next', status));
        using client = http.watch({ url: server.url });
        expect(await client.next()).toMatchObject({
          type: 'connected',
          response: { url: server.url.replace('/events', '/next') },
        });
        await client.text(9);
        expect(client.calls.filter(({ type }) => type !== 'packet')).toHaveLength(1);
      },
    );

    test.each([
      [301, {}],
      [307, { location: '' }],
    ])('ST-07 %i with Location %p is a failure', async (status, headers) => {
      await using server = await http.serve((_, response) =>
        response.writeHead(status, headers).end(),
      );
      expect(await failureOf(http, { url: server.url })).toMatchObject({ type: 'status', status });
      expect(server.requests).toHaveLength(1);
    });

    test('ST-08 one that leads to itself is a failure', async () => {
      await using server = await http.serve(to('/events'));
      expect(await failureOf(http, { url: server.url })).toMatchObject({
        type: 'redirect',
        reason: 'loop',
      });
      expect(server.requests).toHaveLength(1);
    });

    test('ST-08 the tenth is followed, the eleventh is a failure', async () => {
      await using server = await http.serve((request, response) => {
        const count = Number(request.url?.slice(1));
        response.writeHead(302, { location: `/${count + 1}` }).end();
      });
      const request = { url: new URL('/0', server.url), redirectDelay: () => 0 };
      expect(await failureOf(http, request)).toMatchObject({
        type: 'redirect',
        reason: 'tooMany',
        location: '/11',
      });
      expect(server.requests).toHaveLength(11);
    });

    test.each(['ftp://127.0.0.1/', 'http://['])('ST-10 %s is a failure', async (location) => {
      await using server = await http.serve(to(location));
      expect(await failureOf(http, { url: server.url })).toMatchObject({
        type: 'redirect',
        reason: 'unsupported',
        location,
      });
      await allClosed(server);
    });

    test('ST-09 another port gets no secret, the same one gets them', async () => {
      await using elsewhere = await http.serve(stream);
      await using server = await http.serve((request, response) => {
        const location = request.url === '/events' ? '/near' : elsewhere.url;
        response.writeHead(307, { location }).end();
      });
      const headers = {
        authorization: 'Bearer t',
        cookie: 'c=1',
        'x-api-key': 'k',
        'x-known': '1',
      };
      using client = http.watch({
        url: server.url.replace('//', '//me:pw@'),
        headers,
        lastEventId: '5',
        redirectHeaders: ['X-Known'],
      });
      expect((await client.next()).type).toBe('connected');
      expect(server.requests[1]?.headers).toMatchObject(headers);
      const shown = elsewhere.requests[0]?.headers ?? {};
      expect(shown).toMatchObject({
        accept: 'text/event-stream',
        'cache-control': 'no-cache',
        'last-event-id': '5',
        'x-known': '1',
      });
      for (const name of ['authorization', 'cookie', 'x-api-key']) {
        expect(shown).not.toHaveProperty(name);
      }
    });

    test('ST-11 307 repeats method and body', async () => {
      let body = '';
      await using server = await http.serve((request, response) => {
        if (request.url === '/next') {
          request.on('data', (chunk: Buffer) => (body += chunk.toString()));
          request.on('end', () => {
            stream(request, response);
          });
        } else {
          to('/next')(request, response);
        }
      });
      using client = http.watch({ url: server.url, method: 'POST', body: 'again' });
      expect((await client.next()).type).toBe('connected');
      expect(server.requests[1]?.method).toBe('POST');
      expect(body).toBe('again');
    });

    test('ST-11 303 asks with GET and no body', async () => {
      await using server = await http.serve(to('/next', 303));
      using client = http.watch({ url: server.url, method: 'POST', body: 'once' });
      expect((await client.next()).type).toBe('connected');
      expect(server.requests[1]).toMatchObject({ method: 'GET' });
      expect(server.requests[1]?.headers).not.toHaveProperty('content-length');
    });
  });

  describe('the content type', () => {
    test.each([
      ['CT-03', 'text/event-stream; charset=utf-8', true],
      ['CT-03', 'Text/Event-Stream', true],
      ['CT-04', 'text/event-stream;', true],
      ['CT-05', 'text/event-stream; charset=windows-1252', true],
      ['CT-03', ' text/event-stream ', true],
      ['CT-06', 'text/event-streams', false],
      ['CT-06', 'text/event-stream-x', false],
      ['CT-06', 'xtext/event-stream', false],
      ['CT-02', 'text/html', false],
      ['CT-02', 'application/json', false],
      ['CT-02', 'text/x-bogus', false],
      ['CT-02', 'x bogus', false],
      ['CT-01', undefined, false],
    ])('%s %p: %p', (_id, contentType, accepted) => {
      expect(isEventStream(contentType)).toBe(accepted);
    });

    test.each([
      ['CT-01', {}],
      ['CT-02', { 'content-type': 'text/html' }],
      ['CT-06', { 'content-type': 'text/event-streams' }],
    ])('%s %p is a failure, with the start of the body', async (_id, headers) => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, headers).end('data: x\n\n');
      });
      expect(await failureOf(http, { url: server.url })).toMatchObject({
        type: 'contentType',
        status: 200,
        headers,
        body: 'data: x\n\n',
      });
    });

    test('CT-05 the bytes come unchanged, with any charset', async () => {
      await using server = await http.serve((_, response) => {
        response
          .writeHead(200, { 'content-type': 'text/event-stream; charset=windows-1252' })
          .write('data: \u00E9\n\n');
      });
      using client = http.watch({ url: server.url });
      await client.next();
      expect(await client.text(10)).toBe('data: \xC3\xA9\n\n');
    });
  });
});

describe('over HTTP/1.1 alone', () => {
  test('ST-02 the head comes before an event of the same packet, and nothing is lost', async () => {
    await using server = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
    });
    using client = watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
  });

  test('ST-17 a body that breaks off gives the part that came', async () => {
    await using server = await serveRaw((socket) => {
      socket.end('HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nsorry');
    });
    expect(await failureOf(http1, { url: server.url })).toMatchObject({
      status: 500,
      body: 'sorry',
    });
  });

  test('ST-19 100 and 103 do not count as the response', async () => {
    await using server = await serveRaw((socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n');
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
    });
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({ type: 'connected', response: { status: 200 } });
    expect(await client.text(9)).toBe('data: x\n\n');
  });

  test('101 without a request for an upgrade is a failure and frees the socket', async () => {
    await using server = await serveRaw((socket) => {
      socket.write('HTTP/1.1 101 Yes\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\ndata: x\n\n');
    });
    expect(await failureOf(http1, { url: server.url })).toMatchObject({
      type: 'status',
      status: 101,
    });
    await allClosed(server);
  });

  test('a redirect whose body never ends, or breaks off, is followed and leaves no socket', async () => {
    await using elsewhere = await serve(stream);
    await using server = await serveRaw((socket) => {
      socket.write(`HTTP/1.1 302 F\r\nLocation: ${elsewhere.url}\r\nContent-Length: 9\r\n\r\nx`);
    });
    using client = watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    await allClosed(server);
    expect(client.calls.map(({ type }) => type)).not.toContain('disconnected');
  });
});
