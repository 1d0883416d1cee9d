import { execFile } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { Agent, createServer as createSecureServer1 } from 'node:https';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { data, end, goAway, head, reset, serveFrames, serverError } from '../support/frames.ts';
import { Queue } from '../support/queue.ts';
import {
  aWhile,
  cert,
  allClosed,
  key,
  listen,
  connectionOpened,
  type TestServer,
} from '../support/servers.ts';
import { http2, serveHttp2 } from '../support/versions.ts';
import type { HandlerCall, Watched } from '../support/watched-connection.ts';

const { watch } = http2;
const eventStream = { 'content-type': 'text/event-stream' };

/** A server whose exchanges the test takes in order. */
async function serveExchanges(): Promise<TestServer & { readonly next: () => Promise<Exchange> }> {
  const exchanges = new Queue<Exchange>();
  const server = await serveHttp2((request, response) => {
    exchanges.push({ request, response } as Exchange);
  });
  return { ...server, next: () => exchanges.next() };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse & { readonly stream: ServerHttp2Stream };
}

/** A connected client of that server, and its exchange. */
async function connected(
  server: Awaited<ReturnType<typeof serveExchanges>>,
  request: Omit<Parameters<typeof watch>[0], 'url'> = {},
): Promise<Exchange & { readonly client: Watched }> {
  const client = watch({ ...request, url: server.url });
  const exchange = await server.next();
  exchange.response.writeHead(200, eventStream).flushHeaders();
  expect((await client.next()).type).toBe('connected');
  return { ...exchange, client };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise(setImmediate);
  }
}

describe('one connection for many', () => {
  test('streams to an origin share a connection', async () => {
    await using server = await serveExchanges();
    const first = await connected(server);
    const all = [
      first,
      ...(await Promise.all(Array.from({ length: 19 }, () => connected(server)))),
    ];
    expect(server.requests.map(({ httpVersion }) => httpVersion)).toEqual(Array(20).fill('2.0'));
    expect(server.sockets.size).toBe(1);
    all.forEach(({ response }, index) => response.write(`data: ${index}\n\n`));
    await Promise.all(all.map(({ client }) => client.text('data: 0\n\n'.length)));
    all.forEach(({ client }) => client.connection.destroy());
    await allClosed(server);
  });

  test('more streams than the server allows on one connection get a second one', async () => {
    const most = { maxConcurrentStreams: 2 };
    const server = createSecureServer({ cert, key, settings: most }, (_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\n');
    });
    await using listening = await listen(server, 'https:');
    for (const sockets of [1, 1, 2]) {
      const client = watch({ url: listening.url });
      expect((await client.next()).type).toBe('connected');
      expect(listening.sockets.size).toBe(sockets);
    }
  });

  test('streams that begin all at once keep one of the connections that they begin with', async () => {
    await using server = await serveExchanges();
    const all = await Promise.all(Array.from({ length: 5 }, () => connected(server)));
    await until(() => server.sockets.size === 1);
    all.forEach(({ response }) => response.write('data: x\n\n'));
    const result = await Promise.all(all.map(({ client }) => client.text(9)));
    expect(result).toEqual(Array(5).fill('data: x\n\n'));
    all.forEach(({ client }) => client.connection.destroy());
  });

  test('LIFE-03 a stream that is destroyed is cancelled, and the others go on', async () => {
    await using server = await serveExchanges();
    const one = await connected(server);
    const other = await connected(server);
    const closed = new Promise((resolve) => one.response.stream.once('close', resolve));
    one.client.connection.destroy();
    await closed;
    // CANCEL (RFC 9113 7): the stream is no longer needed, without an error.
    expect(one.response.stream.rstCode).toBe(8);
    other.response.write('data: x\n\n');
    expect(await other.client.text(9)).toBe('data: x\n\n');
    expect(server.sockets.size).toBe(1);
    other.client.connection.destroy();
    await allClosed(server);
  });

  test('LIFE-07 the connection is closed with the last stream, however that ends', async () => {
    await using server = await serveExchanges();
    const one = await connected(server);
    const other = await connected(server);
    one.response.end();
    expect(await one.client.end()).toMatchObject({ disconnect: { type: 'closed' } });
    other.response.stream.close(0);
    expect(await other.client.end()).toMatchObject({ disconnect: { type: 'closed' } });
    await allClosed(server);
  });

  test('LIFE-07 a program whose last stream has ended exits by itself', async () => {
    await using server = await serveHttp2((_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\n');
    });
    const program = `
      import { openConnection } from ${JSON.stringify(import.meta.resolve('../../src/http/connection.ts'))};
      const handlers = { connected() {}, failed: console.log, disconnected: console.log, packet() { connection.destroy(); } };
      const request = { url: '${server.url}', tls: { ca: ${JSON.stringify(cert)} }, got: { http2: true } };
      const connection = openConnection(request, handlers, { now: () => 0, setTimeout, clearTimeout });
    `;
    const flags = ['--conditions=@reprise/source', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout).toBe('');
    expect(server.requests).toHaveLength(1);
  }, 30_000);

  test('ST-05 a redirect within the origin stays on its connection', async () => {
    const ports: unknown[] = [];
    await using server = await serveHttp2((request, response) => {
      ports.push(request.socket.remotePort);
      if (request.url === '/events') {
        response.writeHead(307, { location: '/next' }).end();
      } else {
        response.writeHead(200, eventStream).flushHeaders();
      }
    });
    using client = watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    expect(ports).toHaveLength(2);
    expect(new Set(ports).size).toBe(1);
  });

  test('clients that send another certificate, or trust another authority, share no connection', async () => {
    await using server = await serveExchanges();
    const plain = await connected(server);
    const known = await connected(server, { tls: { ca: cert, cert, key } });
    expect(server.sockets.size).toBe(2);
    plain.client.connection.destroy();
    known.client.connection.destroy();
  });

  test('a session given by the user is left alone', async () => {
    await using server = await serveExchanges();
    const session = connect(server.url, { ca: cert });
    const { client, response } = await connected(server, { got: { h2session: session as never } });
    const closed = new Promise((resolve) => response.stream.once('close', resolve));
    client.connection.destroy();
    await closed;
    expect(session).toMatchObject({ closed: false, destroyed: false });
    expect(session.localSettings.initialWindowSize).toBe(65_535);
    session.destroy();
  });

  test('an agent for https: given by the user means HTTP/1.1', async () => {
    await using server = await serveBoth();
    const agent = new Agent();
    using client = watch({ url: server.url, got: { agent: { https: agent } } });
    await client.next();
    expect(server.requests[0]?.httpVersion).toBe('1.1');
  });
});

