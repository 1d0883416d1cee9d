import { describe, expect, test } from '@jest/globals';

import { EventSource } from '../../src/eventsource.ts';
import { openSource, watch } from '../support/event-source.ts';
import { allClosed, serve } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

const { CONNECTING, OPEN, CLOSED } = EventSource;
/** In ms; the client raises it to its minimum. */
const soon = 'retry: 0\n\n';

describe('the state', () => {
  test('is CONNECTING, then OPEN with one open event before any message, CONNECTING with an error when the stream ends, and OPEN again', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    expect(watched.source.readyState).toBe(CONNECTING);

    const first = await stage.next();
    first.stream(`${soon}data: one\n\n`);
    expect(await watched.next()).toMatchObject({ readyState: OPEN, event: { type: 'open' } });
    expect(await watched.next()).toMatchObject({ readyState: OPEN, event: { data: 'one' } });

    first.response.end();
    const { readyState, event } = await watched.next();
    expect(readyState).toBe(CONNECTING);
    expect(event).toMatchObject({ type: 'error', code: undefined });
    expect(event.message).toBe('closed by the server');

    (await stage.next()).stream('data: two\n\n');
    expect(await watched.next()).toMatchObject({ readyState: OPEN, event: { type: 'open' } });
    expect(await watched.next()).toMatchObject({ readyState: OPEN, event: { data: 'two' } });
  });

  test('is CONNECTING, with an error each time, while no server answers', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    (await stage.next()).request.socket.destroy();
    const { readyState, event } = await watched.next();
    expect(readyState).toBe(CONNECTING);
    expect(event).toMatchObject({ type: 'error', code: undefined });
    expect(event.message).toMatch(/ECONNRESET|hang up/);
    (await stage.next()).stream();
    expect(await watched.next()).toMatchObject({ readyState: OPEN, event: { type: 'open' } });
  });

  test('a connection that is cut off is like one that ended', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    const { request, stream } = await stage.next();
    stream(soon);
    await watched.next();
    request.socket.resetAndDestroy();
    expect(await watched.next()).toMatchObject({
      readyState: CONNECTING,
      event: { type: 'error' },
    });
    (await stage.next()).stream();
    expect((await watched.next()).event.type).toBe('open');
  });

  test.each([204, 205, 206, 210, 299, 300, 304, 400, 401, 403, 404, 410, 429, 500, 503])(
    'is CLOSED with an error that has the status after %i, and no further request is sent',
    async (status) => {
      await using stage = await openStage();
      using watched = openSource(stage.url);
      const { response, closed } = await stage.next();
      const body = status === 204 || status === 205 || status === 304 ? '' : 'data: no\n\n';
      response.writeHead(status, { 'content-type': 'text/event-stream', 'retry-after': '0' });
      response.end(body);
      const { readyState, event } = await watched.next();
      expect(readyState).toBe(CLOSED);
      expect(event).toMatchObject({ type: 'error', code: status, message: `status ${status}` });
      expect(event.constructor.name).toBe('ErrorEvent');
      await closed;
      await settleNetwork();
      expect(watched.types).toEqual(['error']);
      expect(stage.asked).toBe(1);
    },
  );

  test.each(['text/html', 'text/event-streams', 'text/event-stream bogus', undefined])(
    'is CLOSED with an error after the content type %p',
    async (type) => {
      await using stage = await openStage();
      using watched = openSource(stage.url);
      const { response } = await stage.next();
      response.writeHead(200, type === undefined ? {} : { 'content-type': type });
      response.end('data: no\n\n');
      expect(await watched.next()).toMatchObject({
        readyState: CLOSED,
        event: { type: 'error', code: 200, message: `content type ${type ?? 'missing'}` },
      });
      expect(watched.types).toEqual(['error']);
    },
  );

  test('a content type may have parameters, and any case', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    const { response } = await stage.next();
    response.writeHead(200, { 'content-type': 'Text/Event-Stream;' }).flushHeaders();
    expect((await watched.next()).event.type).toBe('open');
  });

  test('is CLOSED with an error for a scheme without a client', async () => {
    using watched = openSource('ftp://127.0.0.1/');
    expect(watched.source.readyState).toBe(CONNECTING);
    const { readyState, event } = await watched.next();
    expect(readyState).toBe(CLOSED);
    expect(event.message).toMatch(/Expected an absolute http: or https: URL, got "ftp:/);
  });

  test('200, 200, then 204 ends CLOSED', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    for (let round = 0; round < 2; round += 1) {
      const { stream, response } = await stage.next();
      stream(soon);
      response.end();
    }
    (await stage.next()).refuse(204);
    for (const state of [OPEN, CONNECTING, OPEN, CONNECTING, CLOSED]) {
      expect((await watched.next()).readyState).toBe(state);
    }
    expect(watched.types).toEqual(['open', 'error', 'open', 'error', 'error']);
  });
});

