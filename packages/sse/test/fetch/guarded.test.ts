import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import { describe, expect, jest, test } from '@jest/globals';
import { virtualClock, type VirtualClock } from '@reprise/actor/testing';
import {
  FetchError,
  type FetchFailure,
  type FetchStatusChange,
  guarded,
  type GuardedFetch,
  type GuardOptions,
} from '@reprise/sse/fetch';

import { heldBytes } from '../support/garbage.ts';
import {
  aWhile,
  allClosed,
  closedPort,
  connectionOpened,
  serve,
  type TestServer,
} from '../support/servers.ts';

const eventStream = { 'content-type': 'text/event-stream' };

interface Guarded extends AsyncDisposable {
  readonly fetch: GuardedFetch;
  readonly server: TestServer;
  readonly clock: VirtualClock;
  /** The response of the server to the last request. */
  response(): ServerResponse;
}

/** A guarded fetch on a virtual clock, and a server that sends a head and leaves the rest open. */
async function guard(
  options: GuardOptions = {},
  headers: Record<string, string> = eventStream,
): Promise<Guarded> {
  const responses: ServerResponse[] = [];
  const server = await serve((_, response) => {
    responses.push(response);
    response.writeHead(200, headers).flushHeaders();
  });
  const clock = virtualClock();
  return {
    fetch: guarded({ clock, ...options }),
    server,
    clock,
    response: () => responses.at(-1) as ServerResponse,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

function readerOf({ body }: Response): Reader {
  return (body as ReadableStream<Uint8Array>).getReader();
}

/** The rejection of a promise; handled from now on. */
function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function failureOf(promise: Promise<unknown>): Promise<FetchFailure | undefined> {
  const error = await rejection(promise);
  return error instanceof FetchError ? error.failure : undefined;
}

test('the content of a request is read up to the next immediate of the clock', async () => {
  const immediates: (() => void)[] = [];
  const clock = {
    ...virtualClock(),
    setImmediate: (callback: () => void) => immediates.push(callback),
  };
  await using it = await guard({ clock });
  const { readable: body, writable } = new TransformStream<Uint8Array>();
  const request = new Request(it.server.url, { method: 'POST', body, duplex: 'half' });
  const fetched = it.fetch(request);
  await aWhile();
  expect(immediates).toHaveLength(1);
  immediates.shift()?.();
  await writable.close();
  expect((await fetched).status).toBe(200);
});

describe('limits of time', () => {
  test('a head that does not come is a FetchError, and no TypeError', async () => {
    await using server = await serve(() => undefined);
    const clock = virtualClock();
    const error = rejection(guarded({ clock, responseTimeout: 1000 })(server.url));
    await connectionOpened(server);
    await clock.advance(1000);
    expect(await error).toBeInstanceOf(FetchError);
    expect(await error).toMatchObject({
      code: 'ERR_FETCH_TIMEOUT',
      message: 'response timeout after 1000 ms',
      failure: { type: 'timeout', phase: 'response', ms: 1000 },
    });
    await allClosed(server);
    expect(server.requests).toHaveLength(1);
  });

  test('silence of a body ends it, and a comment ends a silence', async () => {
    await using it = await guard({ idleTimeout: 1000 });
    const reader = readerOf(await it.fetch(it.server.url));
    for (let round = 0; round < 3; round++) {
      const read = reader.read();
      await it.clock.advance(900);
      it.response().write(':\n');
      expect((await read).value).toHaveLength(2);
    }
    const failure = failureOf(reader.read());
    await it.clock.advance(1000);
    expect(await failure).toEqual({ type: 'timeout', phase: 'idle', ms: 1000 });
    await allClosed(it.server);
  });

  test('time in which the program does not read the body is no silence', async () => {
    await using it = await guard({ idleTimeout: 1000, bodyTimeout: 1000 }, {});
    const response = await it.fetch(it.server.url);
    await it.clock.advance(60_000);
    const read = readerOf(response).read();
    await it.clock.advance(999);
    it.response().write('x');
    expect((await read).value).toHaveLength(1);
  });

  test('bytes that never end an event pass its limit of time', async () => {
    await using it = await guard({ idleTimeout: 1000, bodyTimeout: 2000 });
    const reader = readerOf(await it.fetch(it.server.url));
    it.response().write('data: whole\n\n');
    await reader.read();
    const failure = failureOf(readAll(reader));
    for (let second = 0; second < 4; second++) {
      it.response().write('d');
      await byteRead(it);
      await it.clock.advance(900);
    }
    expect(await failure).toEqual({ type: 'timeout', phase: 'body', ms: 2000 });
  });

  test('comments without end are kept, unless eventTimeout asks for events', async () => {
    for (const eventTimeout of [Infinity, 2000]) {
      await using it = await guard({ idleTimeout: 1000, bodyTimeout: 1500, eventTimeout });
      const failure = failureOf(readAll(readerOf(await it.fetch(it.server.url))));
      for (let second = 0; second < 4; second++) {
        it.response().write(': ping\n');
        await byteRead(it);
        await it.clock.advance(900);
      }
      it.response().end();
      expect(await failure).toEqual(
        eventTimeout === Infinity ? undefined : { type: 'timeout', phase: 'event', ms: 2000 },
      );
    }
  });

  test('a body that is no event stream has a limit for the whole', async () => {
    await using it = await guard({ idleTimeout: 1000, bodyTimeout: 2000 }, {});
    const failure = failureOf((await it.fetch(it.server.url)).text());
    for (let second = 0; second < 3; second++) {
      it.response().write('x');
      await byteRead(it);
      await it.clock.advance(900);
    }
    expect(await failure).toEqual({ type: 'timeout', phase: 'body', ms: 2000 });
  });
});

/** Waits until a byte that the server has written is counted. */
async function byteRead({ fetch }: Guarded): Promise<void> {
  const [before] = fetch.requests;
  while (before !== undefined && fetch.requests[0]?.bytes === before.bytes) {
    await new Promise(setImmediate);
  }
}

async function readAll(reader: Reader): Promise<void> {
  while (!(await reader.read()).done) {
    // Goes on.
  }
}

test('the stream of a request that has failed is cancelled', async () => {
  await using server = await serve((request) => request.socket.destroy());
  const cancelled = Promise.withResolvers<void>();
  const start = (to: ReadableStreamDefaultController): void => to.enqueue(Uint8Array.of(1));
  const body = new ReadableStream({ start, cancel: () => cancelled.resolve() });
  await rejection(guarded()(server.url, { method: 'POST', body, duplex: 'half' }));
  await expect(cancelled.promise).resolves.toBeUndefined();
});

test('the body of a response breaks off when the stream of its request fails', async () => {
  await using server = await serve((_, response) => response.writeHead(200).flushHeaders());
  const upload = new TransformStream<Uint8Array, Uint8Array>();
  const writer = upload.writable.getWriter();
  void writer.write(Uint8Array.of(1));
  const changes: string[] = [];
  const fetch = guarded({ onStatus: ({ type }) => changes.push(type) });
  const response = await fetch(server.url, {
    method: 'POST',
    body: upload.readable,
    duplex: 'half',
  });
  void writer.abort(new Error('the disk is gone'));
  await expect(response.text()).rejects.toMatchObject({
    name: 'TypeError',
    cause: { failure: { type: 'request' }, cause: { message: 'the disk is gone' } },
  });
  expect(changes).toEqual(['requested', 'answered', 'failed']);
});

describe('limits of size', () => {
  test('an event above maxEventSize breaks the stream off, and smaller ones do not', async () => {
    await using it = await guard({ maxEventSize: 1000 });
    const reader = readerOf(await it.fetch(it.server.url));
    const event = `data: ${'x'.repeat(900)}\n\n`;
    it.response().write(event.repeat(5));
    const failure = failureOf(readAll(reader));
    it.response().write(`data: ${'x'.repeat(2000)}`);
    expect(await failure).toEqual({ type: 'tooLarge', limit: 1000 });
    await allClosed(it.server);
  });

  test('a body above maxBodySize breaks off, by its decompressed bytes', async () => {
    await using server = await serve((_, response) => {
      response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(100_000)));
    });
    const response = await guarded({ maxBodySize: 99_999 })(server.url);
    expect(await failureOf(response.text())).toEqual({ type: 'bodyTooLarge', limit: 99_999 });
    const whole = await guarded({ maxBodySize: 100_000 })(server.url);
    expect((await whole.arrayBuffer()).byteLength).toBe(100_000);
  });

  test('a server is slowed down by a reader that does not read', async () => {
    await using it = await guard({}, {});
    const response = await it.fetch(it.server.url);
    const sent = it.response();
    while (sent.write(Buffer.alloc(2 ** 20))) {
      await new Promise(setImmediate);
    }
    const size = sent.writableLength;
    expect(size).toBeGreaterThan(0);
    expect(it.fetch.requests).toMatchObject([{ state: 'held', bytes: 0 }]);
    await readerOf(response).cancel();
    await allClosed(it.server);
  });
});