describe('back-pressure', () => {
  test('BODY-16 a stream that is paused holds up its server, and no other stream', async () => {
    await using server = await serveExchanges();
    const slow = await connected(server);
    const fast = await connected(server);
    slow.client.connection.pause();
    let sent = 0;
    const piece = Buffer.alloc(16_384, 'data: x\n\n');
    const write = (): void => {
      do {
        sent += piece.length;
      } while (slow.response.write(piece));
      slow.response.once('drain', write);
    };
    write();
    let before = -1;
    while (sent !== before) {
      before = sent;
      await aWhile();
    }
    // The window of 256 KiB, and the buffers of the streams at both ends.
    expect(sent).toBeLessThan(2 ** 20);
    expect(slow.client.calls).toHaveLength(1);
    for (let round = 0; round < 100; round++) {
      fast.response.write(piece);
    }
    await fast.client.text(100 * piece.length);
    slow.client.connection.resume();
    await slow.client.text(sent);
    slow.client.connection.destroy();
    fast.client.connection.destroy();
  });
});

describe('destroyed', () => {
  test('LIFE-01 during the negotiation of HTTP/2: no handler is called and no socket is left', async () => {
    const silent = createTlsServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
      socket.resume();
      client.connection.destroy();
    });
    await using server = await listen(silent, 'https:');
    const client = watch({ url: server.url });
    await connectionOpened(server);
    await allClosed(server);
    expect(client.calls).toEqual([]);
  });

  test('LIFE-01 while another stream waits for the same connection: the other one still gets a connection', async () => {
    await using server = await serveExchanges();
    const known = await connected(server);
    known.client.connection.destroy();
    await allClosed(server);
    using first = watch({ url: server.url });
    const second = connected(server);
    await connectionOpened(server);
    first.connection.destroy();
    const { client } = await second;
    expect(first.calls).toEqual([]);
    client.connection.destroy();
    await allClosed(server);
  });
});

