import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { createGzip } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { typedHandler } from '../src/format/typed-events.ts';
import {
  createPacketState,
  events,
  handlePacket,
  nextDelay,
  parseRetryAfter,
  type ServerSentEvent,
} from '../src/index.ts';
import { run } from './support/run.ts';
import { allClosed, listen, connectionOpened, serve, serveRaw } from './support/servers.ts';
import { openStage, settleNetwork } from './support/stage.ts';
import { watch } from './support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };
const ok =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

/** Writes as long as the client reads. */
function writeForEver(socket: Socket, text: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text)) {
      // Until the buffer of the socket is full.
    }
  };
  socket.on('drain', more);
  more();
}

describe('headers', () => {
  test.each([
    ['a line end in a value', { 'x-token': 'a\r\nx-admin: 1' }],
    ['a line end in a name', { 'x-token\r\nx-admin': '1' }],
    ['U+0000', { 'x-token': 'a\0b' }],
    ['a character that HTTP has not', { 'x-token': '…' }],
  ])('from a function that hold %s are never sent, and end the client', async (_what, headers) => {
    await using stage = await openStage();
    const client = await run(stage, { headers: () => headers });
    expect(await client.until('gaveUp')).toMatchObject({ failure: { type: 'badRequest' } });
    await settleNetwork();
    expect(stage.asked).toBe(0);
  });

  test('a line end cannot get into Last-Event-ID', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const first = await stage.next();
    first.stream('id: 1\ndata: x\n\n');
    await client.handled.next();
    // A line end ends the field, and an id with U+0000 is ignored (WHATWG HTML 9.2.6).
    first.response.write('id: 2\rx-admin: 1\ndata: y\n\nid: 3\0\ndata: z\n\n');
    await client.handled.next();
    await client.handled.next();
    first.response.end();
    const { after } = await client.until('disconnected');
    await stage.system.clock.advance(after);
    const { headers } = (await stage.next()).request;
    expect(headers['last-event-id']).toBe('2');
    expect(headers['x-admin']).toBeUndefined();
  });

  test('a response header that is named as a prototype changes nothing', async () => {
    await using server = await serveRaw((socket) => {
      socket.write(ok.replace('\r\n\r\n', '\r\n__proto__: x\r\nconstructor: y\r\n\r\n'));
    });
    using client = watch({ url: server.url });
    const call = await client.next();
    const headers = call.type === 'connected' ? call.response.headers : {};
    expect(Object.entries(headers)).toContainEqual(['constructor', 'y']);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(Object.prototype)).toBeNull();
  });
});

describe('an answer without an end', () => {
  test.each([
    ['a head', 'x-header: 0123456789\r\n', 'HTTP/1.1 200 OK\r\n', 'HPE_HEADER_OVERFLOW'],
    ['a status line', 'very ', 'HTTP/1.1 200 ', 'HPE_HEADER_OVERFLOW'],
  ])('%s is broken off', async (_what, text, start, code) => {
    await using server = await serveRaw((socket) => {
      socket.write(start);
      writeForEver(socket, text.repeat(1000));
    });
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({ type: 'failed', failure: { code } });
    await allClosed(server);
  });

  test('interim responses do not extend the time for the response', async () => {
    await using server = await serveRaw((socket) => {
      writeForEver(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100));
    });
    using client = watch({ url: server.url, responseTimeout: 1000 });
    await connectionOpened(server);
    await client.advance(1000);
    expect(await client.next()).toMatchObject({
      type: 'failed',
      failure: { type: 'timeout', phase: 'response' },
    });
    await allClosed(server);
  });

  test('a chunk extension is broken off', async () => {
    await using server = await serveRaw((socket) => {
      socket.write(`${ok}5;`);
      writeForEver(socket, 'a'.repeat(10_000));
    });
    using client = watch({ url: server.url });
    await client.next();
    expect(await client.next()).toMatchObject({
      type: 'disconnected',
      disconnect: { code: 'HPE_CHUNK_EXTENSIONS_OVERFLOW' },
    });
    await allClosed(server);
  });

  test.each([
    ['a data line', 'data: ', 'x'.repeat(65_536)],
    ['data lines', '', `data: ${'x'.repeat(65_536)}\n`],
    ['an id', 'id: ', 'x'.repeat(65_536)],
    ['a type', 'event: ', 'x'.repeat(65_536)],
    ['a gzip bomb of a data line', 'data: ', 'x'.repeat(2 ** 20)],
  ])('%s is too large at 8 MiB', async (title, start, text) => {
    await using server = await serve((_, response) => {
      const isBomb = title.includes('gzip');
      response.writeHead(200, {
        ...eventStream,
        ...(isBomb ? { 'content-encoding': 'gzip' } : {}),
      });
      const gzip = createGzip();
      if (isBomb) {
        gzip.pipe(response);
      }
      const out = isBomb ? gzip : response;
      const more = (): void => {
        while (!response.destroyed && out.write(text)) {
          // Until the buffer of the socket is full.
        }
      };
      response.on('close', () => gzip.destroy());
      out.write(start);
      out.on('drain', more).on('error', () => undefined);
      more();
    });
    await using stage = await openStage();
    const client = await run(stage, { url: server.url });
    expect(await client.until('disconnected')).toMatchObject({
      failure: { type: 'tooLarge', limit: 2 ** 23 },
    });
    await allClosed(server);
  });

  test('comments and unknown fields take no memory, however many come', () => {
    const state = createPacketState();
    const before = process.memoryUsage().heapUsed;
    const piece = Buffer.from('x'.repeat(2 ** 20));
    for (const start of [':', 'unknown: ']) {
      expect(handlePacket(Buffer.from(start), state)).toEqual([]);
      for (let count = 0; count < 64; count += 1) {
        expect(handlePacket(piece, state)).toEqual([]);
      }
      expect(handlePacket(Buffer.from('\n'), state)).toEqual([]);
    }
    expect(handlePacket(Buffer.from('data: x\n\n'), state)).toHaveLength(1);
    // The server sent 128 MiB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 26);
  });
});

