import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import {
  crash,
  isAlive,
  name,
  type Pid,
  register,
  send,
  shutdown,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { type HandleContext, type RequestContext, SseClient } from '../../src/index.ts';
import { Queue } from '../support/queue.ts';
import {
  ceiling,
  delayAfter,
  floor,
  jitter,
  refuse,
  run,
  type StatusChange,
  stream,
} from '../support/run.ts';
import { cert, closedPort, serveSecurely } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

describe('an answer', () => {
  test('ST-03 204 ends it normally, for good, also under a supervisor', async () => {
    await using stage = await openStage();
    const statuses: StatusChange[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          handle: () => undefined,
          onStatus: (status) => {
            statuses.push(status);
            if (status.type === 'ended') {
              end();
            }
          },
        }),
      ],
    });
    (await stage.next()).response.writeHead(204).end();
    await ended;
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.asked).toBe(1);
    expect(statuses).toEqual([{ type: 'connecting', attempt: 1 }, { type: 'ended' }]);
    expect(await Supervisor.countChildren(app)).toMatchObject({ active: 0 });
    expect(stage.system.reports).toEqual([]);
  });

  test.each([408, 421, 425, 429, 500, 501, 502, 503, 504, 507])(
    'ST-14 %i is tried again',
    async (status) => {
      await using stage = await openStage();
      const client = await run(stage);
      (await stage.next()).refuse(status);
      const disconnected = await client.until('disconnected');
      expect(disconnected).toMatchObject({ failure: { status }, reason: `status ${status}` });
      await advance(stage.system, disconnected.after);
      await stage.next();
    },
  );

  test.each([205, 206, 210, 299, 300, 304, 305, 400, 404, 405, 406, 410, 418, 451])(
    'ST-04 ST-12 %i is fatal',
    async (status) => {
      await using stage = await openStage();
      const client = await run(stage);
      (await stage.next()).refuse(status, { 'content-type': 'text/event-stream' });
      const { reason, failure } = await client.until('gaveUp');
      expect(reason).toBe(`status ${status}`);
      expect(failure).toMatchObject({ type: 'status', status });
      expect(await stage.system.whenExited).toEqual(crash(new Error(`gave up: ${reason}`)));
      expect(isAlive(client.pid)).toBe(false);
    },
  );

  test('REC-05 431: a last id that the server finds too long is not sent again, and the next 431 is fatal', async () => {
    await using stage = await openStage();
    const lastEventId = 'x'.repeat(8192);
    const client = await run(stage, { lastEventId });
    const { request, refuse } = await stage.next();
    expect(request.headers['last-event-id']).toBe(lastEventId);
    refuse(431);
    expect(await client.until('ignored')).toEqual({
      type: 'ignored',
      lastEventId,
      reason: 'refused',
    });
    await advance(stage.system, (await client.until('disconnected')).after);
    const next = await stage.next();
    expect(next.request.headers).not.toHaveProperty('last-event-id');
    next.refuse(431);
    expect(await client.until('gaveUp')).toMatchObject({ failure: { status: 431 } });
    expect(isAlive(client.pid)).toBe(false);
  });

  test('the reason it gives up with carries the failure', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    (await stage.next()).refuse(404);
    const { failure } = await client.until('gaveUp');
    expect(await stage.system.whenExited).toMatchObject({ error: { cause: failure } });
  });

  test.each(['text/html', 'application/json', undefined])(
    'CT-02 the content type %s is fatal',
    async (type) => {
      await using stage = await openStage();
      const client = await run(stage);
      const { response } = await stage.next();
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end();
      expect((await client.until('gaveUp')).reason).toBe(`content type ${type ?? 'missing'}`);
    },
  );

  test('NET-01 a port that is closed is tried again', async () => {
    await using stage = await openStage();
    const client = await run(stage, { url: `http://127.0.0.1:${await closedPort()}/` });
    const { failure, after } = await client.until('disconnected');
    expect(failure).toMatchObject({ type: 'network', code: 'ECONNREFUSED' });
    await advance(stage.system, after);
    expect(await client.next()).toEqual({ type: 'connecting', attempt: 2 });
  });

  test('NET-03 a certificate that is not trusted is fatal, unless its authority is given', async () => {
    await using stage = await openStage();
    await using secure = await serveSecurely((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: x\n\n');
    });
    const trusting = await run(stage, { url: secure.url, tls: { ca: cert } });
    expect(await trusting.handled.next()).toMatchObject({ data: 'x' });
    const client = await run(stage, { url: secure.url });
    expect((await client.until('gaveUp')).failure).toMatchObject({ type: 'certificate' });
  });

  test('REC-12 a first attempt that fails is like any other', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    await advance(stage.system, await delayAfter(refuse, stage, client));
    (await stage.next()).stream('data: x\n\n');
    expect(await client.handled.next()).toMatchObject({ data: 'x' });
  });

  test('an event above the limit ends the connection, and it connects again from the last good one', async () => {
    await using stage = await openStage();
    const client = await run(stage, { maxEventSize: 100 });
    const body = `id: 1\ndata: a\n\nid: 2\ndata: ${'x'.repeat(200)}\n\n`;
    (await stage.next()).stream(body);
    const { reason, after } = await client.until('disconnected');
    expect(reason).toBe('event above 100 bytes');
    await advance(stage.system, after);
    expect((await stage.next()).request.headers['last-event-id']).toBe('1');
  });

  test.each([
    ['id: 1\ndata: a\n\n', '', 'after the id "1"'],
    ['id: 1\ndata: a\n\n', 'id: 1\ndata: a\n\n', 'after the id "1"'],
    ['', '', ''],
  ])(
    'an event above the limit that comes again at the same position is fatal: %j, then %j',
    async (first, second, place) => {
      await using stage = await openStage();
      const client = await run(stage, { maxEventSize: 100 });
      const tooLarge = `id: 2\ndata: ${'x'.repeat(200)}\n\n`;
      (await stage.next()).stream(first + tooLarge);
      await advance(stage.system, (await client.until('disconnected')).after);
      (await stage.next()).refuse(503);
      await advance(stage.system, (await client.until('disconnected')).after);
      (await stage.next()).stream(second + tooLarge);
      expect(await client.until('gaveUp')).toMatchObject({
        failure: { type: 'tooLarge' },
        reason: `event above 100 bytes, again ${place}: it takes a larger maxEventSize`.replace(
          ' :',
          ':',
        ),
      });
    },
  );

  test('an event above the limit at another position, or after events without ids, is another one', async () => {
    await using stage = await openStage();
    const client = await run(stage, { maxEventSize: 100 });
    const tooLarge = `data: ${'x'.repeat(200)}\n\n`;
    for (const before of ['', 'data: a\n\n', '', 'id: 1\n\n', 'id: 2\ndata: a\n\n']) {
      (await stage.next()).stream(before + tooLarge);
      await advance(stage.system, (await client.until('disconnected')).after);
    }
    await stage.next();
    expect(client.statuses.map(({ type }) => type)).not.toContain('gaveUp');
  });
});