describe('silence on a connection, which may be dead', () => {
  test('REC-15 after an idle timeout the next attempt has a connection of its own', async () => {
    await using server = await serveExchanges();
    const silent = await connected(server, { idleTimeout: 1000 });
    const other = await connected(server);
    await silent.client.advance(1000);
    expect(silent.client.calls.at(-1)).toMatchObject({ disconnect: { type: 'timeout' } });
    const next = await connected(server);
    expect(server.sockets.size).toBe(2);
    other.response.write('data: x\n\n');
    expect(await other.client.text(9)).toBe('data: x\n\n');
    other.client.connection.destroy();
    await until(() => server.sockets.size === 1);
    next.client.connection.destroy();
  });

  test('NET-05 REC-15 a connection on which a response did not come is not used again either', async () => {
    await using server = await serveExchanges();
    const other = await connected(server);
    using late = watch({ url: server.url, responseTimeout: 1000 });
    await server.next();
    await late.advance(1000);
    expect(late.calls).toMatchObject([{ failure: { type: 'timeout', phase: 'response' } }]);
    const next = await connected(server);
    expect(server.sockets.size).toBe(2);
    other.client.connection.destroy();
    next.client.connection.destroy();
  });

  test('421: a connection whose server does not answer for the origin is not used again either', async () => {
    await using server = await serveExchanges();
    const other = await connected(server);
    using misdirected = watch({ url: server.url });
    (await server.next()).response.writeHead(421).end();
    expect(await misdirected.end()).toMatchObject({ failure: { type: 'status', status: 421 } });
    const next = await connected(server);
    expect(server.sockets.size).toBe(2);
    other.response.write('data: x\n\n');
    expect(await other.client.text(9)).toBe('data: x\n\n');
    other.client.connection.destroy();
    next.client.connection.destroy();
  });

  test('BODY-06 the only stream closes its connection at once', async () => {
    await using server = await serveExchanges();
    const silent = await connected(server, { idleTimeout: 1000 });
    await silent.client.advance(1000);
    await allClosed(server);
    expect(server.sockets.size).toBe(0);
  });
});

