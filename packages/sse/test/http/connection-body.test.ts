import { channel } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createBrotliCompress, createDeflate, createGzip, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { createPacketState, handlePacket } from '../../src/format/parser.ts';
import { aWhile, allClosed, serveRaw, type TestServer } from '../support/servers.ts';
import { type Version, versions } from '../support/versions.ts';
import { type HandlerCall, watch, type Watched } from '../support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };
const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Every Node that runs the tests has it; the types of the oldest supported Node do not. */
const createZstd = (zlib as unknown as { readonly createZstdCompress: typeof createGzip })
  .createZstdCompress;

/** A server whose response the test writes. */
async function streaming(
  http: Version,
  headers: Record<string, string> = {},
): Promise<TestServer & { readonly response: () => Promise<ServerResponse> }> {
  let opened: ServerResponse | undefined;
  const server = await http.serve((_, response) => {
    response.writeHead(200, { ...eventStream, ...headers }).flushHeaders();
    opened = response;
  });
  const response = async (): Promise<ServerResponse> => {
    while (opened === undefined) {
      await new Promise(setImmediate);
    }
    return opened;
  };
  return { ...server, response };
}

function reasons(calls: readonly HandlerCall[]): readonly unknown[] {
  return calls.map((one) => (one.type === 'disconnected' ? one.disconnect : one.type));
}