describe('credentials', () => {
  const tokens = (): (() => Promise<{ authorization: string }>) => {
    let count = 0;
    return async () => ({ authorization: `token ${(count += 1)}` });
  };

  test.each([401, 403])(
    'ST-13 after %i the headers are asked for once more, at once, and then it is fatal',
    async (status) => {
      await using stage = await openStage();
      const client = await run(stage, { headers: tokens() });
      for (const authorization of ['token 1', 'token 2']) {
        const exchange = await stage.next();
        expect(exchange.request.headers).toMatchObject({ authorization });
        exchange.refuse(status);
      }
      expect(await client.until('gaveUp')).toMatchObject({ reason: `status ${status}` });
      expect(client.statuses.map(({ type }) => type)).toEqual([
        'connecting',
        'connecting',
        'gaveUp',
      ]);
      expect(stage.asked).toBe(2);
    },
  );

  test('ST-13 once more after each healthy connection, and not after each failure', async () => {
    await using stage = await openStage();
    const client = await run(stage, { headers: tokens() });
    (await stage.next()).refuse(401);
    const { stream, response } = await stage.next();
    stream();
    await client.until('connected');
    await advance(stage.system, 60_000);
    response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    (await stage.next()).refuse(401);
    await advance(stage.system, await delayAfter(refuse, stage, client));
    (await stage.next()).refuse(401);
    await client.until('gaveUp');
    expect(stage.server.requests.map(({ headers }) => headers.authorization)).toEqual(
      [1, 2, 3, 4, 5].map((count) => `token ${count}`),
    );
  });

  test('ST-13 once more, at once, after each connection that brought an event', async () => {
    await using stage = await openStage();
    const client = await run(stage, { headers: tokens() });
    (await stage.next()).refuse(401);
    await advance(stage.system, await delayAfter(stream('data: x\n\n'), stage, client));
    (await stage.next()).refuse(401);
    const after = await delayAfter(refuse, stage, client);
    await advance(stage.system, after);
    (await stage.next()).refuse(401);
    await client.until('gaveUp');
    expect(stage.server.requests.map(({ headers }) => headers.authorization)).toEqual(
      [1, 2, 3, 4, 5].map((count) => `token ${count}`),
    );
  });

  test('ST-13 headers that are a value cannot be refreshed: 401 is fatal at once', async () => {
    await using stage = await openStage();
    const client = await run(stage, { headers: { authorization: 'token' } });
    (await stage.next()).refuse(401);
    await client.until('gaveUp');
    expect(stage.asked).toBe(1);
  });
});