describe('close', () => {
  test('in the constructor’s own turn: no request is sent', async () => {
    await using stage = await openStage();
    const source = new EventSource(stage.url);
    source.close();
    expect(source.readyState).toBe(CLOSED);
    await settleNetwork();
    expect(stage.asked).toBe(0);
  });

  test('while it connects: the socket is closed, and no event follows', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    const { closed } = await stage.next();
    watched.source.close();
    expect(watched.source.readyState).toBe(CLOSED);
    await closed;
    await settleNetwork();
    expect(watched.types).toEqual([]);
  });

  test('while it is open: the socket is closed, and no event follows', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    const { stream, closed } = await stage.next();
    stream();
    await watched.next();
    watched.source.close();
    await closed;
    await settleNetwork();
    expect(watched.types).toEqual(['open']);
  });

  test('in onopen: the events of the same packet are not dispatched', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    watched.source.onopen = () => {
      watched.source.close();
    };
    const { request, closed } = await stage.next();
    request.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
    await closed;
    await settleNetwork();
    expect(watched.types).toEqual(['open']);
  });

  test('in a message: the other events of the packet are not delivered, listeners of this one still are', async () => {
    await using stage = await openStage();
    const source = new EventSource(stage.url);
    source.onmessage = ({ data }) => {
      if (data === 'b') {
        source.close();
      }
    };
    using watched = watch(source);
    const { stream, closed } = await stage.next();
    stream('data: a\n\ndata: b\n\ndata: c\n\n');
    await closed;
    await settleNetwork();
    expect(watched.types).toEqual(['open', 'message', 'message']);
  });

  test('in onerror, of a drop and while it would wait: no further request is sent', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    watched.source.onerror = () => {
      watched.source.close();
    };
    const { stream, response } = await stage.next();
    stream(soon);
    response.end();
    await watched.next();
    await watched.next();
    expect(watched.source.readyState).toBe(CLOSED);
    await allClosed(stage.server);
    await settleNetwork();
    expect(watched.types).toEqual(['open', 'error']);
    expect(stage.asked).toBe(1);
  });

  test.each([
    ['an event', 'data: x\n\n'],
    ['the end of the stream', undefined],
  ])('while %s is pending: it is not dispatched', async (_case, text) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const chunks = text === undefined ? [] : [new TextEncoder().encode(text)];
    const read = async (): Promise<{ done: boolean; value?: Uint8Array | undefined }> => {
      await released;
      return { done: chunks.length === 0, value: chunks.shift() };
    };
    using watched = openSource('http://127.0.0.1/', {
      fetch: async () => ({
        status: 200,
        url: '',
        headers: new Headers({ 'content-type': 'text/event-stream' }),
        body: { getReader: () => ({ read, cancel: async () => undefined }) },
      }),
    });
    const { source } = watched;
    await new Promise<void>((resolve) => {
      source.onopen = () => {
        // Longer than a slice of the scheduler: the client's next turn comes after `setImmediate`.
        const end = performance.now() + 20;
        while (performance.now() < end);
        release();
        setImmediate(() => {
          source.close();
          resolve();
        });
      };
    });
    await settleNetwork();
    expect(source.readyState).toBe(CLOSED);
    expect(watched.types).toEqual(['open']);
  });

  test('a source that is closed does not affect others', async () => {
    await using stage = await openStage();
    using first = openSource(stage.url);
    using second = openSource(stage.url);
    const exchanges = [await stage.next(), await stage.next()];
    first.source.close();
    for (const { stream } of exchanges) {
      stream('data: x\n\n');
    }
    await second.next();
    expect((await second.next()).event.data).toBe('x');
  });
});