describe('answers', () => {
  const page = { 'content-type': 'text/html; charset=utf-8' };
  test.each([
    ['whose Accept names another type', { headers: { accept: 'application/json' } }],
    [
      'that sends JSON',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
    ],
  ])('a page by 200 is an error for a request %s', async (_name, init) => {
    await using server = await serve((_, response) => {
      response.writeHead(200, page).end('<h1>Log in</h1>');
    });
    const failure = await failureOf(guarded()(server.url, init));
    expect(failure).toMatchObject({ type: 'contentType', status: 200 });
    expect(failure?.type === 'contentType' && failure.body).toBe('<h1>Log in</h1>');
    expect(JSON.stringify(failure)).not.toContain('Log in');
  });

  test.each([
    ['any type', 200, {}],
    ['HTML', 200, { headers: { accept: 'text/html, application/json' } }],
    ['JSON, if it is no success', 502, { headers: { accept: 'application/json' } }],
  ])('a page is an answer to a request for %s', async (_name, status, init) => {
    await using server = await serve((_, response) => {
      response.writeHead(status, page).end('<h1>Hello</h1>');
    });
    expect(await (await guarded()(server.url, init)).text()).toBe('<h1>Hello</h1>');
  });

  test('contentType decides for each successful answer, and its error is that of the fetch', async () => {
    await using server = await serve((_, response) => response.end('{}'));
    const types: string[] = [];
    const strict = guarded({ contentType: (type) => types.push(type) > 1 });
    expect(await failureOf(strict(server.url))).toMatchObject({ type: 'contentType' });
    expect(await (await strict(server.url)).text()).toBe('{}');
    expect(types).toEqual(['', '']);
    const failing = guarded({
      contentType: () => {
        throw new Error('mine');
      },
    });
    await expect(failing(server.url)).rejects.toMatchObject({
      name: 'FetchError',
      message: 'contentType failed: Error: mine',
      cause: { message: 'mine' },
    });
  });

  test('until: a stream that ends without its last event is incomplete', async () => {
    const until = ({ data }: { readonly data: string }): boolean => data === '[DONE]';
    for (const [text, failure] of [
      ['data: a\n\ndata: [DONE]\n\n', undefined],
      ['data: a\n\n', { type: 'incomplete' }],
    ] as const) {
      await using it = await guard({ until });
      const response = await it.fetch(it.server.url);
      it.response().end(text);
      expect(await failureOf(response.text())).toEqual(failure);
    }
  });

  test('an error that until throws is that of the body', async () => {
    const failure = new Error('mine');
    await using it = await guard({
      until: () => {
        throw failure;
      },
    });
    const response = await it.fetch(it.server.url);
    it.response().write('data: a\n\n');
    await expect(response.text()).rejects.toBe(failure);
  });
});

