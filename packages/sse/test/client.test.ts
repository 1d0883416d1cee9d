import { describe, expect, test } from '@jest/globals';
import { GenServer, normal, ok, type Process, send } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import {
  connect,
  type ConnectFailure,
  noreply,
  reconnect,
  reply,
  type ServerSentEvent,
  SseClient,
  type SseRequest,
  stop,
} from '../src/index.ts';
import { calm, observe } from './support/observed.ts';
import { Queue } from './support/queue.ts';
import { closedPort } from './support/servers.ts';
import { openStage, quiet, type Stage } from './support/stage.ts';

const badOption = { maxHeaderSize: 'large' as never };

/** Connects, and does nothing else. */
function once(request: SseRequest) {
  return SseClient.define({ ...calm, init: () => connect(request, 'state') });
}

/** Goes on from the last event whenever the stream ends. */
function follower({ url }: Stage) {
  return SseClient.define({
    ...calm,
    init: () => connect({ url }, ''),
    handleEvent: (event) => event.lastEventId,
    handleDisconnect: (_disconnected, lastEventId) => connect({ url, lastEventId }, lastEventId),
  });
}

describe("what the Elixir client's own tests say", () => {
  test('Elixir: events are processed as they are received', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, response } = await stage.next();
    stream();
    await client.next('handleConnect');
    for (const data of ['first', 'second']) {
      response.write(`data: ${data}\n\n`);
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
  });

  test('Elixir: the start can be delayed, and the connection made by hand', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => ok(stage.url),
        handleInfo: (_message: 'go', url) => connect({ url }, url),
      }),
    );
    send(pid, 'go');
    (await stage.next()).stream('data: x\n\n');
    await client.next('handleInfo');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
  });

  test('Elixir: it can connect again after a failure to connect', async () => {
    await using stage = await openStage();
    const closed = `http://127.0.0.1:${await closedPort()}/`;
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect({ url: closed }, undefined),
        handleConnectFailure: (_, state) => connect(stage, state, { after: 1000 }),
      }),
    );
    expect(await client.next('handleConnectFailure')).toMatchObject({ code: 'ECONNREFUSED' });
    await advance(stage.system, 1000);
    (await stage.next()).stream();
    expect(await client.next('handleConnect')).toMatchObject({ status: 200 });
  });

  test('Elixir: it can connect again after a failure to receive data', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, undefined),
        handleConnectFailure: (_, state) => connect(stage, state),
      }),
    );
    const silent = await stage.next();
    await advance(stage.system, 30_000);
    expect(await client.next('handleConnectFailure')).toEqual({
      type: 'timeout',
      phase: 'response',
      ms: 30_000,
    });
    await silent.closed;
    (await stage.next()).stream();
    await client.next('handleConnect');
  });

  test('Elixir: it can stay unconnected after a failure to connect', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).refuse(503);
    await client.next('handleConnectFailure');
    await advance(stage.system, 3_600_000);
    await quiet();
    expect(stage.server.requests).toHaveLength(1);
    expect(client.called).toEqual(['handleConnectFailure']);
  });

  test('Elixir: it can stop after a failure to connect', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, undefined),
        handleConnectFailure: (_, state) => stop(normal, state),
      }),
    );
    (await stage.next()).refuse(503);
    expect(await client.ended()).toEqual(normal);
  });

  test('Elixir: it can connect again after a disconnect', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    const { stream, response } = await stage.next();
    stream('data:');
    response.end();
    await client.next('handleConnect');
    expect(await client.next('handleDisconnect')).toMatchObject({ type: 'closed' });
    (await stage.next()).stream();
    await client.next('handleConnect');
  });

  test('Elixir: it can stay unconnected after a disconnect', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, response } = await stage.next();
    stream();
    response.end();
    await client.next('handleConnect');
    await client.next('handleDisconnect');
    await advance(stage.system, 3_600_000);
    await quiet();
    expect(stage.server.requests).toHaveLength(1);
    expect(client.called).toEqual(['handleConnect', 'handleDisconnect']);
  });

  test('Elixir: it can stop after a disconnect', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, undefined),
        handleDisconnect: (_, state) => stop(normal, state),
      }),
    );
    const { stream, response } = await stage.next();
    stream();
    response.end();
    expect(await client.ended()).toEqual(normal);
  });

  test('Elixir: it can stop on a message from outside', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, undefined),
        handleInfo: (_message: 'stop', state) => stop(normal, state),
      }),
    );
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    send(pid, 'stop');
    expect(await client.ended()).toEqual(normal);
    await closed;
  });

  test('Elixir: an answer with content-length 0 is a bad response', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).refuse(403);
    expect(await client.next('handleConnectFailure')).toMatchObject({
      type: 'status',
      status: 403,
      headers: { 'content-length': '0' },
    });
  });

  test('Elixir: only one packet is pulled from the socket', async () => {
    await using stage = await openStage();
    const { promise: brake, resolve: release } = Promise.withResolvers<void>();
    const selves = new Queue<Process>();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, 0),
        handleEvent: async (_event, count, self) => {
          selves.push(self);
          await brake;
          return count + 1;
        },
      }),
    );
    const { stream, response } = await stage.next();
    stream();
    await client.next('handleConnect');
    response.write('data: 0\n\n');
    expect(await client.next('handleEvent')).toMatchObject({ data: '0' });
    for (const data of ['1', '2', '3']) {
      response.write(`data: ${data}\n\n`);
      await quiet();
    }
    expect((await selves.next()).messageQueueLen).toBe(0);
    expect(client.called).toEqual(['handleConnect', 'handleEvent']);
    release();
    for (const data of ['1', '2', '3']) {
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
  });
});