describe.each(versions)('over %s', (_name, http) => {
  describe('the end', () => {
    test('BODY-01 a stream that ends in good order is closed, after its last packet', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, eventStream).end('data: x\n\n');
      });
      using client = http.watch({ url: server.url });
      await client.end();
      expect(reasons(client.calls)).toEqual(['connected', 'packet', { type: 'closed' }]);
    });

    test('BODY-01 an empty stream is connected, then closed', async () => {
      await using server = await http.serve((_, response) =>
        response.writeHead(200, eventStream).end(),
      );
      using client = http.watch({ url: server.url });
      await client.end();
      expect(reasons(client.calls)).toEqual(['connected', { type: 'closed' }]);
    });
  });

  describe('silence', () => {
    test('BODY-06 the idle timeout ends a stream on which nothing comes', async () => {
      await using server = await streaming(http);
      using client = http.watch({ url: server.url, idleTimeout: 45_000 });
      (await server.response()).write('data: x\n\n');
      await client.next();
      await client.text(9);
      await client.advance(44_999);
      expect(client.calls).toHaveLength(2);
      await client.advance(1);
      expect(client.calls.at(-1)).toEqual({
        type: 'disconnected',
        disconnect: { type: 'timeout', ms: 45_000 },
      });
      await allClosed(server);
    });

    test('BODY-06 a compressed stream that is silent frees its socket too', async () => {
      await using server = await streaming(http, { 'content-encoding': 'gzip' });
      using client = http.watch({ url: server.url, idleTimeout: 1000 });
      const encoder = createGzip();
      encoder.pipe(await server.response());
      encoder.write('data: x\n\n');
      encoder.flush();
      await client.next();
      await client.text(9);
      await client.advance(1000);
      expect(reasons(client.calls).at(-1)).toEqual({ type: 'timeout', ms: 1000 });
      await allClosed(server);
    });

    test('BODY-07 every byte puts it off, a comment too', async () => {
      await using server = await streaming(http);
      using client = http.watch({ url: server.url, idleTimeout: 1000 });
      const response = await server.response();
      await client.next();
      for (let round = 0; round < 5; round++) {
        await client.advance(900);
        response.write(':');
        expect(await client.text(1)).toBe(':');
      }
      await client.advance(999);
      expect(reasons(client.calls).at(-1)).toBe('packet');
      await client.advance(1);
      expect(reasons(client.calls).at(-1)).toEqual({ type: 'timeout', ms: 1000 });
    });

    test('BODY-07 without an idle timeout there is no limit', async () => {
      await using server = await streaming(http);
      using client = http.watch({ url: server.url });
      const response = await server.response();
      await client.next();
      await client.advance(365 * 24 * 3_600_000);
      response.write('data: x\n\n');
      expect(await client.text(9)).toBe('data: x\n\n');
    });

    test('an idle timeout that no timer can hold is kept to', async () => {
      await using server = await streaming(http);
      using client = http.watch({ url: server.url, idleTimeout: 2 ** 32 });
      await server.response();
      await client.next();
      await client.advance(2 ** 32 - 1);
      expect(client.calls).toHaveLength(1);
      await client.advance(1);
      expect(client.calls).toHaveLength(2);
    });

    test('BODY-16 silence during a pause of the reader does not count', async () => {
      await using server = await streaming(http);
      using client = http.watch({ url: server.url, idleTimeout: 1000 });
      await server.response();
      await client.next();
      await client.advance(900);
      client.connection.pause();
      await client.advance(10_000);
      client.connection.resume();
      await client.advance(999);
      expect(client.calls).toHaveLength(1);
      await client.advance(1);
      expect(client.calls).toHaveLength(2);
    });
  });

  describe('compression', () => {
    test.each([
      ['gzip', createGzip],
      ['deflate', createDeflate],
      ['br', createBrotliCompress],
      ['zstd', createZstd],
    ])('BODY-09 each event of a %s stream comes when it is flushed', async (encoding, create) => {
      const encoder = create();
      await using server = await streaming(http, { 'content-encoding': encoding });
      using client = http.watch({ url: server.url });
      encoder.pipe(await server.response());
      await client.next();
      for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
        encoder.write(text);
        encoder.flush();
        expect(await client.text(9)).toBe(text);
      }
      encoder.end();
      expect(await client.end()).toMatchObject({ disconnect: { type: 'closed' } });
    });

    test.each([
      ['that is cut off', (body: Buffer) => body.subarray(0, -12), 'Z_BUF_ERROR'],
      ['that is none', () => Buffer.from('data: plain\n\n'), 'Z_DATA_ERROR'],
    ])('BODY-10 a gzip body %s breaks off', async (_name, spoil, code) => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, { ...eventStream, 'content-encoding': 'gzip' });
        response.end(spoil(gzipSync('data: x\n\n'.repeat(100))));
      });
      using client = http.watch({ url: server.url });
      expect(await client.end()).toMatchObject({ disconnect: { type: 'network', code } });
    });

    test.each(['gzip', 'deflate', 'br', 'zstd'])(
      'BODY-10 an open %s stream that cannot be decompressed ends with the reason',
      async (encoding) => {
        await using server = await streaming(http, { 'content-encoding': encoding });
        using client = http.watch({ url: server.url });
        (await server.response()).write(Buffer.alloc(100, 0xff));
        const { disconnect } = (await client.end()) as { disconnect: { code: string } };
        expect(disconnect.code).toMatch(/^(?:Z_DATA_ERROR|ERR__ERROR_FORMAT_|ZSTD_error_)/);
      },
    );

    test('BODY-10 the reason waits for resume', async () => {
      await using server = await streaming(http, { 'content-encoding': 'gzip' });
      using client = http.watch({ url: server.url }, (call, connection) => {
        if (call.type === 'connected') {
          connection.pause();
        }
      });
      (await server.response()).write('data: plain\n\n');
      await client.next();
      await allClosed(server);
      await aWhile();
      expect(client.calls).toHaveLength(1);
      client.connection.resume();
      expect(await client.end()).toMatchObject({ disconnect: { code: 'Z_DATA_ERROR' } });
    });

    test('BODY-10 a gzip stream whose connection is cut off ends with an error', async () => {
      const encoder = createGzip();
      await using server = await streaming(http, { 'content-encoding': 'gzip' });
      using client = http.watch({ url: server.url });
      encoder.pipe(await server.response());
      await client.next();
      encoder.write('data: x\n\n');
      encoder.flush();
      await client.text(9);
      server.sockets.forEach((socket) => socket.destroy());
      expect(await client.end()).toMatchObject({ disconnect: { code: 'ECONNRESET' } });
    });

    test('BODY-10 an unknown encoding passes through', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, { ...eventStream, 'content-encoding': 'none' }).end('data: x\n\n');
      });
      using client = http.watch({ url: server.url });
      await client.next();
      expect(await client.text(9)).toBe('data: x\n\n');
    });
  });

  describe('bytes', () => {
    test('BODY-11 bytes that come one by one give the same events as together', async () => {
      const text = 'id: 1\ndata: \u00E9\u{1F600}\n\nevent: x\r\ndata: 2\r\n\r\n';
      await using server = await streaming(http);
      const state = createPacketState();
      const events: unknown[] = [];
      using client = http.watch({ url: server.url }, (call) => {
        if (call.type === 'packet') {
          events.push(...handlePacket(Buffer.from(call.text, 'latin1'), state));
        }
      });
      const response = await server.response();
      for (const byte of Buffer.from(text)) {
        response.write(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
      response.end();
      await client.end();
      expect(events).toEqual(handlePacket(Buffer.from(text), createPacketState()));
      expect(events).toHaveLength(2);
    });

    test('BODY-12 an event of 7 MiB comes whole', async () => {
      const data = 'x'.repeat(7 * 2 ** 20);
      await using server = await http.serve((_, response) => {
        response.writeHead(200, eventStream).end(`data: ${data}\n\n`);
      });
      const state = createPacketState();
      const lengths: number[] = [];
      using client = http.watch({ url: server.url }, (call) => {
        if (call.type === 'packet') {
          const events = handlePacket(Buffer.from(call.text, 'latin1'), state);
          lengths.push(...events.map((event) => event.data.length));
        }
      });
      await client.end();
      expect(lengths).toEqual([data.length]);
    });
  });

  describe('pause and resume', () => {
    /** Writes as fast as possible, up to 256 MiB. */
    async function torrent(): Promise<{ readonly sent: () => number } & TestServer> {
      let sent = 0;
      const piece = Buffer.alloc(65_536, 'data: x\n\n');
      const server = await http.serve((_, response) => {
        response.writeHead(200, eventStream);
        const write = (): void => {
          do {
            sent += piece.length;
          } while (response.write(piece) && sent < 2 ** 28);
          response.once('drain', write);
        };
        write();
      });
      return { ...server, sent: () => sent };
    }

    test('BODY-16 nothing is delivered until resume, and the server’s writes block', async () => {
      await using server = await torrent();
      using client = http.watch({ url: server.url }, (call, connection) => {
        if (call.type === 'packet') {
          connection.pause();
        }
      });
      await client.next();
      await client.next();
      let before = -1;
      while (server.sent() !== before) {
        before = server.sent();
        await aWhile();
      }
      expect(reasons(client.calls)).toEqual(['connected', 'packet']);
      // No more than the socket buffers of both ends.
      expect(server.sent()).toBeLessThan(32 * 2 ** 20);
      client.connection.resume();
      await client.next();
      expect(reasons(client.calls)).toEqual(['connected', 'packet', 'packet']);
    });

    test('BODY-16 a packet that comes during a pause is delivered later, once and in order', async () => {
      const text = Array.from({ length: 2000 }, (_, index) => `data: ${index}\n\n`);
      await using server = await http.serve((_, response) => {
        response.writeHead(200, eventStream);
        text.forEach((event) => response.write(event));
        response.end();
      });
      using client = http.watch({ url: server.url }, (call, connection) => {
        if (call.type === 'packet') {
          connection.pause();
          setImmediate(() => {
            connection.resume();
          });
        }
      });
      await client.end();
      const result = client.calls.map((one) => (one.type === 'packet' ? one.text : ''));
      expect(result.join('')).toBe(text.join(''));
    });

    test('BODY-16 the end waits for resume', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, eventStream).end('data: x\n\n');
      });
      using client = http.watch({ url: server.url }, (call, connection) => {
        if (call.type === 'packet') {
          connection.pause();
        }
      });
      await client.next();
      await client.next();
      await aWhile();
      expect(reasons(client.calls)).toEqual(['connected', 'packet']);
      client.connection.resume();
      expect(await client.next()).toEqual({ type: 'disconnected', disconnect: { type: 'closed' } });
    });

    test('BODY-16 a pause asked for when connected holds the first packet', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, eventStream).end('data: x\n\n');
      });
      using client = http.watch({ url: server.url }, (call, connection) => {
        if (call.type === 'connected') {
          connection.pause();
        }
      });
      await client.next();
      await aWhile();
      expect(client.calls).toHaveLength(1);
      client.connection.resume();
      expect(await client.text(9)).toBe('data: x\n\n');
      await client.end();
    });
  });
});