describe('prototypes', () => {
  test('are safe from the names of types and fields', () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
    const text = names.map((name) => `event: ${name}\n${name}: x\ndata: ${name}\n\n`).join('');
    const items = handlePacket(Buffer.from(text), createPacketState());
    expect(items.map((item) => (item as ServerSentEvent).type)).toEqual(names);
    const judged: string[] = [];
    const handle = typedHandler({
      events: {},
      handle: () => void judged.push('handled'),
      handleInvalid: ({ type }) => void judged.push(type),
    });
    items.forEach((item) => void handle(item, undefined));
    expect(judged).toEqual(names.map(() => 'unknownType'));
  });

  test('are safe from JSON and from the output of a schema', async () => {
    await using stage = await openStage();
    const stream = events(stage.url, {
      // Unchanged: an object schema would drop such names.
      events: { message: z.unknown() },
      handleInvalid: () => undefined,
    });
    const first = stream.next();
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    (await stage.next()).stream(`data: ${text}\n\n`);
    const { value } = await first;
    expect(JSON.stringify(value?.data)).toBe(text);
    expect(Object.getPrototypeOf(value?.data)).toBe(Object.prototype);
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
    await stream.return?.();
  });
});

describe('numbers of any size', () => {
  test.each(['1e400', '9'.repeat(400), '-1', '0x10', '١٢٣', '1.5', '', ' 5', 'NaN', 'Infinity'])(
    'retry: %s gives a delay that a timer can wait for',
    (value) => {
      const state = createPacketState();
      handlePacket(Buffer.from(`retry: ${value}\ndata: x\n\n`), state);
      const delay = nextDelay(1, { retry: state.retry }, () => 1);
      expect(delay).toBeGreaterThanOrEqual(250);
      expect(delay).toBeLessThanOrEqual(300_000);
    },
  );

  test.each(['1e400', '9'.repeat(400), '-1', '0x10', '١٢٣', '1.5', '', 'NaN', 'Infinity', '0'])(
    'Retry-After: %s is at most 15 min, or nothing',
    (value) => {
      const wait = parseRetryAfter(value, Date.now()) ?? 0;
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(900_000);
    },
  );
});

describe('framing that can be read in two ways', () => {
  test.each([
    ['two lengths', 'content-length: 5\r\ncontent-length: 50\r\n'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked\r\n'],
    ['a length that is none', 'content-length: five\r\n'],
    ['a length below 0', 'content-length: -5\r\n'],
  ])('%s is no HTTP', async (_what, headers) => {
    await using server = await serveRaw((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${headers}\r\ndata: x\n\n`);
    });
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({ type: 'failed', failure: { type: 'network' } });
  });
});

describe('certificates', () => {
  test('one that has expired is not trusted, even with itself as authority', async () => {
    const file = (name: string): Buffer =>
      readFileSync(new URL(`fixtures/${name}`, import.meta.url));
    const certificate = { cert: file('expired.cert.pem'), key: file('expired.key.pem') };
    const secure = createSecureServer(certificate, (_, response) => response.end());
    await using server = await listen(secure, 'https:');
    using client = watch({ url: server.url, tls: { ca: String(certificate.cert) } });
    expect(await client.next()).toMatchObject({
      type: 'failed',
      failure: { type: 'certificate', code: 'CERT_HAS_EXPIRED' },
    });
  });
});

test('a redirect to a scheme other than http: or https: is not followed', async () => {
  for (const location of [
    'javascript:1',
    'file:///etc/passwd',
    'data:text/event-stream,data:x',
    'unix:/tmp/x:/',
    'http://unix:/tmp/x:/',
  ]) {
    await using server = await serve((_, response) => response.writeHead(302, { location }).end());
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({
      type: 'failed',
      failure: { type: 'redirect', reason: 'unsupported' },
    });
  }
});

test('a slow handler slows down a flood of small events', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, eventStream);
    const more = (): void => {
      while (!response.destroyed && response.write('data: x\n\n'.repeat(1000))) {
        // Until the buffer of the socket is full.
      }
    };
    response.on('drain', more);
    more();
  });
  await using stage = await openStage();
  const begun = Promise.withResolvers<void>();
  await run(stage, {
    url: server.url,
    handle: () => {
      begun.resolve();
      return new Promise(() => undefined);
    },
  });
  await begun.promise;
  // All buffers between fill up. Then the server is stuck; else this never ends.
  const [socket] = server.sockets;
  let isDrained = true;
  (socket as Socket).on('drain', () => (isDrained = true));
  while (isDrained) {
    isDrained = false;
    await settleNetwork();
  }
  expect((socket as Socket).writableLength).toBeGreaterThan(0);
});