describe('the request', () => {
  test('REQ-01 a first attempt is a GET for an uncached event stream, without Last-Event-ID', async () => {
    await using stage = await openStage();
    await observe(stage.system, once(stage));
    const { request } = await stage.next();
    expect(request.method).toBe('GET');
    expect(request.headers).toMatchObject({
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
    });
    expect(request.headers).not.toHaveProperty('last-event-id');
  });

  test('REQ-02 the headers of the request go out on the first attempt and on every later one', async () => {
    await using stage = await openStage();
    const request = { url: stage.url, headers: { 'x-key': 'k', accept: 'text/*', no: undefined } };
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(request),
        handleConnectFailure: (_, state) => connect(request, state),
        handleDisconnect: (_, state) => connect(request, state),
      }),
    );
    const first = await stage.next();
    first.refuse(503);
    const second = await stage.next();
    second.stream();
    second.response.end();
    const third = await stage.next();
    for (const { headers } of [first.request, second.request, third.request]) {
      expect(headers).toMatchObject({ 'x-key': 'k', accept: 'text/*' });
      expect(headers).not.toHaveProperty('no');
    }
    expect(client.called).toEqual(['handleConnectFailure', 'handleConnect', 'handleDisconnect']);
  });

  test.each(['sync', 'async'])(
    'REQ-03 a function (%s) is asked for the request at each attempt, as it begins',
    async (how) => {
      await using stage = await openStage();
      let tokens = 0;
      const fresh = (): SseRequest => {
        tokens += 1;
        return { url: stage.url, headers: { authorization: `token ${tokens}` } };
      };
      const source = how === 'sync' ? fresh : async () => fresh();
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
          init: () => connect(source, undefined, { after: 10 }),
          handleConnectFailure: (_, state) => connect(source, state, { after: 1000 }),
        }),
      );
      expect(tokens).toBe(0);
      await advance(stage.system, 10);
      const first = await stage.next();
      expect(first.request.headers.authorization).toBe('token 1');
      first.refuse(401);
      expect(await client.next('handleConnectFailure')).toMatchObject({ status: 401 });
      await advance(stage.system, 999);
      expect(tokens).toBe(1);
      await advance(stage.system, 1);
      const second = await stage.next();
      expect(second.request.headers.authorization).toBe('token 2');
      second.stream();
      await client.next('handleConnect');
      expect(tokens).toBe(2);
    },
  );

  test.each([
    [
      'throws',
      () => {
        throw new Error('no token');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token'))],
  ])(
    'REQ-03 a function that %s is a connect failure, and the callback decides',
    async (_how, source) => {
      await using stage = await openStage();
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
          init: () => connect(source, undefined),
          handleConnectFailure: (failure, state) =>
            failure.type === 'request' ? connect(stage, state, { after: 500 }) : noreply(state),
        }),
      );
      expect(await client.next('handleConnectFailure')).toEqual({
        type: 'request',
        error: new Error('no token'),
      });
      await advance(stage.system, 500);
      (await stage.next()).stream();
      await client.next('handleConnect');
    },
  );

  test('REQ-04 lastEventId goes out with the very first request', async () => {
    await using stage = await openStage();
    await observe(stage.system, once({ url: stage.url, lastEventId: '41' }));
    expect((await stage.next()).request.headers['last-event-id']).toBe('41');
  });

  test.each(['POST', 'REPORT'])('REQ-05 %s sends the same body at each attempt', async (method) => {
    await using stage = await openStage();
    const headers = { 'content-type': 'application/json' };
    const request = { url: stage.url, method, headers, body: '{"a":1}' };
    await observe(
      stage.system,
      SseClient.define({
        ...once(request),
        handleDisconnect: (_, state) => connect(request, state),
      }),
    );
    for (let count = 0; count < 2; count += 1) {
      const { request: sent, body, stream, response } = await stage.next();
      expect(sent).toMatchObject({ method, headers });
      expect(body).toBe('{"a":1}');
      stream();
      response.end();
    }
  });

  describe.each([
    ['given as it is', (request: SseRequest) => request],
    ['given by a function', (request: SseRequest) => () => request],
    ['given by an async function', (request: SseRequest) => async () => request],
  ])('REQ-07 %s, one that can never be sent is a connect failure:', (_how, give) => {
    test.each<[string, ConnectFailure['type'], SseRequest]>([
      ['a URL that is none', 'badRequest', { url: 'nowhere' }],
      ['an option that got refuses', 'badRequest', { url: 'http://127.0.0.1/', got: badOption }],
      ['nothing at all', 'request', undefined as never],
    ])('%s', async (_what, type, request) => {
      await using stage = await openStage();
      const { client } = await observe(
        stage.system,
        SseClient.define({ ...calm, init: () => connect(give(request), undefined) }),
      );
      expect(await client.next('handleConnectFailure')).toMatchObject({ type });
    });
  });

  test('REQ-09 init may choose not to connect, and then no socket is opened', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({ ...calm, init: () => ok(stage.url) }),
    );
    await advance(stage.system, 3_600_000);
    await quiet();
    expect(stage.server.sockets.size).toBe(0);
    expect(stage.server.requests).toHaveLength(0);
    expect(client.called).toEqual([]);
  });
});

