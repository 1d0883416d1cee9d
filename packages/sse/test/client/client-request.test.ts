import { describe, expect, test } from '@jest/globals';
import { exit, kill, ok } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import {
  connect,
  noreply,
  type RequestContext,
  type RequestSource,
  SseClient,
  type SseRequest,
} from '../../src/index.ts';
import { defaults, follower, observe, once } from '../support/observed.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

/** It cannot be read. */
const unreadable = (): SseRequest => ({
  get url(): string {
    throw new Error('on purpose');
  },
});

const badOption = { maxHeaderSize: 'large' as never };

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
          ...defaults,
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

  test('a function knows the process, the attempt and the last event handled', async () => {
    await using stage = await openStage();
    const contexts: RequestContext[] = [];
    const source = (context: RequestContext): SseRequest => {
      contexts.push(context);
      return { url: stage.url };
    };
    const { client, pid } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(source, undefined),
        handleConnectFailure: (_, state) => connect(source, state),
        handleDisconnect: (_, state) => connect(source, state),
      }),
    );
    (await stage.next()).refuse(503);
    const second = await stage.next();
    second.stream('id: 7\ndata: x\n\n');
    await client.until('handleEvent');
    second.response.end();
    await stage.next();
    expect(contexts.map(({ attempt, lastEventId }) => [attempt, lastEventId])).toEqual([
      [1, ''],
      [2, ''],
      [1, '7'],
    ]);
    const { self, signal } = contexts.at(-1) as RequestContext;
    expect(self.pid).toBe(pid);
    expect(signal.aborted).toBe(false);
    exit(stage.system, pid, kill);
    expect(signal.reason).toBe(self.signal.reason);
  });

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
          ...defaults,
          init: () => connect(source, undefined),
          handleConnectFailure: (failure, state) =>
            failure.type === 'request' ? connect(stage, state, { after: 500 }) : noreply(state),
        }),
      );
      const failure = await client.next('handleConnectFailure');
      expect(failure).toHaveProperty('type', 'request');
      // Not enumerable, which `toEqual` would need.
      expect(failure).toHaveProperty('error', new Error('no token'));
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
    test.each<[string, SseRequest]>([
      ['a URL that is none', { url: 'nowhere' }],
      ['an option that got refuses', { url: 'http://127.0.0.1/', got: badOption }],
      ['nothing at all', undefined as never],
    ])('%s', async (_what, request) => {
      await using stage = await openStage();
      const { client } = await observe(
        stage.system,
        SseClient.define({ ...defaults, init: () => connect(give(request), undefined) }),
      );
      expect(await client.next('handleConnectFailure')).toMatchObject({ type: 'badRequest' });
    });
  });

  test('REQ-09 init may choose not to connect, and then no socket is opened', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({ ...defaults, init: () => ok(stage.url) }),
    );
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.server.sockets.size).toBe(0);
    expect(stage.asked).toBe(0);
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
        ...defaults,
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
    await settleNetwork();
    expect(client.called).toEqual(['handleConnect']);
    resolve();
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
  });

  test('ST-03 204 is a failure of its own, and only the callback sends another request', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).response.writeHead(204).end();
    expect(await client.next('handleConnectFailure')).toMatchObject({
      type: 'noContent',
      status: 204,
    });
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.asked).toBe(1);
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

test.each<[string, RequestSource]>([
  ['as it is', unreadable()],
  ['of a function', unreadable],
  ['of an async function', async () => unreadable()],
])(
  'a request that cannot be read crashes the client, which else would wait for ever: %s',
  async (_from, source) => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({ ...defaults, init: () => connect(source, 0, { after: 10 }) }),
    );
    await advance(stage.system, 10);
    expect(await client.ended()).toMatchObject({ type: 'crash', error: { message: 'on purpose' } });
  },
);

test.each([Object.create(null), Symbol('url'), null, 7])(
  'a URL that is no text is one that can never be asked: %#',
  async (url) => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once({ url }));
    expect(await client.next('handleConnectFailure')).toMatchObject({
      type: 'badRequest',
      message: expect.stringContaining('Expected an absolute http: or https: URL, got'),
    });
  },
);
