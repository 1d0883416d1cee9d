import { describe, expect, test } from '@jest/globals';
import { GenServer, isAlive, Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { type ServerSentEvent, SseClient } from '../../src/index.ts';
import { ceiling, floor, jitter, run } from '../support/run.ts';
import { openStage, settleNetwork, type Stage } from '../support/stage.ts';

describe('a request that is not sent again by itself', () => {
  test.each(['POST', 'PATCH', 'post', 'LOCK'])(
    '%s ends normally when its stream does',
    async (method) => {
      await using stage = await openStage();
      const client = await run(stage, { method, body: '{}' });
      const exchange = await stage.next();
      exchange.stream('data: x\n\n');
      exchange.response.end();
      await client.until('ended');
      await settle(stage.system);
      expect(isAlive(client.pid)).toBe(false);
      expect(isAlive(stage.system.pid)).toBe(true);
      expect((await client.handled.next()).data).toBe('x');
      await settleNetwork();
      expect(stage.asked).toBe(1);
    },
  );

  test.each([
    ['a status that would be tried again', (exchange) => exchange.refuse(503)],
    [
      'a stream that breaks off',
      (exchange) => {
        exchange.stream('data: x\n\n');
        exchange.request.socket.resetAndDestroy();
      },
    ],
    ['credentials that a function could renew', (exchange) => exchange.refuse(401)],
    ['a server that is the wrong one', (exchange) => exchange.refuse(421)],
  ] satisfies [string, (exchange: Awaited<ReturnType<Stage['next']>>) => void][])(
    'ends loudly after %s',
    async (_what, play) => {
      await using stage = await openStage();
      const client = await run(stage, { method: 'POST', headers: () => ({ token: 'a' }) });
      play(await stage.next());
      await client.until('gaveUp');
      expect(await stage.system.whenExited).toMatchObject({ type: 'crash' });
      await settleNetwork();
      expect(stage.asked).toBe(1);
    },
  );

  test('is not restarted by a supervisor either, unless `restart` asks for it', () => {
    const options = { id: 'llm', url: 'http://localhost/', handle: () => undefined };
    expect(SseClient.resilient({ ...options, method: 'POST' }).restart).toBe('temporary');
    expect(SseClient.resilient({ ...options, method: 'POST', reconnect: true }).restart).toBe(
      'transient',
    );
  });

  const options = { method: 'POST', body: '{}', reconnect: true } as const;
  const repeats = ({ system }: Stage): unknown[] =>
    system.reports.filter(({ message }) => message.includes('is sent again'));

  test('is sent again after a complete answer too, where `reconnect` asks for it: a warning says so', async () => {
    await using stage = await openStage();
    const client = await run(stage, options);
    const exchange = await stage.next();
    expect(repeats(stage)).toMatchObject([
      {
        level: 'warn',
        details: { id: 'client', method: 'POST' },
        message: expect.stringMatching(/^#Pid<\d+>: POST /),
      },
    ]);
    exchange.stream('data: x\n\n');
    exchange.response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    await stage.next();
  });

  test('is warned of once, also where a supervisor restarts its client', async () => {
    await using stage = await openStage();
    const fail = (): never => {
      throw new Error('on purpose');
    };
    const spec = SseClient.resilient({ id: 'post', url: stage.url, ...options, handle: fail });
    await Supervisor.startLink(stage.system, { strategy: 'oneForOne', children: [spec] });
    (await stage.next()).stream('data: x\n\n');
    await stage.next();
    expect(repeats(stage)).toHaveLength(1);
  });

  test.each([
    ['with `until`', { ...options, until: () => false }],
    ['where the method is idempotent', { ...options, method: 'PUT' }],
    ['where it is not sent again', { ...options, reconnect: false }],
  ])('no warning comes %s', async (_where, quiet) => {
    await using stage = await openStage();
    await run(stage, quiet);
    await stage.next();
    expect(repeats(stage)).toEqual([]);
  });

  test('is an option of any method: GET', async () => {
    await using stage = await openStage();
    const client = await run(stage, { reconnect: false });
    (await stage.next()).refuse(503);
    expect(await client.until('gaveUp')).toMatchObject({ reason: 'status 503' });
  });
});

describe('renew', () => {
  const renew = ({ type }: ServerSentEvent): boolean => type === 'auth_revoked';
  const revoked = 'id: 2\nevent: auth_revoked\ndata: x\n\n';

  test('connects anew at its event, which is not handled, with new headers and after its id', async () => {
    await using stage = await openStage();
    let count = 0;
    const headers = (): { token: string } => ({ token: String((count += 1)) });
    const client = await run(stage, { renew, headers });
    const first = await stage.next();
    first.stream(`id: 1\ndata: a\n\n${revoked}id: 3\ndata: of the old connection\n\n`);
    await first.closed;
    const second = await stage.next();
    expect(second.request.headers).toMatchObject({ token: '2', 'last-event-id': '2' });
    second.stream('data: b\n\n');
    expect([(await client.handled.next()).data, (await client.handled.next()).data]).toEqual([
      'a',
      'b',
    ]);
    expect(client.statuses.map(({ type }) => type)).toEqual([
      'connecting',
      'connected',
      'connecting',
      'connected',
    ]);
  });

  test('says so where the budget of requests makes the new connection wait', async () => {
    await using stage = await openStage();
    const client = await run(stage, { renew });
    for (let request = 1; request <= 5; request += 1) {
      (await stage.next()).stream(revoked);
    }
    const { after, ...told } = await client.until('disconnected');
    expect(told).toMatchObject({ reason: 'renewed', failure: { type: 'renewed' } });
    expect(after).toBeGreaterThan(0);
    expect(SseClient.status(client.pid)?.nextAttemptAt).toBe(stage.system.clock.now() + after);
    await advance(stage.system, after);
    (await stage.next()).stream();
  });

  test('moves the cursor past its event: the next start does not get it again', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const client = await run(stage, { renew, cursor });
    (await stage.next()).stream(revoked);
    (await stage.next()).stream();
    await GenServer.stop(client.pid);
    expect(JSON.parse(cursor.get('client') ?? '')).toMatchObject({ lastEventId: '2' });
  });

  test('is asked after `until`, and for a POST too: its user has said so', async () => {
    await using stage = await openStage();
    const until = ({ data }: ServerSentEvent): boolean => data === '[DONE]';
    const client = await run(stage, { method: 'POST', until, renew });
    (await stage.next()).stream(revoked);
    (await stage.next()).stream('event: auth_revoked\ndata: [DONE]\n\n');
    await client.until('ended');
    expect(stage.asked).toBe(2);
  });
});

test.each(['until', 'renew', 'classify'] as const)(
  'a promise as the answer of `%s` crashes the client: it would count as no answer',
  async (name) => {
    await using stage = await openStage();
    await run(stage, { [name]: (async () => true) as never });
    (await stage.next()).response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end('data: x\n\n');
    expect(await stage.system.whenExited).toMatchObject({
      type: 'crash',
      error: {
        message: expect.stringMatching(
          new RegExp(`^Expected ${name} to return .*, got a promise: is an .await. missing`),
        ),
      },
    });
  },
);

describe('a thrown value that is no Error is reported as that', () => {
  const fail = (): never => {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- it is the case
    throw undefined;
  };
  const reject = async (): Promise<never> => fail();

  test.each<[string, Parameters<typeof run>[1]]>([
    ['handle', { handle: fail }],
    ['handle, as a rejection', { handle: reject }],
    ['the same with a cursor', { handle: reject, cursor: new Map() }],
    ['the same with dedupe', { handle: fail, cursor: { store: new Map(), dedupe: true } }],
    ['handleFailed', { handle: reject, handleFailed: reject }],
    ['handleFailed with a cursor', { handle: fail, handleFailed: fail, cursor: new Map() }],
    ['until', { until: fail }],
    ['renew', { renew: fail }],
    ['classify', { classify: fail }],
  ])('%s', async (_name, options) => {
    await using stage = await openStage();
    await run(stage, options);
    (await stage.next()).response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end('data: x\n\n');
    expect(await stage.system.whenExited).toMatchObject({
      type: 'crash',
      error: { message: 'thrown and not caught: undefined' },
    });
  });
});

describe('until', () => {
  const until = ({ data }: ServerSentEvent): boolean => data === '[DONE]';

  test('ends the client normally at its event; neither that nor a later one is handled', async () => {
    await using stage = await openStage();
    const handled: string[] = [];
    const handle = ({ data }: ServerSentEvent): void => void handled.push(data);
    const client = await run(stage, { method: 'POST', until, handle });
    const exchange = await stage.next();
    exchange.stream('data: a\n\ndata: [DONE]\n\ndata: b\n\n');
    await client.until('ended');
    await settle(stage.system);
    expect(isAlive(client.pid)).toBe(false);
    expect(isAlive(stage.system.pid)).toBe(true);
    await exchange.closed;
    expect(handled).toEqual(['a']);
  });

  test('makes the end of a stream without its event a failure', async () => {
    await using stage = await openStage();
    const client = await run(stage, { method: 'POST', until });
    const exchange = await stage.next();
    exchange.stream('data: a\n\n');
    exchange.response.end();
    expect(await client.until('gaveUp')).toMatchObject({ failure: { type: 'closed' } });
  });

  test('leaves a GET to reconnect until it comes', async () => {
    await using stage = await openStage();
    const client = await run(stage, { until });
    (await stage.next()).response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    await advance(stage.system, (await client.until('disconnected')).after);
    (await stage.next()).stream('data: [DONE]\n\n');
    expect(await client.until('ended')).toEqual({ type: 'ended' });
  });
});

describe('the unfinished event at the end of a stream', () => {
  const until = ({ data }: ServerSentEvent): boolean => data === '[DONE]';
  const options = { method: 'POST', dispatchIncomplete: true } as const;

  test.each([
    ['data: a\n\ndata: [DONE]', ['a']],
    ['data: a\n\ndata: [DONE]\n', ['a']],
    ['data: a\r\n\r\ndata: [DONE]\r', ['a']],
    ['data: a\n\nid: 3\ndata: [DONE]\nda', ['a']],
  ])('counts if it is asked for, and can be the one of `until`: %j', async (body, expected) => {
    await using stage = await openStage();
    const handled: string[] = [];
    const handle = ({ data }: ServerSentEvent): void => void handled.push(data);
    const client = await run(stage, { ...options, until, handle });
    const exchange = await stage.next();
    exchange.stream();
    exchange.response.end(body);
    await client.until('ended');
    expect(handled).toEqual(expected);
  });

  test('is handled to its end before the client ends, and moves the id', async () => {
    await using stage = await openStage();
    const order: string[] = [];
    const cursor = new Map<string, string>();
    const ended = Promise.withResolvers<void>();
    await run(stage, {
      ...options,
      cursor,
      handle: async ({ data }) => {
        order.push(data);
        await new Promise(setImmediate);
        order.push('done');
      },
      onStatus: ({ type }) => {
        order.push(type);
        if (type === 'ended') {
          ended.resolve();
        }
      },
    });
    const exchange = await stage.next();
    exchange.stream('id: 1\ndata: a\n\n');
    exchange.response.end(Buffer.from('id: 2\ndata: b€').subarray(0, -1));
    await ended.promise;
    await settle(stage.system);
    expect(order).toEqual(['fresh', 'connecting', 'connected', 'a', 'done', 'b', 'done', 'ended']);
    expect(cursor.get('client')).toContain('"lastEventId":"2"');
  });

  test('is dropped after a break, and without the option', async () => {
    await using stage = await openStage();
    const handled: string[] = [];
    const handle = ({ data }: ServerSentEvent): void => void handled.push(data);
    for (const [given, cut] of [
      [{ method: 'POST' }, false],
      [options, true],
    ] as const) {
      const client = await run(stage, { ...given, handle });
      const exchange = await stage.next();
      exchange.stream('data: a\n\ndata: half');
      await client.until('connected');
      if (cut) {
        exchange.request.socket.resetAndDestroy();
      } else {
        exchange.response.end();
      }
      await (cut ? client.until('gaveUp') : client.until('ended'));
    }
    expect(handled).toEqual(['a', 'a']);
  });

  test('is refused where the stream is requested again', () => {
    const spec = { id: 'client', url: 'http://localhost/', handle: () => undefined };
    const build = (): unknown => SseClient.resilient({ ...spec, dispatchIncomplete: true });
    expect(build).toThrow(TypeError);
    expect(build).toThrow(
      'Expected dispatchIncomplete only together with until or reconnect: false',
    );
    expect(() => SseClient.resilient({ ...spec, ...options })).not.toThrow();
  });
});

describe('classify', () => {
  test('can say when the next attempt is made, whatever the delays and the server say', async () => {
    await using stage = await openStage();
    const client = await run(stage, { classify: () => ({ retryAfter: 12_345 }) });
    (await stage.next()).refuse(404, { 'retry-after': '60' });
    expect(await client.until('disconnected')).toMatchObject({ after: 12_345 });
    await advance(stage.system, 12_345);
    await stage.next();
  });

  test.each([-1, Infinity, NaN, '5'])(
    'a time that is none crashes the client: %p',
    async (retryAfter) => {
      await using stage = await openStage();
      await run(stage, { classify: () => ({ retryAfter }) as never });
      (await stage.next()).refuse(503);
      expect(await stage.system.whenExited).toMatchObject({
        error: { message: expect.stringContaining('to return retryAfter in ms, from 0 on') },
      });
    },
  );

  test.each(['retrry', true, {}, null])(
    'a verdict that is none crashes the client: %p',
    async (given) => {
      await using stage = await openStage();
      await run(stage, { classify: () => given as never });
      (await stage.next()).refuse(503);
      expect(await stage.system.whenExited).toMatchObject({
        error: { message: expect.stringMatching(/^Expected classify to return .*, got /) },
      });
    },
  );

  test('gets the default verdict, and its own verdict decides', async () => {
    await using stage = await openStage();
    const asked: unknown[] = [];
    const client = await run(stage, {
      classify: (failure, verdict) => {
        asked.push([failure.type === 'status' ? failure.status : failure.type, verdict]);
        return failure.type === 'closed' ? 'end' : 'retry';
      },
    });
    (await stage.next()).refuse(404);
    await advance(stage.system, (await client.until('disconnected')).after);
    const exchange = await stage.next();
    exchange.stream();
    exchange.response.end();
    await client.until('ended');
    expect(asked).toEqual([
      [404, 'fatal'],
      ['closed', 'retry'],
    ]);
  });
});

describe('giving up', () => {
  test('REC-13 maxElapsed ends it before an attempt that would come too late', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage, { maxElapsed: 4000 });
    for (const after of [1000, 2000]) {
      (await stage.next()).refuse(503);
      const status = await client.until('disconnected');
      expect(status.after).toBe(after);
      await advance(stage.system, after);
    }
    (await stage.next()).refuse(503);
    expect(await client.until('gaveUp')).toMatchObject({ reason: 'status 503' });
  });

  test('maxElapsed and maxAttempts count from the last healthy connection, silent or not', async () => {
    await using stage = await openStage();
    const client = await run(stage, { maxElapsed: 70_000, maxAttempts: 1 });
    const exchange = await stage.next();
    exchange.stream();
    await client.until('connected');
    await advance(stage.system, 100_000);
    exchange.response.end();
    expect(await client.until('disconnected')).toMatchObject({ failure: { type: 'closed' } });
  });

  test('with shutdown, which has the failure and leaves a transient child stopped', async () => {
    await using stage = await openStage();
    const client = await run(stage, { giveUpWith: 'shutdown' });
    (await stage.next()).refuse(404);
    await client.until('gaveUp');
    expect(await stage.system.whenExited).toMatchObject({
      type: 'shutdown',
      detail: { type: 'status', status: 404 },
    });
  });
});

test('the server’s retry is kept within the limits of the user', async () => {
  await using stage = await openStage();
  jitter(floor);
  const client = await run(stage, { minRetry: 5000, maxRetry: 7000, maxRetryAfter: 9000 });
  for (const [retry, after] of [
    [1, 5000],
    [60_000, 7000],
  ] as const) {
    const exchange = await stage.next();
    exchange.stream(`retry: ${retry}\n\ndata: x\n\n`);
    await client.handled.next();
    await advance(stage.system, 60_000);
    exchange.response.end();
    expect((await client.until('disconnected')).after).toBe(after);
    await advance(stage.system, after);
  }
  (await stage.next()).refuse(503, { 'retry-after': '3600' });
  expect((await client.until('disconnected')).after).toBe(9000);
});