describe('the request', () => {
  test.each(['sync', 'async'])(
    'REQ-03 url, headers and body may be functions (%s), called at each attempt',
    async (how) => {
      await using stage = await openStage();
      let count = 0;
      const fresh =
        <Value>(make: () => Value) =>
        (): Value | Promise<Value> =>
          how === 'sync' ? make() : Promise.resolve(make());
      const client = await run(stage, {
        method: 'POST',
        reconnect: true,
        url: fresh(() => `${stage.url}?${(count += 1)}`),
        headers: fresh(() => ({ 'x-count': String(count) })),
        body: fresh(() => `body ${count}`),
      });
      for (const attempt of [1, 2]) {
        const exchange = await stage.next();
        expect(exchange.request).toMatchObject({ method: 'POST', url: `/events?${attempt}` });
        expect(exchange.request.headers).toMatchObject({ 'x-count': String(attempt) });
        expect(exchange.body).toBe(`body ${attempt}`);
        exchange.refuse(503);
        await advance(stage.system, (await client.until('disconnected')).after);
      }
    },
  );

  test('REQ-03 a function that fails is tried again, with the delay', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    let count = 0;
    const client = await run(stage, {
      headers: async () => {
        count += 1;
        if (count <= 2) {
          throw new Error('no token yet');
        }
        return {};
      },
    });
    for (const after of [1000, 2000]) {
      expect(await client.until('disconnected')).toMatchObject({
        type: 'disconnected',
        reason: 'no request: Error: no token yet',
        failure: { type: 'request', error: new Error('no token yet') },
        after,
      });
      await advance(stage.system, after);
    }
    await stage.next();
  });

  test('REQ-07 a function that gives an invalid URL is fatal', async () => {
    await using stage = await openStage();
    const client = await run(stage, { url: () => 'nowhere' });
    expect(await client.until('gaveUp')).toMatchObject({ failure: { type: 'badRequest' } });
  });

  test('REQ-04 lastEventId goes out with the first request', async () => {
    await using stage = await openStage();
    await run(stage, { lastEventId: '41' });
    expect((await stage.next()).request.headers['last-event-id']).toBe('41');
  });
});