describe('a message', () => {
  test('has data, lastEventId and the origin; the id stays, over connections too, and goes with the request', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url);
    const first = await stage.next();
    expect(first.request.headers).toMatchObject({
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
    });
    expect(first.request.headers).not.toHaveProperty('last-event-id');
    first.stream(`${soon}id: …\ndata: a\ndata: b\n\ndata:\n\n`);
    first.response.end();
    await watched.next();
    const { origin } = new URL(stage.url);
    const { event } = await watched.next();
    expect(event.constructor).toBe(MessageEvent);
    expect(event).toMatchObject({ type: 'message', data: 'a\nb', lastEventId: '…', origin });
    expect((await watched.next()).event).toMatchObject({ data: '', lastEventId: '…' });
    await watched.next();
    const second = await stage.next();
    expect(second.request.headers['last-event-id']).toBe(Buffer.from('…').toString('latin1'));
    second.stream('data: c\n\n');
    await watched.next();
    expect((await watched.next()).event).toMatchObject({ data: 'c', lastEventId: '…' });
  });

  test('is dispatched with any type that the server sends, to no other listener', async () => {
    await using stage = await openStage();
    const types = ['__proto__', 'constructor', 'hasOwnProperty', 'a b', 'é'];
    using watched = openSource(stage.url, undefined, ...types);
    (await stage.next()).stream(
      [...types, 'unheard', '', 'message'].map((type) => `event: ${type}\ndata: x\n\n`).join(''),
    );
    await watched.next();
    for (const type of [...types, 'message', 'message']) {
      expect((await watched.next()).event).toMatchObject({ type, data: 'x' });
    }
  });

  test.each(['open', 'error'] as const)(
    'of the type %s is a MessageEvent for the listeners of that type',
    async (type) => {
      await using stage = await openStage();
      using watched = openSource(stage.url);
      let handled: Event | undefined;
      watched.source[`on${type}`] = (event: Event) => {
        handled = event;
      };
      (await stage.next()).stream(`event: ${type}\ndata: x\n\n`);
      await watched.next();
      const { event, readyState } = await watched.next();
      expect(event).toMatchObject({ type, data: 'x' });
      expect(event.constructor).toBe(MessageEvent);
      expect(readyState).toBe(OPEN);
      expect(handled).toBe(event);
    },
  );

  test('has the origin after redirects; the URL stays the same, and the next request goes there', async () => {
    await using stage = await openStage();
    await using front = await serve((_, response) => {
      response.writeHead(302, { location: stage.url.replace('127.0.0.1', 'localhost') }).end();
    });
    using watched = openSource(front.url);
    const { stream, response } = await stage.next();
    stream(`${soon}data: x\n\n`);
    await watched.next();
    const { event } = await watched.next();
    expect(event.origin).toBe(`http://localhost:${stage.server.port}`);
    expect(watched.source.url).toBe(front.url);
    response.end();
    await stage.next();
    expect(front.requests).toHaveLength(2);
  });

  test('above maxBufferSize is not delivered: the source is CLOSED with an error', async () => {
    await using stage = await openStage();
    using watched = openSource(stage.url, { maxBufferSize: 10 });
    const { stream, closed } = await stage.next();
    stream(`data: 0123456789\n\ndata: 0123456789x\n\ndata: y\n\n`);
    await watched.next();
    expect((await watched.next()).event.data).toBe('0123456789');
    const { readyState, event } = await watched.next();
    expect(readyState).toBe(CLOSED);
    expect(event.message).toBe('event above 10 bytes');
    await closed;
    await settleNetwork();
    expect(stage.asked).toBe(1);
  });
});

test('credentials in the URL are sent, with and without withCredentials', async () => {
  await using stage = await openStage();
  using watched = openSource(stage.url.replace('//', '//user:pass@'), { withCredentials: true });
  const { request, stream } = await stage.next();
  expect(request.headers.authorization).toBe(`Basic ${btoa('user:pass')}`);
  expect(request.headers).not.toHaveProperty('cookie');
  stream();
  await watched.next();
  expect(watched.source.withCredentials).toBe(true);
});
