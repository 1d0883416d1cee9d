import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { EventSource, type FetchLike } from '../../src/eventsource.ts';
import { openSource } from '../support/event-source.ts';
import { Queue } from '../support/queue.ts';
import { closedPort, serve } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

const { CONNECTING, OPEN, CLOSED } = EventSource;

/** The global fetch, with a record of its arguments. */
function kept(): {
  readonly fetch: FetchLike;
  readonly calls: Queue<Parameters<FetchLike>>;
} {
  const calls = new Queue<Parameters<FetchLike>>();
  return {
    calls,
    fetch: (url, init) => {
      calls.push([url, init]);
      return fetch(url, init);
    },
  };
}

/** A response without a network, as a test of a program would construct it. */
function response(body: string | null, init: ResponseInit = {}): Response {
  return new Response(body, { headers: { 'content-type': 'text/event-stream' }, ...init });
}

describe('a fetch of the user’s', () => {
  test('makes every request: with our headers and its own, over drops, and from the URL on', async () => {
    await using stage = await openStage();
    const calls: string[] = [];
    using watched = openSource(stage.url, {
      fetch: (input, init) => {
        calls.push(String(input));
        return fetch(input, {
          ...init,
          headers: { ...init.headers, Authorization: 'Bearer myToken' },
        });
      },
    });
    const first = await stage.next();
    expect(first.request.headers).toMatchObject({
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
      authorization: 'Bearer myToken',
    });
    first.stream('retry: 0\n\nid: …\ndata: x\n\n');
    expect(await watched.next()).toMatchObject({ readyState: OPEN, event: { type: 'open' } });
    expect((await watched.next()).event).toMatchObject({
      data: 'x',
      lastEventId: '…',
      origin: new URL(stage.url).origin,
    });
    first.response.end();
    expect(await watched.next()).toMatchObject({
      readyState: CONNECTING,
      event: { type: 'error' },
    });
    const { request, refuse } = await stage.next();
    expect(request.headers['last-event-id']).toBe(Buffer.from('…').toString('latin1'));
    refuse(403);
    expect(await watched.next()).toMatchObject({ readyState: CLOSED, event: { code: 403 } });
    expect(calls).toEqual([stage.url, stage.url]);
  });

  test.each([
    [false, 'same-origin'],
    [true, 'include'],
  ])(
    'gets the request init of the standard: withCredentials %p',
    async (withCredentials, credentials) => {
      await using stage = await openStage();
      const { fetch, calls } = kept();
      using _watched = openSource(stage.url, { fetch, withCredentials });
      const [url, { signal, ...init }] = await calls.next();
      expect(String(url)).toBe(stage.url);
      expect(init).toEqual({
        headers: { Accept: 'text/event-stream' },
        mode: 'cors',
        credentials,
        cache: 'no-store',
        redirect: 'follow',
      });
      expect(signal.aborted).toBe(false);
    },
  );

  test('follows redirects, and the origin is that of the last URL', async () => {
    await using stage = await openStage();
    await using front = await serve((_, response) => {
      response.writeHead(307, { location: stage.url.replace('127.0.0.1', 'localhost') }).end();
    });
    using watched = openSource(front.url, { fetch });
    (await stage.next()).stream('data: x\n\n');
    await watched.next();
    expect((await watched.next()).event.origin).toBe(`http://localhost:${stage.server.port}`);
  });

  test('decompresses', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url, { fetch });
    const { response } = await stage.next();
    const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' };
    response.writeHead(200, headers).end(gzipSync('data: x\n\n'));
    await watched.next();
    expect((await watched.next()).event.data).toBe('x');
  });

  test('is aborted by close, while it waits and while it reads', async () => {
    await using stage = await openStage();
    const { fetch, calls } = kept();
    using waiting = openSource(stage.url, { fetch });
    using reading = openSource(stage.url, { fetch });
    const signals = [await calls.next(), await calls.next()].map(([, { signal }]) => signal);
    const exchanges = [await stage.next(), await stage.next()];
    exchanges[1]?.stream();
    // Either of the two sources: the server answers in the order of the connections.
    await Promise.race([waiting.next(), reading.next()]);
    waiting.source.close();
    reading.source.close();
    await Promise.all(exchanges.map(({ closed }) => closed));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    await settleNetwork();
    expect([...waiting.types, ...reading.types]).toEqual(['open']);
  });

  test('that ignores its signal has its reader cancelled by close', async () => {
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
    using watched = openSource('http://127.0.0.1/', {
      fetch: async () => ({
        status: 200,
        url: '',
        headers: new Headers({ 'content-type': 'text/event-stream' }),
        body: {
          getReader: () => ({
            read: () => new Promise<never>(() => undefined),
            cancel: async () => {
              cancel();
            },
          }),
        },
      }),
    });
    expect((await watched.next()).event.type).toBe('open');
    watched.source.close();
    await cancelled;
    expect(watched.types).toEqual(['open']);
  });

  test.each([
    ['throws', () => Promise.reject(new Error('no token')), 'no token'],
    [
      'throws a value that is no error',
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- any value may come
      () => Promise.reject('nothing'),
      'nothing',
    ],
  ])('that %s is tried again, with an error that says so', async (_how, failing, message) => {
    let calls = 0;
    using watched = openSource('http://127.0.0.1/', {
      fetch: async () => (calls++ === 0 ? failing() : response('data: x\n\n')),
    });
    const { readyState, event } = await watched.next();
    expect(readyState).toBe(CONNECTING);
    expect(event.message).toContain(message);
    expect((await watched.next()).event.type).toBe('open');
  });

  test('that cannot connect gives the reason', async () => {
    using watched = openSource(`http://127.0.0.1:${await closedPort()}/`, { fetch });
    const { readyState, event } = await watched.next();
    expect(readyState).toBe(CONNECTING);
    expect(event.message).toContain('ECONNREFUSED');
  });

  test('whose stream breaks off is tried again', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url, { fetch });
    const { stream, request } = await stage.next();
    stream('retry: 0\n\n');
    await watched.next();
    request.socket.resetAndDestroy();
    expect(await watched.next()).toMatchObject({
      readyState: CONNECTING,
      event: { type: 'error', code: undefined },
    });
    await stage.next();
  });

  test('may return a response of its own: no URL, no body, chunks of every kind, empty ones too', async () => {
    const bytes = new TextEncoder().encode('data: x\n\ndata: y\n\n');
    const chunks = [
      bytes.slice(0, 4),
      new Uint8Array(),
      bytes.slice(4, 9).buffer,
      new DataView(bytes.buffer, 9),
    ];
    let calls = 0;
    using watched = openSource('http://127.0.0.1/', {
      fetch: async () =>
        calls++ === 0
          ? response(null)
          : {
              status: 200,
              url: '',
              headers: new Headers({ 'content-type': 'text/event-stream' }),
              body: {
                getReader: () => ({
                  read: async () => ({ done: chunks.length === 0, value: chunks.shift() }),
                  cancel: async () => undefined,
                }),
              },
            },
    });
    const seen = [];
    for (let count = 0; count < 5; count += 1) {
      const { event } = await watched.next();
      seen.push(event.data ?? event.type);
      expect(event.origin ?? 'http://127.0.0.1').toBe('http://127.0.0.1');
    }
    expect(seen).toEqual(['open', 'error', 'open', 'x', 'y']);
    watched.source.close();
  });

  test('that answers after the close, against its signal, has its body cancelled', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const answer = Promise.withResolvers<Response>();
    const cancelled = Promise.withResolvers<void>();
    using watched = openSource('http://127.0.0.1/', {
      fetch: (_url, { signal }) => {
        asked.resolve(signal);
        return answer.promise;
      },
    });
    const signal = await asked.promise;
    watched.source.close();
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    const body = new ReadableStream({ cancel: () => cancelled.resolve() });
    answer.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    await expect(cancelled.promise).resolves.toBeUndefined();
  });

  test.each([undefined, {}, { status: 200, body: 'data: x\n\n', headers: new Headers() }])(
    'that gives no Response fails the connection: %p',
    async (given) => {
      using watched = openSource('http://127.0.0.1/', { fetch: async () => given as never });
      const { readyState, event } = await watched.next();
      expect(readyState).toBe(CLOSED);
      expect(event.message).toMatch(/Expected fetch to give a Response whose body is a web/);
    },
  );
});