describe('the last id', () => {
  test.each([
    ['REC-01 is that of the last event', 'id: 1\ndata: x\n\nid: 2\ndata: y\n\n', '2'],
    ['REC-02 stays through events without one', 'id: 1\ndata: x\n\ndata: y\n\n', '1'],
    ['REC-03 is none after an empty one', 'id: 1\ndata: x\n\nid\ndata: y\n\n', undefined],
    ['REC-06 is the one before where there is none', 'data: x\n\n', '0'],
    ['BODY-04 is not that of half an event', 'id: 1\ndata: x\n\nid: 2\ndata: y\n', '1'],
    ['BODY-18 is moved by a block with an id alone', 'id: 1\ndata: x\n\nid: 2\n\n', '2'],
  ])('%s', async (_rule, body, header) => {
    await using stage = await openStage();
    const client = await run(stage, { lastEventId: '0' });
    await advance(stage.system, await delayAfter(stream(body), stage, client));
    const { request, refuse } = await stage.next();
    expect(request.headers['last-event-id']).toBe(header);
    refuse(503);
    await advance(stage.system, (await client.until('disconnected')).after);
    expect((await stage.next()).request.headers['last-event-id']).toBe(header);
  });

  test('is in a request only once every event has been handled', async () => {
    await using stage = await openStage();
    const pending = new Queue<{ readonly id: string | null; readonly done: () => void }>();
    const client = await run(stage, {
      handle: ({ id }) =>
        new Promise<void>((done) => {
          pending.push({ id, done });
        }),
    });
    const { stream, response } = await stage.next();
    stream('id: 1\ndata: x\n\nid: 2\ndata: y\n\n');
    response.end();
    for (const id of ['1', '2']) {
      const event = await pending.next();
      expect(event.id).toBe(id);
      await advance(stage.system, 3_600_000);
      await settleNetwork();
      expect(client.statuses.at(-1)?.type).toBe('connected');
      event.done();
    }
    await advance(stage.system, (await client.until('disconnected')).after);
    expect((await stage.next()).request.headers['last-event-id']).toBe('2');
  });

  test('after a restart is that of the options: a crash in handle forgets the rest', async () => {
    await using stage = await openStage();
    await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          lastEventId: '0',
          handle: async ({ data }) => {
            if (data === 'bad') {
              throw new Error('broken');
            }
          },
        }),
      ],
    });
    (await stage.next()).stream('id: 1\ndata: good\n\nid: 2\ndata: bad\n\n');
    expect((await stage.next()).request.headers['last-event-id']).toBe('0');
  });
});

describe('maxAttempts', () => {
  test('REC-13 attempts in a row that brought no event, and it gives up', async () => {
    await using stage = await openStage();
    const client = await run(stage, { maxAttempts: 3 });
    for (const play of [refuse, stream()]) {
      await advance(stage.system, await delayAfter(play, stage, client));
    }
    (await stage.next()).refuse(503);
    const { reason } = await client.until('gaveUp');
    expect(reason).toBe('status 503');
    expect(await stage.system.whenExited).toEqual(crash(new Error('gave up: status 503')));
    expect(stage.asked).toBe(3);
  });

  test('REC-13 an event resets the count', async () => {
    await using stage = await openStage();
    const client = await run(stage, { maxAttempts: 2 });
    for (const play of [refuse, stream('data: x\n\n'), refuse]) {
      await advance(stage.system, await delayAfter(play, stage, client));
    }
    (await stage.next()).refuse(503);
    await client.until('gaveUp');
    expect(
      client.statuses.flatMap((status) => (status.type === 'connecting' ? [status.attempt] : [])),
    ).toEqual([1, 2, 1, 2]);
  });

  test('REC-13 counts the attempt with fresh headers too', async () => {
    await using stage = await openStage();
    const client = await run(stage, { maxAttempts: 1, headers: () => ({ authorization: 't' }) });
    (await stage.next()).refuse(401);
    expect(await client.next()).toMatchObject({ type: 'connecting' });
    expect(await client.next()).toMatchObject({ type: 'gaveUp' });
  });
});

test('LIFE-08 onStatus gets every change, in order', async () => {
  await using stage = await openStage();
  jitter(ceiling);
  const client = await run(stage);
  const first = await stage.next();
  first.stream('data: x\n\n');
  await client.handled.next();
  first.response.end();
  await advance(stage.system, (await client.until('disconnected')).after);
  await advance(stage.system, await delayAfter(refuse, stage, client));
  (await stage.next()).refuse(404);
  await client.until('gaveUp');
  const status = (status: number): unknown => expect.objectContaining({ type: 'status', status });
  expect(client.statuses).toEqual([
    { type: 'connecting', attempt: 1 },
    expect.objectContaining({ type: 'connected', url: stage.url }),
    {
      type: 'disconnected',
      reason: 'closed by the server',
      failure: { type: 'closed', lastEventId: '', retry: undefined },
      after: 1200,
    },
    { type: 'connecting', attempt: 1 },
    { type: 'disconnected', reason: 'status 503', failure: status(503), after: 1000 },
    { type: 'connecting', attempt: 2 },
    { type: 'gaveUp', reason: 'status 404', failure: status(404) },
  ]);
});