describe('the answer', () => {
  test('ST-01 handleConnect is called once, before any event, with status, headers and URL', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { response } = await stage.next();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-one': '1' });
    response.write('data: x\n\ndata: y\n\n');
    expect(await client.next('handleConnect')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'x-one': '1' },
      url: stage.url,
    });
    await client.next('handleEvent');
    await client.next('handleEvent');
    expect(client.called).toEqual(['handleConnect', 'handleEvent', 'handleEvent']);
  });

  test('ST-02 an event in the packet of the head waits for an async handleConnect', async () => {
    await using stage = await openStage();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, undefined),
        handleConnect: async (_response, state) => {
          await promise;
          return noreply(state);
        },
      }),
    );
    (await stage.next()).request.socket.write(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n',
    );
    await client.next('handleConnect');
    await quiet();
    expect(client.called).toEqual(['handleConnect']);
    resolve();
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
  });

  test('ST-03 204 is a failure of its own, and nothing is asked for again but by the callback', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).response.writeHead(204).end();
    expect(await client.next('handleConnectFailure')).toMatchObject({
      type: 'noContent',
      status: 204,
    });
    await advance(stage.system, 3_600_000);
    await quiet();
    expect(stage.server.requests).toHaveLength(1);
  });

  test('ST-06 each attempt starts again from the original URL', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    for (let count = 0; count < 2; count += 1) {
      const first = await stage.next();
      expect(first.request.url).toBe('/events');
      first.refuse(302, { location: '/elsewhere' });
      const { request, stream, response } = await stage.next();
      expect(request.url).toBe('/elsewhere');
      stream();
      expect(await client.next('handleConnect')).toMatchObject({
        url: stage.url.replace('/events', '/elsewhere'),
      });
      response.end();
      await client.next('handleDisconnect');
    }
  });
});