describe('over HTTP/1.1 alone', () => {
  test.each([
    ['with a Content-Length', `${head}Content-Length: 9\r\n\r\n`],
    ['to the end of the connection', `${head}\r\n`],
  ])('BODY-05 a stream that goes %s comes as it is sent', async (_name, start) => {
    const sockets: Socket[] = [];
    await using server = await serveRaw((socket) => {
      sockets.push(socket);
      socket.write(`${start}data`);
    });
    using client = watch({ url: server.url });
    await client.next();
    expect(await client.text(4)).toBe('data');
    sockets[0]?.end(': x\n\n');
    expect(await client.text(5)).toBe(': x\n\n');
    expect(await client.end()).toEqual({ type: 'disconnected', disconnect: { type: 'closed' } });
  });

  test.each([
    [
      'BODY-03 a chunked stream without its last chunk',
      `${chunked}${chunk('data: x\n\n')}`,
      'ECONNRESET',
    ],
    [
      'BODY-03 a body that is too short',
      `${head}Content-Length: 100\r\n\r\ndata: x\n\n`,
      'ECONNRESET',
    ],
    [
      'BODY-08 a chunk without a size',
      `${chunked}${chunk('data: x\n\n')}zz\r\n`,
      'HPE_INVALID_CHUNK_SIZE',
    ],
  ])('%s breaks off', async (_name, answer, code) => {
    await using server = await serveRaw((socket) => socket.end(answer));
    using client = watch({ url: server.url });
    expect(await client.end()).toMatchObject({ disconnect: { type: 'network', code } });
    expect(client.calls.filter(({ type }) => type === 'disconnected')).toHaveLength(1);
  });

  test('BODY-03 a reset breaks off', async () => {
    const sockets: Socket[] = [];
    await using server = await serveRaw((socket) => {
      sockets.push(socket);
      socket.write(`${chunked}${chunk('data: x\n\n')}`);
    });
    using client = watch({ url: server.url });
    await client.next();
    await client.text(9);
    sockets[0]?.resetAndDestroy();
    expect(await client.end()).toMatchObject({ disconnect: { code: 'ECONNRESET' } });
  });

  describe('no more than 64 KiB are read ahead', () => {
    /** A connected, paused client, a function that writes to it, and its count of read bytes. */
    async function paused(): Promise<
      AsyncDisposable & {
        readonly client: Watched;
        readonly write: (text: string) => Promise<unknown>;
        readonly bytesRead: () => number;
      }
    > {
      const ours: Socket[] = [];
      const keep = (message: unknown): void => {
        ours.push((message as { readonly socket: Socket }).socket);
      };
      channel('net.client.socket').subscribe(keep);
      const theirs: Socket[] = [];
      const server = await serveRaw((socket) => {
        theirs.push(socket);
        socket.write(chunked);
      });
      const client = watch({ url: server.url });
      await client.next();
      channel('net.client.socket').unsubscribe(keep);
      client.connection.pause();
      const before = ours[0]?.bytesRead ?? 0;
      return {
        client,
        write: (text) => new Promise((resolve) => theirs[0]?.write(text, resolve)),
        bytesRead: () => (ours[0]?.bytesRead ?? 0) - before,
        async [Symbol.asyncDispose]() {
          client[Symbol.dispose]();
          await server.close();
        },
      };
    }

    test('of packets that come one by one', async () => {
      await using stream = await paused();
      const text = `:${'x'.repeat(1021)}\n\n`;
      for (let round = 0; round < 100; round++) {
        const read = stream.bytesRead();
        await stream.write(chunk(text));
        // Each is read as a packet of its own, until the client reads no more.
        for (let turn = 0; turn < 50 && stream.bytesRead() === read; turn++) {
          await new Promise(setImmediate);
        }
      }
      await aWhile();
      expect(stream.client.calls).toHaveLength(1);
      expect(stream.bytesRead()).toBeLessThanOrEqual(66 * chunk(text).length);
      stream.client.connection.resume();
      expect(await stream.client.text(100 * text.length)).toBe(text.repeat(100));
    });

    test('of packets of one byte, each of which takes more', async () => {
      await using stream = await paused();
      const count = 100_000;
      void stream.write(chunk(':').repeat(count));
      await aWhile();
      // One read of the socket brings more packets than the limit.
      expect(stream.bytesRead()).toBeLessThanOrEqual(2 * 65_536);
      stream.client.connection.resume();
      expect(await stream.client.text(count)).toBe(':'.repeat(count));
    });
  });
});