test('connected has the head of the response; its URL is that after redirects, without credentials', async () => {
  await using stage = await openStage();
  const client = await run(stage, { url: stage.url.replace('//', '//me:pw@') });
  (await stage.next()).refuse(307, { location: '/there' });
  (await stage.next()).response
    .writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': '7' })
    .flushHeaders();
  expect(await client.until('connected')).toMatchObject({
    type: 'connected',
    status: 200,
    headers: expect.objectContaining({ 'mcp-session-id': '7' }),
    url: stage.url.replace('/events', '/there'),
  });
});

test('a copy of connected has the headers too, and neither prints them', async () => {
  await using stage = await openStage();
  const client = await run(stage);
  (await stage.next()).response
    .writeHead(200, { 'content-type': 'text/event-stream', 'set-cookie': 'secret' })
    .flushHeaders();
  const change = await client.until('connected');
  const copy = { ...change };
  expect(copy.headers['set-cookie']).toEqual(['secret']);
  for (const printed of [JSON.stringify([change, copy]), inspect([change, copy], { depth: 9 })]) {
    expect(printed).not.toContain('secret');
  }
});

test('handle has one event at a time, in order', async () => {
  await using stage = await openStage();
  const order: string[] = [];
  const client = await run(stage, {
    handle: async ({ data }) => {
      order.push(data);
      await new Promise(setImmediate);
      order.push(`${data}.`);
    },
  });
  const { stream, response } = await stage.next();
  stream('data: a\n\ndata: b\n\n');
  response.end('data: c\n\n');
  await client.until('disconnected');
  expect(order).toEqual(['a', 'a.', 'b', 'b.', 'c', 'c.']);
});

describe('the context', () => {
  test('handle, until and onStatus get one object: the process, and a signal that aborts at its end', async () => {
    await using stage = await openStage();
    const contexts = new Set<HandleContext>();
    const remember = (_: unknown, context: HandleContext): void => {
      contexts.add(context);
    };
    const client = await run(stage, {
      handle: remember,
      until: (event, context) => {
        remember(event, context);
        return event.data === 'last';
      },
      onStatus: remember,
    });
    (await stage.next()).stream('data: first\n\ndata: last\n\n');
    const ended = Promise.withResolvers<void>();
    const [context] = [...contexts] as [HandleContext];
    context.signal.addEventListener('abort', () => {
      ended.resolve();
    });
    await ended.promise;
    expect(contexts.size).toBe(1);
    expect(context.self.pid).toBe(client.pid);
  });

  test('handle sends to another process by its name', async () => {
    await using stage = await openStage();
    const received = new Queue<string>();
    const prices = name<Pid<string>>('prices');
    const sink = spawn<string>(stage.system, async (self) => {
      for (;;) {
        received.push(await self.receive());
      }
    });
    register(stage.system, 'prices', sink);
    await run(stage, {
      handle: ({ data }, { self }) => {
        send(prices.in(self), data);
      },
    });
    (await stage.next()).stream('data: 42\n\n');
    expect(await received.next()).toBe('42');
  });

  test('url, headers and body get the attempt and the id that it resumes from', async () => {
    await using stage = await openStage();
    jitter(floor);
    const contexts: RequestContext[] = [];
    const client = await run(stage, {
      method: 'POST',
      reconnect: true,
      lastEventId: '1',
      url: ({ attempt }) => `${stage.url}?attempt=${attempt}`,
      headers: (context) => {
        contexts.push(context);
        return { 'x-resume': context.lastEventId };
      },
      body: ({ attempt, lastEventId }) => JSON.stringify([attempt, lastEventId]),
    });
    const first = await stage.next();
    first.refuse(503);
    await advance(stage.system, (await client.until('disconnected')).after);
    const second = await stage.next();
    second.stream('id: 2\ndata: x\n\n');
    second.response.end('id: 3\n\n');
    await advance(stage.system, (await client.until('disconnected')).after);
    const third = await stage.next();
    expect([first, second, third].map(({ request, body }) => [request.url, body])).toEqual([
      ['/events?attempt=1', '[1,"1"]'],
      ['/events?attempt=2', '[2,"1"]'],
      ['/events?attempt=1', '[1,"3"]'],
    ]);
    expect(third.request.headers['x-resume']).toBe('3');
    expect(contexts.map(({ self }) => self.pid)).toEqual([client.pid, client.pid, client.pid]);
  });

  test('functions are asked after the report of the cursor', async () => {
    await using stage = await openStage();
    const told: unknown[] = [];
    const ask = (what: string) => (): undefined => void told.push(what);
    const client = await run(stage, {
      cursor: new Map([['client', JSON.stringify({ lastEventId: '9', recent: ['9'] })]]),
      url: ({ lastEventId }) => {
        told.push('url');
        return `${stage.url}?since=${lastEventId}`;
      },
      headers: () => ({ 'x-none': ask('headers')() }),
      onStatus: ({ type }) => {
        told.push(type);
      },
    });
    expect(SseClient.status(client.pid)).toMatchObject({ state: 'connecting', attempt: 1 });
    expect((await stage.next()).request.url).toBe('/events?since=9');
    expect(told).toEqual(['resumed', 'connecting', 'url', 'headers']);
  });

  test('functions are told the id that is sent, where the cursor has the empty one', async () => {
    await using stage = await openStage();
    const store = new Map([['client', JSON.stringify({ lastEventId: '', recent: [] })]]);
    await run(stage, {
      cursor: store,
      lastEventId: 'x',
      headers: ({ lastEventId }) => ({ 'x-resume': `[${lastEventId}]` }),
    });
    const { headers } = (await stage.next()).request;
    expect([headers['x-resume'], headers['last-event-id']]).toEqual(['[]', undefined]);
  });

  test('functions get the id that a cursor resumes from', async () => {
    await using stage = await openStage();
    const store = new Map([['client', JSON.stringify({ lastEventId: '9', recent: ['9'] })]]);
    await run(stage, {
      cursor: store,
      lastEventId: '1',
      headers: ({ lastEventId }) => ({ 'x-resume': lastEventId }),
    });
    const { headers } = (await stage.next()).request;
    expect([headers['x-resume'], headers['last-event-id']]).toEqual(['9', '9']);
  });
});

