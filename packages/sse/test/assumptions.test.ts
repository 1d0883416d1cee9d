/**
 * Undocumented behaviour of Node, got, eventsource-parser and xstate that the sources rely on. When
 * a new version of one of them breaks a test here, check the file that the test names.
 */
import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { Agent, type ClientRequest, get, IncomingMessage } from 'node:http';
import type { ClientHttp2Stream } from 'node:http2';
import { PassThrough, Writable } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import got, { type OptionsInit, type Request, type RequestError, TimeoutError } from 'got';
import { type ActorScope, type AnyActorLogic, createActor, createMachine } from 'xstate';

import { GotExchange } from '../src/http/exchange.ts';
import { heldBytes } from './support/garbage.ts';
import {
  aWhile,
  cert,
  allClosed,
  key,
  listen,
  serve,
  serveRaw,
  type TestServer,
} from './support/servers.ts';
import { serveHttp2 } from './support/versions.ts';

const eventStream = { 'content-type': 'text/event-stream' };

/** A response of two bytes on a connection that the server does not close. */
function serveOpen(): Promise<TestServer> {
  return serveRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
  });
}

async function responseOf(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return response;
}

async function gotResponse(url: string, options: OptionsInit = {}): Promise<IncomingMessage> {
  const stream = got.stream(url, { retry: { limit: 0 }, ...options });
  stream.on('error', () => undefined);
  const [response] = (await once(stream, 'response')) as [IncomingMessage];
  return response;
}

function isNodeListener({ name }: { readonly name: string }): boolean {
  return name === 'responseOnEnd';
}

describe('http/exchange.ts: Node', () => {
  test('has one listener for the end of a response, responseOnEnd, which closes the socket', async () => {
    await using server = await serveOpen();
    const response = await responseOf(server.url);
    const [listener, ...others] = response.listeners('end').filter(isNodeListener);
    expect(others).toEqual([]);
    response
      .removeAllListeners()
      .on('end', listener as () => void)
      .resume();
    await allClosed(server);
  });

  test('leaves the socket open without that listener', async () => {
    await using server = await serveOpen();
    const response = await responseOf(server.url);
    response.removeAllListeners().resume();
    await once(response, 'end');
    await aWhile();
    expect(server.sockets.size).toBe(1);
  });
});

describe('http/exchange.ts: got', () => {
  test('emits the response object of Node, and keeps the listener of Node on it', async () => {
    await using server = await serveOpen();
    const response = await gotResponse(server.url);
    expect(Object.getPrototypeOf(response)).toBe(IncomingMessage.prototype);
    expect(response.listeners('end').some(isNodeListener)).toBe(true);
  });

  test('emits a PassThrough if it decompresses', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hi'));
    });
    const response = await gotResponse(server.url);
    expect(Object.getPrototypeOf(response)).toBe(PassThrough.prototype);
  });

  test('listens for "readable", which is removed so that the response flows', async () => {
    await using server = await serveOpen();
    const response = await gotResponse(server.url);
    expect(response.listenerCount('readable')).toBe(1);
    response.removeAllListeners('readable');
    const [chunk] = (await once(response.resume(), 'data')) as [Buffer];
    expect(String(chunk)).toBe('hi');
  });

  test('can be garbage collected once it is detached from a response', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\n');
    });
    const { exchange, held } = await detached(server.url);
    heldBytes();
    // A WeakRef keeps its target until the end of the turn that made or read it.
    await new Promise(setImmediate);
    heldBytes();
    expect(held.deref()).toBeUndefined();
    exchange.destroy();
  });

  async function detached(
    url: string,
  ): Promise<{ readonly exchange: GotExchange; readonly held: WeakRef<Request> }> {
    const { promise, resolve } = Promise.withResolvers<WeakRef<Request>>();
    const hop = { method: 'GET', headers: {}, body: undefined, isAtHome: true, trail: [] };
    const exchange: GotExchange = new GotExchange(
      { ...hop, url: new URL(url) },
      {},
      {
        answered: (response) => {
          const { request } = response as unknown as { readonly request: Request };
          exchange.accepted();
          resolve(new WeakRef(request));
        },
        upgraded: () => undefined,
        failed: () => undefined,
      },
    );
    return { held: await promise, exchange };
  }
});

describe('http/got-options.ts', () => {
  test('Node: an agent gives highWaterMark to its sockets', async () => {
    await using server = await serveOpen();
    const agent = new Agent({ keepAlive: false, highWaterMark: 1 } as object);
    const request = get(server.url, { agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.socket.readableHighWaterMark).toBe(1);
    response.resume();
    await allClosed(server);
  });

  test('got: over HTTP/2 a timeout names the shortest of lookup, connect and secureConnect', async () => {
    // Accepts the connection and is silent.
    await using server = await serveRaw(() => undefined);
    const stream = got.stream(server.url.replace('http:', 'https:'), {
      http2: true,
      retry: { limit: 0 },
      timeout: { lookup: 51, connect: 50, secureConnect: 50 },
    });
    const [error] = (await once(stream as EventEmitter, 'error')) as [TimeoutError];
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.event).toBe('connect');
  });
});