describe('the body', () => {
  test('BODY-04 half an event at the end is dropped, with its id and what it was parsed to', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    const first = await stage.next();
    first.stream('id: 1\ndata: whole\n\nevent: odd\nid: 2\ndata: half\n');
    first.response.end();
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'whole' });
    expect(await client.next('handleDisconnect')).toMatchObject({
      type: 'closed',
      lastEventId: '1',
    });
    const second = await stage.next();
    expect(second.request.headers['last-event-id']).toBe('1');
    second.stream('\ndata: clean\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toEqual({
      type: 'message',
      data: 'clean',
      id: null,
      lastEventId: '1',
    });
  });

  test('BODY-15 100 events of one packet are handled one at a time, in order', async () => {
    await using stage = await openStage();
    let running = 0;
    const handled: string[] = [];
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(stage),
        handleEvent: async (event, state) => {
          running += 1;
          expect(running).toBe(1);
          await new Promise(setImmediate);
          running -= 1;
          handled.push(event.data);
          return state;
        },
      }),
    );
    const all = Array.from({ length: 100 }, (_, index) => String(index));
    const { stream, response } = await stage.next();
    stream(all.map((data) => `data: ${data}\n\n`).join(''));
    response.end();
    await client.next('handleConnect');
    for (const data of all) {
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
    await client.next('handleDisconnect');
    expect(handled).toEqual(all);
  });

  test('BODY-16 while an event is handled the server cannot go on writing, and then nothing is lost', async () => {
    await using stage = await openStage();
    const { promise: brake, resolve: release } = Promise.withResolvers<void>();
    let bytes = 0;
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(stage),
        handleEvent: async ({ data }, state) => {
          bytes += data.length;
          await brake;
          return state;
        },
      }),
    );
    const { stream, response, request } = await stage.next();
    stream();
    const data = 'x'.repeat(65_536);
    const count = 512;
    for (let index = 0; index < count; index += 1) {
      response.write(`data: ${data}\n\n`);
    }
    response.end();
    await client.next('handleConnect');
    await client.next('handleEvent');
    let unsent = 0;
    do {
      unsent = request.socket.writableLength;
      await quiet();
    } while (request.socket.writableLength < unsent);
    expect(unsent).toBeGreaterThan(16 * 2 ** 20);
    expect(client.called).toEqual(['handleConnect', 'handleEvent']);
    release();
    for (let index = 1; index < count; index += 1) {
      await client.next('handleEvent');
    }
    await client.next('handleDisconnect');
    expect(bytes).toBe(count * data.length);
  });

  test('BODY-17 a comment reaches handleComment when its line ends, in its place among the events', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({ ...once(stage), handleComment: (_comment, state) => state }),
    );
    const { stream, response } = await stage.next();
    stream(':ping\n');
    await client.next('handleConnect');
    expect(await client.next('handleComment')).toBe('ping');
    response.write('data: x\n\n: pong\ndata: y\n\n');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
    expect(await client.next('handleComment')).toBe('pong');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'y' });
  });

  test('BODY-17 without a handleComment comments are dropped', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).stream(': ping\n\ndata: x\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
    expect(stage.system.reports).toEqual([]);
  });

  test('BODY-17 handleComment moves the state, may be async, and may answer', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, [] as readonly string[]),
        handleComment: async (comment, comments) =>
          comment === 'end' ? stop(normal, comments) : [...comments, comment],
        terminate: (_reason, comments) => {
          expect(comments).toEqual(['a', 'b']);
        },
      }),
    );
    (await stage.next()).stream(':a\n:b\n:end\n:c\ndata: x\n\n');
    expect(await client.ended()).toEqual(normal);
    expect(client.called.slice(-2)).toEqual(['handleComment', 'terminate']);
  });

  test('BODY-18 a block with an id alone calls nothing, and moves the id', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, response } = await stage.next();
    stream('id: 7\n\n');
    response.end();
    await client.next('handleConnect');
    expect(await client.next('handleDisconnect')).toMatchObject({ lastEventId: '7' });
  });

  test('the server’s last retry is there at the disconnect, as it was sent, and not at that of the next stream', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    for (const [body, retry] of [
      ['retry: 5\n\nretry: 0\n\n', 0],
      [': nothing\n\n', undefined],
    ] as const) {
      const { stream, response } = await stage.next();
      stream(body);
      response.end();
      await client.next('handleConnect');
      expect((await client.next('handleDisconnect')).retry).toBe(retry);
    }
  });

  test('an event above the limit ends the connection, with the events before it handled and the id of the last', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once({ url: stage.url, maxEventSize: 100 }));
    const { stream, closed } = await stage.next();
    stream(`id: 1\ndata: a\n\nid: 2\ndata: ${'x'.repeat(200)}\n\nid: 3\ndata: b\n\n`);
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'a' });
    expect(await client.next('handleDisconnect')).toEqual({
      type: 'tooLarge',
      limit: 100,
      lastEventId: '1',
      retry: undefined,
    });
    await closed;
    expect(client.called).toEqual(['handleConnect', 'handleEvent', 'handleDisconnect']);
  });
});