test('REC-21 404 for 3 s, as of a router that restarts, ends no program with the defaults', async () => {
  await using stage = await openStage();
  const handled = new Queue<string>();
  const waits: number[] = [];
  await Supervisor.startLink(stage.system, {
    strategy: 'oneForOne',
    children: [
      SseClient.resilient({
        id: 'prices',
        url: stage.url,
        handle: ({ data }) => {
          handled.push(data);
        },
        onStatus: (change) => {
          if (change.type === 'disconnected') {
            waits.push(change.after);
          }
        },
      }),
    ],
  });
  for (let waited = 0; waited < 3000; waited += waits.at(-1) ?? Infinity) {
    (await stage.next()).refuse(404);
    const before = waits.length;
    while (waits.length === before) {
      await settle(stage.system);
    }
    await advance(stage.system, waits.at(-1) ?? 0);
  }
  (await stage.next()).stream('data: back\n\n');
  expect(await handled.next()).toBe('back');
});

test('REC-21 a fatal answer under a supervisor is loud: the restarted client waits before it asks again, and at the fourth the supervisor gives up', async () => {
  await using stage = await openStage();
  const changes = new Queue<StatusChange>();
  const onStatus = (change: StatusChange): void => {
    changes.push(change);
  };
  const prices = { id: 'prices', url: stage.url, handle: () => undefined, onStatus };
  await Supervisor.startLink(stage.system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [SseClient.resilient(prices)],
  });
  const giveUp = async (): Promise<void> => {
    expect(await changes.next()).toEqual({ type: 'connecting', attempt: 1 });
    (await stage.next()).refuse(404);
    expect(await changes.next()).toMatchObject({ type: 'gaveUp', reason: 'status 404' });
  };
  await giveUp();
  for (let restart = 1; restart <= 3; restart += 1) {
    const waiting = await changes.next();
    expect(waiting).toMatchObject({ type: 'disconnected', failure: { type: 'restarted' } });
    const { after } = waiting as StatusChange & { readonly type: 'disconnected' };
    expect(after).toBeGreaterThanOrEqual(1250);
    await advance(stage.system, after);
    await giveUp();
  }
  expect(await stage.system.whenExited).toEqual(shutdown);
  expect(stage.system.reports.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^child "prices" \(\S+\) of supervisor app crashed: Error: gave up: status 404$/,
      ),
      expect.stringMatching(
        /^supervisor app gave up: child "prices" \(\S+\) failed 4 times in 5 s: Error: gave up: status 404$/,
      ),
    ]),
  );
});