describe('http/http2.ts: got', () => {
  interface Opened {
    readonly stream: ClientHttp2Stream;
    readonly count: () => number | undefined;
  }

  async function open(url: string, https: OptionsInit['https'] = {}): Promise<Opened> {
    const options = { http2: true, https: { certificateAuthority: cert, ...https } } as OptionsInit;
    const request = got.stream(url, { ...options, retry: { limit: 0 } });
    request.on('error', () => undefined);
    const [sending] = (await once(request, 'request')) as [
      ClientRequest & { readonly stream: ClientHttp2Stream },
    ];
    await once(sending, 'socket');
    const { stream } = sending;
    const session = stream.session as unknown as { readonly currentStreamCount?: number };
    return { stream, count: () => session.currentStreamCount };
  }

  const neverEnding = (): Promise<TestServer> =>
    serveHttp2((_, response) => {
      response.writeHead(200, eventStream).flushHeaders();
    });

  test('has the stream of a request when it emits "socket", and counts the streams of its session', async () => {
    await using server = await neverEnding();
    const one = await open(server.url);
    expect(one.count()).toBe(1);
    const other = await open(server.url);
    expect([one.count(), other.count()]).toEqual([2, 2]);
    const counted = new Promise((resolve) => {
      // This listener runs after the one that got has added before.
      one.stream.once('close', () => {
        resolve(one.count());
      });
    });
    one.stream.close();
    expect(await counted).toBe(1);
  });

  test('shares a session among requests with one tlsSessionLifetime, and no other', async () => {
    await using server = await neverEnding();
    await open(server.url, { tlsSessionLifetime: 301 });
    await open(server.url, { tlsSessionLifetime: 301 });
    expect(server.sockets.size).toBe(1);
    await open(server.url, { tlsSessionLifetime: 302 });
    expect(server.sockets.size).toBe(2);
  });
});

describe('http/got-error.ts: got', () => {
  test('has no code for a session that ends before it begins, but HTTP/2 in the message', async () => {
    const silent = createTlsServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
      socket.on('error', () => undefined).end();
    });
    await using server = await listen(silent, 'https:');
    const stream = got.stream(server.url, {
      http2: true,
      https: { certificateAuthority: cert },
      retry: { limit: 0 },
    });
    const [error] = (await once(stream as EventEmitter, 'error')) as [RequestError];
    expect(error.code).toBe('ERR_GOT_REQUEST_ERROR');
    expect(error.message).toContain('HTTP/2');
  });
});

describe('eventsource/fetch.ts: got', () => {
  test('calls the option `request`, and takes a Writable with "response" for a request', async () => {
    const asked: string[] = [];
    const request = (url: URL): Writable => {
      asked.push(url.href);
      const sent = new Writable({
        final: (done) => {
          done();
          sent.emit('error', Object.assign(new Error('from the option'), { code: 'ERR_OPTION' }));
        },
      });
      return sent;
    };
    const options = { request, retry: { limit: 0 } } as unknown as OptionsInit;
    const stream = got.stream('http://localhost:1/', options);
    const [error] = (await once(stream as EventEmitter, 'error')) as [RequestError];
    expect(asked).toEqual(['http://localhost:1/']);
    expect(error.code).toBe('ERR_OPTION');
  });
});

describe('format/parser.ts: eventsource-parser', () => {
  test('reports an overflow of its buffer only at the next feed', () => {
    const parser = createParser({ maxBufferSize: 8, onEvent: () => undefined });
    expect(() => {
      parser.feed('data: 123456789');
    }).not.toThrow();
    expect(() => {
      parser.feed('');
    }).toThrow('Cannot feed parser');
  });

  test('looks for a byte order mark only in its first feed', () => {
    const data: string[] = [];
    const parser = createParser({ onEvent: (event) => data.push(event.data) });
    parser.feed('\uFEFF');
    parser.feed('\uFEFFdata: hidden by the mark\n\ndata: x\n\n');
    expect(data).toEqual(['x']);
  });

  test('reports an id before its event', () => {
    const order: string[] = [];
    const parser = createParser({
      onEvent: () => order.push('event'),
      onId: () => order.push('id'),
    });
    parser.feed('data: x\nid: 1\n\n');
    expect(order).toEqual(['id', 'event']);
  });
});

test('client/machine.ts: xstate calls actionExecutor before transition returns', () => {
  const machine = createMachine({
    initial: 'a',
    states: { a: { on: { GO: { target: 'b', actions: 'leave' } } }, b: { entry: 'enter' } },
  });
  const self = createActor(machine);
  const done: string[] = [];
  const nothing = (): void => undefined;
  const scope = {
    self,
    id: self.id,
    sessionId: self.sessionId,
    system: self.system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: ({ type }: { readonly type: string }) => done.push(type),
  } as unknown as ActorScope<never, never> & Parameters<AnyActorLogic['transition']>[2];
  const before = machine.getInitialSnapshot(scope as never, undefined);
  const next = machine.transition(before, { type: 'GO' }, scope as never);
  expect([next.value, done]).toEqual(['b', ['leave', 'enter']]);
});