describe('failures', () => {
  const codes = [
    [0, 'NO_ERROR', 'ECONNRESET'],
    [1, 'PROTOCOL_ERROR', 'NGHTTP2_PROTOCOL_ERROR'],
    [2, 'INTERNAL_ERROR', 'NGHTTP2_INTERNAL_ERROR'],
    [3, 'FLOW_CONTROL_ERROR', 'NGHTTP2_FLOW_CONTROL_ERROR'],
    [7, 'REFUSED_STREAM', 'NGHTTP2_REFUSED_STREAM'],
    [8, 'CANCEL', 'ECONNRESET'],
    [11, 'ENHANCE_YOUR_CALM', 'NGHTTP2_ENHANCE_YOUR_CALM'],
    [13, 'HTTP_1_1_REQUIRED', 'NGHTTP2_HTTP_1_1_REQUIRED'],
  ] as const;

  async function outcome(url: string): Promise<readonly HandlerCall[]> {
    using client = watch({ url });
    await client.end();
    return client.calls;
  }

  test.each(codes)(
    'NET-07 a reset with %i (%s) instead of an answer: %s',
    async (code, _, name) => {
      await using server = await serveFrames((socket, id) => socket.write(reset(id, code)));
      expect(await outcome(server.url)).toMatchObject([
        { failure: { type: 'network', code: name } },
      ]);
      await allClosed(server);
    },
  );

  test.each(codes.slice(1))(
    'BODY-03 a reset with %i (%s) in the middle: %s',
    async (code, _, name) => {
      await using server = await serveFrames((socket, id) => {
        socket.write(Buffer.concat([head(id), data(id, 'data: x\n\n')]));
        socket.write(reset(id, code));
      });
      const calls = await outcome(server.url);
      expect(calls.at(-1)).toMatchObject({ disconnect: { type: 'network', code: name } });
      expect(calls[0]?.type).toBe('connected');
    },
  );

  test('BODY-01 a reset with NO_ERROR, which asks for no more of the request, is an end', async () => {
    await using server = await serveFrames((socket, id) => {
      socket.write(Buffer.concat([head(id), data(id, 'data: x\n\n'), end(id), reset(id, 0)]));
    });
    expect((await outcome(server.url)).at(-1)).toMatchObject({ disconnect: { type: 'closed' } });
  });

  test.each(codes.slice(1))(
    'BODY-03 a connection given up with %i (%s): %s',
    async (code, _, name) => {
      await using server = await serveFrames((socket, id) => {
        socket.write(Buffer.concat([head(id), data(id, 'data: x\n\n')]));
        socket.write(goAway(id, code));
      });
      const calls = await outcome(server.url);
      expect(calls.at(-1)).toMatchObject({ disconnect: { type: 'network', code: name } });
    },
  );

  test('NET-07 a request that came too late for a connection that closes: REFUSED_STREAM', async () => {
    await using server = await serveFrames((socket) => socket.write(goAway(0, 0)));
    expect(await outcome(server.url)).toMatchObject([
      { failure: { type: 'network', code: 'NGHTTP2_REFUSED_STREAM' } },
    ]);
  });

  test('on a connection that closes in good order streams go on; new ones have another', async () => {
    await using server = await serveExchanges();
    const old = await connected(server);
    old.response.stream.session?.goaway(0);
    old.response.write('data: x\n\n');
    await old.client.text(9);
    const young = await connected(server);
    expect(server.sockets.size).toBe(2);
    old.response.write('data: y\n\n');
    expect(await old.client.text(9)).toBe('data: y\n\n');
    old.client.connection.destroy();
    young.client.connection.destroy();
  });

  test('BODY-03 REC-14 a connection that breaks off is reported by each of its streams, once', async () => {
    await using server = await serveExchanges();
    const all = [await connected(server), await connected(server), await connected(server)];
    server.sockets.forEach((socket) => socket.destroy());
    for (const { client } of all) {
      expect(await client.end()).toMatchObject({
        disconnect: { type: 'network', code: 'ECONNRESET' },
      });
      expect(client.calls).toHaveLength(2);
    }
  });

  test('BODY-03 a body that is shorter than its Content-Length', async () => {
    await using server = await serveHttp2((_, response) => {
      response.writeHead(200, { ...eventStream, 'content-length': '100' }).end('data: x\n\n');
    });
    expect((await outcome(server.url)).at(-1)).toMatchObject({
      disconnect: { type: 'network', code: 'NGHTTP2_PROTOCOL_ERROR' },
    });
  });

  test('ST-17 the body of an error that breaks off gives the part that came', async () => {
    await using server = await serveFrames((socket, id) => {
      socket.write(Buffer.concat([serverError(id), data(id, 'sorry'), reset(id, 2)]));
    });
    expect(await outcome(server.url)).toMatchObject([{ failure: { status: 500, body: 'sorry' } }]);
  });

  test.each([
    ['NET-07 closes at once', (socket: { end(): unknown }) => socket.end(), 'ECONNRESET'],
    [
      'NET-08 speaks something else',
      (socket: { write(text: string): unknown }) => socket.write('HTTP/1.1 400 No\r\n\r\n'),
      'ERR_HTTP2_ERROR',
    ],
  ])('a server that has agreed to HTTP/2 and %s', async (_name, opened, code) => {
    await using server = await serveFrames(() => undefined, opened);
    expect(await outcome(server.url)).toMatchObject([{ failure: { type: 'network', code } }]);
  });

  test('NET-04 a server that negotiates HTTP/2 and then is silent ends the attempt after connectTimeout', async () => {
    const silent = createTlsServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) =>
      socket.resume(),
    );
    await using server = await listen(silent, 'https:');
    using client = watch({ url: server.url, connectTimeout: 50 });
    expect(await client.end()).toMatchObject({
      failure: { type: 'timeout', phase: 'connect', ms: 50 },
    });
    await allClosed(server);
  });

  test('NET-09 a head of 100 KiB', async () => {
    const server = createSecureServer(
      { cert, key, maxSendHeaderBlockLength: 2 ** 20 },
      (_, response) => {
        response.stream.on('error', () => undefined);
        response.writeHead(200, { ...eventStream, 'x-long': 'x'.repeat(102_400) }).end();
      },
    );
    await using listening = await listen(server, 'https:');
    const [call] = await outcome(listening.url);
    expect(call).toMatchObject({ failure: { type: 'network' } });
  });

  test('NET-03 an untrusted certificate', async () => {
    await using server = await serveExchanges();
    using client = watch({ url: server.url, tls: { ca: [] } });
    expect(await client.end()).toMatchObject({
      failure: { type: 'certificate', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });
});

describe('single bytes and frames', () => {
  test('ST-02 LIFE-05 head and event in one packet: the head first, and after destroy nothing', async () => {
    await using server = await serveFrames((socket, id) =>
      socket.write(Buffer.concat([head(id), data(id, 'data: x\n\n')])),
    );
    using client = watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
    using stopped = watch({ url: server.url }, (_, connection) => {
      connection.destroy();
    });
    await stopped.next();
    await aWhile();
    expect(stopped.calls).toHaveLength(1);
  });

  test('LIFE-04 destroyed inside a packet, it delivers no further one of the same write', async () => {
    await using server = await serveFrames((socket, id) => {
      const frames = Array.from({ length: 5 }, () => data(id, 'data: x\n\n'));
      socket.write(Buffer.concat([head(id), ...frames]));
    });
    using client = watch({ url: server.url }, (call, connection) => {
      if (call.type === 'packet') {
        connection.destroy();
      }
    });
    await client.next();
    await client.next();
    await allClosed(server);
    expect(client.calls).toHaveLength(2);
  });

  test('NET-10 BODY-11 a head and a body in packets of one byte', async () => {
    await using server = await serveFrames((socket, id) => {
      void (async () => {
        for (const byte of Buffer.concat([head(id), data(id, 'data: x\n\n')])) {
          socket.write(Uint8Array.of(byte));
          await new Promise(setImmediate);
        }
      })();
    });
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({ response: { headers: eventStream } });
    expect(await client.text(9)).toBe('data: x\n\n');
  });

  test('ST-19 100 and 103 do not count as the response', async () => {
    await using server = await serveHttp2((_, response) => {
      response.writeContinue();
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      response.writeHead(200, eventStream).flushHeaders();
    });
    using client = watch({ url: server.url });
    expect(await client.next()).toMatchObject({ type: 'connected', response: { status: 200 } });
  });
});

/** HTTP/2, and HTTP/1.1 for clients that ask for it. */
async function serveBoth(): Promise<TestServer> {
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (_, response) => {
    response.writeHead(200, eventStream).write('data: x\n\n');
  });
  return listen(server, 'https:');
}