test.each([
  ['until', 'a promise', Promise.resolve(true)],
  ['until', '"yes"', 'yes'],
  ['contentType', 'a promise', Promise.resolve(false)],
  ['contentType', '"yes"', 'yes'],
])('%s that returns %s is an error, and no answer', async (name, got, answer) => {
  await using server = await serve((_, response) => {
    response.writeHead(200, eventStream).end('data: a\n\n');
  });
  const fetch = guarded({ [name]: () => answer });
  const text = fetch(server.url).then((response) => response.text());
  const error = (await rejection(text)) as { readonly message: string; readonly cause?: Error };
  const { message } = name === 'until' ? error : (error.cause as Error);
  expect(message).toMatch(`Expected ${name} to return true or false, got ${got}`);
});

test.each(['requested', 'answered', 'ended', 'failed', 'aborted'])(
  'onStatus that throws at %s is an uncaught exception, and the request comes to its end',
  async (type) => {
    const thrown: unknown[] = [];
    jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((throwError) => {
      try {
        throwError();
      } catch (error) {
        thrown.push(error);
      }
    });
    const failure = new Error('mine');
    const onStatus = (change: FetchStatusChange): void => {
      if (change.type === type) {
        throw failure;
      }
    };
    await using server = await serve(({ url }, response) => {
      response.writeHead(200, eventStream).write('data: a\n\n');
      response[url === '/events/cut' ? 'destroy' : 'end']();
    });
    const fetch = guarded({ onStatus });
    const aborted = AbortSignal.abort();
    expect(await (await fetch(server.url)).text()).toBe('data: a\n\n');
    expect(await rejection(fetch(`${server.url}/cut`))).toBeInstanceOf(TypeError);
    expect(await rejection(fetch(server.url, { signal: aborted }))).toBe(aborted.reason);
    expect(fetch.requests).toEqual([]);
    expect(new Set(thrown)).toEqual(new Set([failure]));
  },
);