describe('coming back', () => {
  test.each([
    ['REC-01 an id is what the next request goes on from', 'id: abc\ndata: x\n\n', 'abc'],
    ['REC-02 an event without an id keeps it', 'id: abc\ndata: x\n\ndata: y\n\n', 'abc'],
    [
      'REC-03 after an empty id there is no header',
      'id: abc\ndata: x\n\nid:\ndata: y\n\n',
      undefined,
    ],
  ])('%s', async (_rule, body, header) => {
    await using stage = await openStage();
    await observe(stage.system, follower(stage));
    const { stream, response } = await stage.next();
    stream(body);
    response.end();
    expect((await stage.next()).request.headers['last-event-id']).toBe(header);
  });

  test('REC-02 the last id is on every event after it', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).stream('id: abc\ndata: x\n\ndata: y\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ id: 'abc', lastEventId: 'abc' });
    expect(await client.next('handleEvent')).toMatchObject({ id: null, lastEventId: 'abc' });
  });

  test('REC-06 the id that was asked for is that of the events until there is another', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once({ url: stage.url, lastEventId: 'abc' }));
    const { stream, response } = await stage.next();
    stream('data: x\n\n');
    response.end();
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ id: null, lastEventId: 'abc' });
    expect(await client.next('handleDisconnect')).toMatchObject({ lastEventId: 'abc' });
  });

  test('REC-14 a reset is one disconnect and one new request', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    const { stream, request } = await stage.next();
    stream('data: x\n\n');
    await client.next('handleConnect');
    await client.next('handleEvent');
    request.socket.resetAndDestroy();
    expect(await client.next('handleDisconnect')).toMatchObject({
      type: 'network',
      code: 'ECONNRESET',
    });
    (await stage.next()).stream();
    await client.next('handleConnect');
    await quiet();
    expect(client.called.slice(2)).toEqual(['handleDisconnect', 'handleConnect']);
    expect(stage.server.requests).toHaveLength(2);
  });

  test('REC-15 after an idle timeout the old socket is closed before the new request', async () => {
    await using stage = await openStage();
    const request = { url: stage.url, idleTimeout: 1000 };
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(request),
        handleDisconnect: (_, state) => connect(request, state),
      }),
    );
    const order: string[] = [];
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    void closed.then(() => order.push('closed'));
    await advance(stage.system, 1000);
    expect(await client.next('handleDisconnect')).toMatchObject({ type: 'timeout', ms: 1000 });
    await stage.next();
    order.push('asked');
    expect(order).toEqual(['closed', 'asked']);
    expect(stage.server.sockets.size).toBe(1);
  });

  test('REC-16 reconnect, while connected, drops the connection and connects at once, with no callback in between', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...follower(stage),
        handleInfo: (_message: 'again', lastEventId: string) =>
          reconnect({ url: stage.url, lastEventId }, lastEventId),
      }),
    );
    const first = await stage.next();
    first.stream('id: 9\ndata: x\n\n');
    await client.next('handleConnect');
    await client.next('handleEvent');
    send(pid, 'again');
    await client.next('handleInfo');
    const second = await stage.next();
    await first.closed;
    expect(second.request.headers['last-event-id']).toBe('9');
    second.stream();
    await client.next('handleConnect');
  });

  test.each([[503], [200]])(
    'REC-17 connect, answered while connecting and while connected (%i), changes nothing but the state',
    async (status) => {
      await using stage = await openStage();
      const elsewhere = { url: `http://127.0.0.1:${await closedPort()}/` };
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
          init: () => connect(stage, 0),
          handleCall: { count: (_: void, count) => reply(count, count) },
          handleInfo: (_message: 'connect', count) => connect(elsewhere, count + 1),
        }),
      );
      const exchange = await stage.next();
      if (status === 200) {
        exchange.stream();
        await client.next('handleConnect');
      }
      send(pid, 'connect');
      await client.next('handleInfo');
      expect(await GenServer.call(pid, 'count')).toBe(1);
      await quiet();
      if (status === 200) {
        exchange.response.write('data: x\n\n');
        expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
      } else {
        exchange.refuse(status);
        expect(await client.next('handleConnectFailure')).toMatchObject({ status });
      }
      await quiet();
      expect(stage.server.requests).toHaveLength(1);
      expect(client.called).toHaveLength(status === 200 ? 3 : 2);
    },
  );

  test.each(['handleConnectFailure', 'handleDisconnect'] as const)(
    'REC-18 after a noreply from %s it opens nothing, until a message says so',
    async (callback) => {
      await using stage = await openStage();
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...once(stage),
          handleInfo: (_message: 'go', state: string) => connect(stage, state),
        }),
      );
      const { refuse, stream, response } = await stage.next();
      if (callback === 'handleConnectFailure') {
        refuse(500);
      } else {
        stream();
        response.end();
        await client.next('handleConnect');
      }
      await client.next(callback);
      await advance(stage.system, 3_600_000);
      await quiet();
      expect(stage.server.requests).toHaveLength(1);
      send(pid, 'go');
      (await stage.next()).stream('data: x\n\n');
      await client.next('handleInfo');
      await client.next('handleConnect');
      expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
    },
  );

  test('handleEvent that answers with connect goes on with the next event, and with reconnect does not', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, 0),
        handleEvent: ({ data }: ServerSentEvent, count) => {
          switch (data) {
            case 'connect':
              return connect(stage, count + 1);
            case 'noreply':
              return noreply(count + 1);
            case 'reconnect':
              return reconnect(stage, count + 1);
            default:
              return count;
          }
        },
      }),
    );
    const first = await stage.next();
    first.stream('data: connect\n\ndata: noreply\n\ndata: reconnect\n\ndata: lost\n\n');
    await client.next('handleConnect');
    for (const data of ['connect', 'noreply', 'reconnect']) {
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
    const second = await stage.next();
    await first.closed;
    second.stream('data: new\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'new' });
  });
});