describe('a server that does not speak HTTP/2', () => {
  async function serveOld(port = 0): Promise<TestServer> {
    const server = createSecureServer1({ cert, key }, (_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\n');
    });
    return listen(server, 'https:', port);
  }

  test('is asked by HTTP/1.1, and no socket is left of either', async () => {
    await using server = await serveOld();
    // A host name that no other test uses: got caches the protocol of an origin, and the system may
    // give the same port twice.
    using client = watch({ url: server.url.replace('127.0.0.1', 'localhost') });
    expect(await client.next()).toMatchObject({ type: 'connected' });
    expect(await client.text(9)).toBe('data: x\n\n');
    expect(server.requests[0]?.httpVersion).toBe('1.1');
    client.connection.destroy();
    await allClosed(server);
  });

  test('any more is noticed after one failure', async () => {
    const server = await serveExchanges();
    const { client } = await connected(server);
    client.connection.destroy();
    await server.close();
    await using old = await serveOld(server.port);
    using failing = watch({ url: old.url });
    expect(await failing.next()).toMatchObject({
      failure: { type: 'tls', code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' },
    });
    using next = watch({ url: old.url });
    expect((await next.next()).type).toBe('connected');
  });
});

/**
 * Rules of the catalogue that only HTTP/1.1 can break. NET-06, a head that comes line by line, is
 * another: here a head is one block, and NET-05 limits its time.
 */
describe('left out', () => {
  test.each([
    ['BODY-08 the size of a chunk', { 'transfer-encoding': 'chunked' }],
    ['BODY-05 a body to the end of its connection', { connection: 'close' }],
    ['101, another protocol', { upgrade: 'x' }],
  ])('%s: HTTP/2 has no such thing', async (_name, headers) => {
    const refused = new Queue<unknown>();
    await using server = await serveHttp2((_, response) => {
      try {
        (response as Exchange['response']).stream.respond(headers);
      } catch (error) {
        refused.push(error);
        response.end();
      }
    });
    using client = watch({ url: server.url });
    expect(await refused.next()).toMatchObject({ code: 'ERR_HTTP2_INVALID_CONNECTION_HEADERS' });
    await client.end();
  });
});