describe('failures of the network', () => {
  test('no connection is a TypeError, with a FetchError as its cause', async () => {
    const error = await rejection(guarded()(`http://127.0.0.1:${await closedPort()}/`));
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
    expect((error as TypeError).cause).toBeInstanceOf(FetchError);
    expect((error as TypeError).cause).toMatchObject({
      code: 'ECONNREFUSED',
      failure: { type: 'network', code: 'ECONNREFUSED' },
    });
  });

  test('a body that breaks off is a TypeError, after all of its bytes', async () => {
    await using it = await guard();
    const reader = readerOf(await it.fetch(it.server.url));
    it.response().write('data: x\n\n');
    expect((await reader.read()).value).toHaveLength(9);
    it.response().destroy();
    const error = await rejection(reader.read());
    expect(error).toMatchObject({ name: 'TypeError', cause: { failure: { type: 'network' } } });
  });

  test('no request is sent a second time, whatever the failure', async () => {
    await using server = await serve((request) => request.socket.destroy());
    await rejection(guarded()(server.url));
    await rejection(guarded()(server.url, { method: 'POST', body: 'x' }));
    expect(server.requests).toHaveLength(2);
  });
});

describe('status', () => {
  test('onStatus and the channel reprise:fetch tell each change, and requests those in flight', async () => {
    const changes: FetchStatusChange[] = [];
    const published: unknown[] = [];
    const listen = (message: unknown): unknown => published.push(message);
    subscribe('reprise:fetch', listen);
    await using it = await guard({ onStatus: (change) => changes.push(change) });
    const response = await it.fetch(`${it.server.url}?token=s3cret`);
    it.response().write('data: x\n\n');
    await it.clock.advance(500);
    const reader = readerOf(response);
    await reader.read();
    await it.clock.advance(100);
    const [request] = it.fetch.requests;
    expect(request).toMatchObject({ id: 1, method: 'GET', state: 'held', status: 200, bytes: 9 });
    expect([request?.age, request?.silence]).toEqual([600, 100]);
    expect(JSON.stringify(changes)).not.toContain('s3cret');
    await reader.cancel();
    expect(changes.map(({ type }) => type)).toEqual(['requested', 'answered', 'aborted']);
    expect(published).toEqual(changes);
    expect(it.fetch.requests).toEqual([]);
    unsubscribe('reprise:fetch', listen);
  });

  test('the end of a body and its failures are told, with the failure', async () => {
    const changes: FetchStatusChange[] = [];
    const onStatus = (change: FetchStatusChange): unknown => changes.push(change);
    await using server = await serve((_, response) => response.end('hi'));
    await (await guarded({ onStatus })(server.url)).text();
    await rejection(guarded({ onStatus })(`http://127.0.0.1:${await closedPort()}/`));
    expect(changes.map(({ type }) => type)).toEqual([
      'requested',
      'answered',
      'ended',
      'requested',
      'failed',
    ]);
    expect(changes.at(-1)).toMatchObject({ failure: { type: 'network' } });
  });

  test('the connection of a response that no code can read any more is closed', async () => {
    await using it = await guard();
    await it.fetch(it.server.url);
    while (it.fetch.requests.length > 0) {
      heldBytes();
      await new Promise(setImmediate);
    }
    await allClosed(it.server);
    expect(it.server.sockets.size).toBe(0);
  });
});

describe('options', () => {
  test('a misspelt or impossible option is an error at once', () => {
    expect(() => guarded({ idleTimout: 1 } as GuardOptions)).toThrow('did you mean `idleTimeout`');
    expect(() => guarded({ idleTimeout: 0 })).toThrow(RangeError);
    expect(() => guarded({ until: 'x' } as unknown as GuardOptions)).toThrow(
      'Expected until to be a function (event) => …, got "x"',
    );
  });

  test('an option of fetch that would be ignored in silence is an error', async () => {
    const fetch = guarded();
    await expect(fetch('http://a/', { integrity: 'sha256-x' })).rejects.toThrow('integrity');
    await expect(fetch('http://a/', { dispatcher: {} } as RequestInit)).rejects.toThrow(
      'dispatcher',
    );
  });
});
