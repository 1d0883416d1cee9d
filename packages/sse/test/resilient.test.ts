import { Readable } from 'node:stream';

import { describe, expect, jest, test } from '@jest/globals';
import { crash, isAlive, type Pid, shutdown, Supervisor, whereis } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { type ServerSentEvent, SseClient } from '../src/index.ts';
import { Queue } from './support/queue.ts';
import { cert, closedPort, serveSecurely } from './support/servers.ts';
import { type Exchange, openStage, quiet, type Stage } from './support/stage.ts';

type Options = Partial<SseClient.ResilientOptions>;
type Status = SseClient.Status;
type StatusOf<Type extends Status['type']> = Extract<Status, { readonly type: Type }>;

/** A client on its own: when it gives up, it takes the system of its stage along. */
interface Run {
  readonly pid: Pid;
  readonly handled: Queue<ServerSentEvent>;
  /** All that it said of itself. */
  readonly statuses: readonly Status[];
  /** What it says next. */
  next(): Promise<Status>;
  /** What it says next that is of this type. */
  until<Type extends Status['type']>(type: Type): Promise<StatusOf<Type>>;
}

async function run(stage: Stage, options: Options = {}): Promise<Run> {
  const handled = new Queue<ServerSentEvent>();
  const statuses: Status[] = [];
  const queue = new Queue<Status>();
  const spec = SseClient.resilient({
    id: 'client',
    url: stage.url,
    handle: (event) => {
      handled.push(event);
    },
    onStatus: (status) => {
      statuses.push(status);
      queue.push(status);
    },
    ...options,
  });
  const pid = (await spec.start(stage.system)) as Pid;
  return {
    pid,
    handled,
    statuses,
    next: () => queue.next(),
    async until<Type extends Status['type']>(type: Type) {
      for (;;) {
        const status = await queue.next();
        if (status.type === type) {
          return status as StatusOf<Type>;
        }
        if (status.type === 'gaveUp' || status.type === 'ended') {
          throw new Error(`Expected ${type} in the end, got ${JSON.stringify(status)}`);
        }
      }
    },
  };
}

/** What the server does about a request, the `turn`th. */
type Play = (exchange: Exchange, turn: number) => void;

const refuse = (exchange: Exchange): void => {
  exchange.refuse(503);
};

const stream =
  (body = '') =>
  (exchange: Exchange): void => {
    exchange.stream();
    exchange.response.end(body);
  };

/** Lets the next request go like that, and says how long the client waits after it. */
async function delayAfter(
  play: (exchange: Exchange) => void,
  stage: Stage,
  client: Run,
): Promise<number> {
  play(await stage.next());
  return (await client.until('disconnected')).after;
}

/** The delays after one attempt after the other, each made when its time has come. */
async function delays(
  plays: readonly ((exchange: Exchange) => void)[],
  stage: Stage,
  client: Run,
): Promise<number[]> {
  const found: number[] = [];
  for (const play of plays) {
    await advance(stage.system, found.at(-1) ?? 0);
    found.push(await delayAfter(play, stage, client));
  }
  return found;
}

/** Full jitter picks a place between the floor and the ceiling of the delay by `Math.random`. */
function jitter(place: number): void {
  jest.spyOn(Math, 'random').mockReturnValue(place);
}

const ceiling = 1 - Number.EPSILON;
const floor = 0;

describe('the delay', () => {
  const ceilings = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
  const seven = ceilings.map(() => refuse);

  test('REC-09 doubles from 1 s to 30 s', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    expect(await delays(seven, stage, await run(stage))).toEqual(ceilings);
  });

  test('REC-09 has full jitter down to a sixth of it, and to 250 ms', async () => {
    await using stage = await openStage();
    jitter(floor);
    const floors = [250, 333, 667, 1333, 2667, 5000, 5000];
    expect(await delays(seven, stage, await run(stage))).toEqual(floors);
  });

  test('REC-09 two clients that are cut off together come back apart', async () => {
    await using stage = await openStage();
    const found = await delays(seven, stage, await run(stage));
    for (const [index, delay] of found.entries()) {
      const highest = ceilings[index] ?? 0;
      expect(delay).toBeGreaterThanOrEqual(Math.max(250, Math.floor(highest / 6)));
      expect(delay).toBeLessThanOrEqual(highest);
    }
    await using other = await openStage();
    expect(await delays(seven, other, await run(other))).not.toEqual(found);
  });

  test('is what is waited: not an attempt before, and one then', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const after = await delayAfter(refuse, stage, client);
    await advance(stage.system, after - 1);
    await quiet();
    expect(stage.server.requests).toHaveLength(1);
    await advance(stage.system, 1);
    await stage.next();
  });

  test('minDelay and maxDelay are the user’s', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage, { minDelay: 10, maxDelay: 35 });
    expect(await delays(seven, stage, client)).toEqual([10, 20, 35, 35, 35, 35, 35]);
  });

  test('REC-10 is a number in its band after 40 failures too', async () => {
    await using stage = await openStage();
    const client = await run(stage, { url: `http://127.0.0.1:${await closedPort()}/` });
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      expect(await client.next()).toEqual({ type: 'connecting', attempt });
      const { after } = await client.until('disconnected');
      expect(after).toBeGreaterThanOrEqual(250);
      expect(after).toBeLessThanOrEqual(30_000);
      await advance(stage.system, after);
    }
  });

  test('REC-11 grows on after a connection that stood for less than 60 s, whatever came by it', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    const plays = [refuse, stream(), stream('data: x\n\n'), refuse];
    expect(await delays(plays, stage, client)).toEqual([1000, 2000, 4000, 8000]);
  });

  test.each([
    [59_999, 8000],
    [60_000, 1000],
  ])('REC-11 after a connection of %i ms is %i ms', async (stood, expected) => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    await advance(
      stage.system,
      (await delays([refuse, refuse, refuse], stage, client)).at(-1) ?? 0,
    );
    const exchange = await stage.next();
    exchange.stream();
    await client.until('connected');
    await advance(stage.system, stood);
    exchange.response.end();
    expect((await client.until('disconnected')).after).toBe(expected);
  });

  test('REC-11 healthyAfter is the user’s', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage, { healthyAfter: 5 });
    await advance(stage.system, (await delays([refuse, refuse], stage, client)).at(-1) ?? 0);
    const exchange = await stage.next();
    exchange.stream();
    await client.until('connected');
    await advance(stage.system, 5);
    exchange.response.end();
    expect((await client.until('disconnected')).after).toBe(1000);
  });

  test('REC-07 grows from the server’s retry, and stays with it', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    const plays = [
      stream('retry: 2000\n\n'),
      refuse,
      stream('data: x\n\n'),
      stream('retry: 500\n\n'),
    ];
    expect(await delays(plays, stage, client)).toEqual([2000, 4000, 8000, 4000]);
  });

  test.each([
    ['0', 250],
    ['99999999999', 300_000],
    ['600000', 300_000],
    ['60000', 60_000],
  ])('REC-08 after retry: %s is %i ms', async (retry, expected) => {
    await using stage = await openStage();
    jitter(ceiling);
    expect(await delayAfter(stream(`retry: ${retry}\n\n`), stage, await run(stage))).toBe(expected);
  });

  test('REC-08 after retry: 0 is 100 ms where minDelay allows it', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage, { minDelay: 50 });
    expect(await delayAfter(stream('retry: 0\n\n'), stage, client)).toBe(100);
  });

  test.each([
    ['ST-15 2 s', 503, '2', 2000],
    ['ST-15 2 s, for 429 too', 429, '2', 2000],
    ['ST-15 shorter than the delay', 503, '0', 1000],
    ['ST-16 above 15 min', 503, '1000000000000', 900_000],
    ['ST-16 garbage', 503, 'soon', 1000],
    ['ST-16 negative', 503, '-5', 1000],
    ['ST-16 a date that is past', 503, 'Wed, 21 Oct 2015 07:28:00 GMT', 1000],
  ])('honours Retry-After: %s', async (_rule, status, value, expected) => {
    await using stage = await openStage();
    jitter(ceiling);
    const play = (exchange: Exchange): void => {
      exchange.refuse(status, { 'retry-after': value });
    };
    expect(await delayAfter(play, stage, await run(stage))).toBe(expected);
  });

  test('ST-16 honours Retry-After: a date', async () => {
    await using stage = await openStage();
    const date = new Date(Date.now() + 600_000).toUTCString();
    const play = (exchange: Exchange): void => {
      exchange.refuse(503, { 'retry-after': date });
    };
    const after = await delayAfter(play, stage, await run(stage));
    expect(after).toBeGreaterThan(590_000);
    expect(after).toBeLessThanOrEqual(600_000);
  });
});

describe('whatever the server does, it sends at most 5 requests in the first second and 20 in the first minute', () => {
  const byTurns =
    (odd: Play, even: Play): Play =>
    (exchange, turn) => {
      (turn % 2 === 1 ? odd : even)(exchange, turn);
    };
  const unauthorized: Play = (exchange) => {
    exchange.refuse(401);
  };
  const reset: Play = ({ request }) => {
    request.socket.resetAndDestroy();
  };

  test.each<[string, Play]>([
    ['503', refuse],
    [
      '503 with Retry-After: 0',
      (exchange) => {
        exchange.refuse(503, { 'retry-after': '0' });
      },
    ],
    ['a reset', reset],
    ['the end of the stream', stream()],
    ['an event and the end', stream('data: x\n\n')],
    ['retry: 0 and the end', stream('retry: 0\n\n')],
    ['retry: 0, an event with an id and the end', stream('retry: 0\nid: 1\ndata: x\n\n')],
    ['retry: 0 and the end, a reset, by turns', byTurns(stream('retry: 0\n\n'), reset)],
    ['401, the end of the stream, by turns', byTurns(unauthorized, stream('data: x\n\n'))],
    ['401, retry: 0 and the end, by turns', byTurns(unauthorized, stream('retry: 0\n\n'))],
  ])('%s', async (_what, play) => {
    await using stage = await openStage();
    jitter(floor);
    const client = await run(stage, { headers: () => ({ authorization: 'token' }) });
    const { clock } = stage.system;
    const times: number[] = [];
    while (clock.now() < 60_000) {
      const status = await client.next();
      if (status.type === 'connecting') {
        const exchange = await stage.next();
        times.push(clock.now());
        play(exchange, times.length);
      } else if (status.type === 'disconnected') {
        await advance(stage.system, status.after);
      }
    }
    expect(times.filter((time) => time < 1000).length).toBeLessThanOrEqual(5);
    expect(times.filter((time) => time < 60_000).length).toBeLessThanOrEqual(20);
  });
});

describe('silence', () => {
  test('BODY-06 of 5 min ends the connection, and it connects again', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const { stream, closed } = await stage.next();
    stream('data: x\n\n');
    await client.handled.next();
    await advance(stage.system, 299_999);
    expect(client.statuses.at(-1)?.type).toBe('connected');
    await advance(stage.system, 1);
    const { reason, failure, after } = await client.until('disconnected');
    expect(failure).toMatchObject({ type: 'timeout', ms: 300_000 });
    expect(reason).toBe('idle timeout after 300000 ms');
    await closed;
    await advance(stage.system, after);
    await stage.next();
  });

  test('BODY-07 is ended by a comment', async () => {
    await using stage = await openStage();
    const client = await run(stage, { idleTimeout: 1000 });
    const { stream, response } = await stage.next();
    stream();
    await client.until('connected');
    for (let count = 0; count < 3; count += 1) {
      await advance(stage.system, 999);
      response.write(':\n');
      await quiet();
    }
    expect(client.statuses.at(-1)?.type).toBe('connected');
    await advance(stage.system, 1000);
    expect((await client.until('disconnected')).failure).toMatchObject({ type: 'timeout' });
  });

  test('BODY-07 may last for ever with an idleTimeout of Infinity', async () => {
    await using stage = await openStage();
    const client = await run(stage, { idleTimeout: Infinity });
    const { stream, response } = await stage.next();
    stream();
    await client.until('connected');
    await advance(stage.system, 1e9);
    response.write('data: x\n\n');
    expect(await client.handled.next()).toMatchObject({ data: 'x' });
    expect(stage.server.requests).toHaveLength(1);
  });

  test('does not count while an event is handled', async () => {
    await using stage = await openStage();
    const { promise: brake, resolve: release } = Promise.withResolvers<void>();
    const events = new Queue<string>();
    const client = await run(stage, {
      idleTimeout: 1000,
      handle: async ({ data }) => {
        events.push(data);
        await brake;
      },
    });
    (await stage.next()).stream('data: x\n\ndata: y\n\n');
    expect(await events.next()).toBe('x');
    await advance(stage.system, 60_000);
    release();
    expect(await events.next()).toBe('y');
    await settle(stage.system);
    expect(client.statuses.at(-1)?.type).toBe('connected');
  });

  test('NET-05 of 30 s where the head of the response should be ends the attempt', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const { closed } = await stage.next();
    await advance(stage.system, 30_000);
    expect((await client.until('disconnected')).failure).toEqual({
      type: 'timeout',
      phase: 'response',
      ms: 30_000,
    });
    await closed;
  });
});

describe('an answer', () => {
  test('ST-03 204 ends it normally, for good, also under a supervisor', async () => {
    await using stage = await openStage();
    const statuses = new Queue<Status>();
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          handle: () => undefined,
          onStatus: (status) => {
            statuses.push(status);
          },
        }),
      ],
    });
    (await stage.next()).response.writeHead(204).end();
    expect(await statuses.next()).toEqual({ type: 'connecting', attempt: 1 });
    expect(await statuses.next()).toEqual({ type: 'ended' });
    await advance(stage.system, 3_600_000);
    await quiet();
    expect(stage.server.requests).toHaveLength(1);
    expect(statuses.length).toBe(0);
    expect(await Supervisor.countChildren(app)).toMatchObject({ active: 0 });
    expect(stage.system.reports).toEqual([]);
  });

  test.each([408, 425, 429, 500, 501, 502, 503, 504, 507])(
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

  test('NET-03 a certificate that is not trusted is fatal, and with its authority given it is not', async () => {
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
      expect(stage.server.requests).toHaveLength(2);
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

  test('ST-13 headers that are a value cannot be asked for: 401 is fatal at once', async () => {
    await using stage = await openStage();
    const client = await run(stage, { headers: { authorization: 'token' } });
    (await stage.next()).refuse(401);
    await client.until('gaveUp');
    expect(stage.server.requests).toHaveLength(1);
  });
});

describe('the request', () => {
  test.each(['sync', 'async'])(
    'REQ-03 url, headers and body may be functions (%s), asked anew at each attempt',
    async (how) => {
      await using stage = await openStage();
      let count = 0;
      const fresh =
        <Value>(make: () => Value) =>
        (): Value | Promise<Value> =>
          how === 'sync' ? make() : Promise.resolve(make());
      const client = await run(stage, {
        method: 'POST',
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
      expect(await client.until('disconnected')).toEqual({
        type: 'disconnected',
        reason: 'no request: Error: no token yet',
        failure: { type: 'request', error: new Error('no token yet') },
        after,
      });
      await advance(stage.system, after);
    }
    await stage.next();
  });

  test('REQ-07 a function that gives a URL that is none is fatal', async () => {
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

  test('is asked for only once every event has been handled', async () => {
    await using stage = await openStage();
    const pending = new Queue<{ readonly id: string | null; readonly done: () => void }>();
    const client = await run(stage, {
      handle: ({ id }) =>
        new Promise((done) => {
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
      await quiet();
      expect(client.statuses.at(-1)?.type).toBe('connected');
      event.done();
    }
    await advance(stage.system, (await client.until('disconnected')).after);
    expect((await stage.next()).request.headers['last-event-id']).toBe('2');
  });

  test('that a start anew begins with is that of the options: a crash in handle forgets the rest', async () => {
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
    expect(stage.server.requests).toHaveLength(3);
  });

  test('REC-13 an event starts the count anew', async () => {
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

test('LIFE-08 onStatus hears of every change, in order', async () => {
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
    { type: 'connected', url: stage.url },
    {
      type: 'disconnected',
      reason: 'closed by the server',
      failure: { type: 'closed', lastEventId: '', retry: undefined },
      after: 1000,
    },
    { type: 'connecting', attempt: 1 },
    { type: 'disconnected', reason: 'status 503', failure: status(503), after: 2000 },
    { type: 'connecting', attempt: 2 },
    { type: 'gaveUp', reason: 'status 404', failure: status(404) },
  ]);
});

test('connected tells the URL that answered, after redirects and without credentials', async () => {
  await using stage = await openStage();
  const client = await run(stage, { url: stage.url.replace('//', '//me:pw@') });
  (await stage.next()).refuse(307, { location: '/there' });
  (await stage.next()).stream();
  expect(await client.until('connected')).toEqual({
    type: 'connected',
    url: stage.url.replace('/events', '/there'),
  });
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

test('a fatal answer under a supervisor is loud: it is restarted, and then the supervisor gives up', async () => {
  await using stage = await openStage();
  await Supervisor.startLink(stage.system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [SseClient.resilient({ id: 'prices', url: stage.url, handle: () => undefined })],
  });
  for (let life = 0; life < 4; life += 1) {
    (await stage.next()).refuse(404);
  }
  expect(await stage.system.whenExited).toEqual(shutdown);
  expect(stage.system.reports.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      'supervisor app: child prices ended: Error: gave up: status 404',
      'supervisor app: child prices restarted more than 3 times in 5 s, giving up',
    ]),
  );
});

describe('the options', () => {
  const good: SseClient.ResilientOptions = {
    id: 'client',
    url: 'https://example.com/',
    handle: () => undefined,
  };

  test('make a child spec: transient, unless told otherwise', () => {
    expect(SseClient.resilient(good)).toMatchObject({
      id: 'client',
      restart: 'transient',
      shutdown: 5000,
      type: 'worker',
    });
    expect(SseClient.resilient({ ...good, restart: 'temporary', shutdown: 1 })).toMatchObject({
      restart: 'temporary',
      shutdown: 1,
    });
  });

  test('name its process', async () => {
    await using stage = await openStage();
    const { pid } = await run(stage, { name: 'prices' });
    expect(whereis(stage.system, 'prices')).toBe(pid);
  });

  const text = 'body';
  const url = 'Expected an absolute http: or https: URL, got ';
  test.each<[string, object, Error]>([
    [
      'no handle',
      { handle: undefined },
      new TypeError('Expected handle to be a function (event) => …, got undefined'),
    ],
    ['no url', { url: undefined }, new TypeError(`${url}undefined`)],
    ['REQ-07 a url that is none', { url: 'nowhere' }, new TypeError(`${url}'nowhere'`)],
    ['REQ-07 a url of another scheme', { url: 'ftp://a/' }, new TypeError(`${url}'ftp://a/'`)],
    [
      'REQ-07 a bad header',
      { headers: { 'a b': 'x' } },
      new TypeError("Expected a header that HTTP can carry, got 'a b'"),
    ],
    [
      'a body with GET',
      { body: text },
      new TypeError('Expected a method that takes a body, got GET'),
    ],
    ['minDelay', { minDelay: 0 }, new RangeError('Expected minDelay to be above 0, got 0')],
    ['maxDelay', { maxDelay: -1 }, new RangeError('Expected maxDelay to be above 0, got -1')],
    [
      'healthyAfter',
      { healthyAfter: NaN },
      new RangeError('Expected healthyAfter to be above 0, got NaN'),
    ],
    [
      'maxAttempts',
      { maxAttempts: 0 },
      new RangeError('Expected maxAttempts to be above 0, got 0'),
    ],
  ])('that are wrong are refused at once: %s', (_what, wrong, error) => {
    const build = (): unknown => SseClient.resilient({ ...good, ...wrong });
    expect(build).toThrow(error);
    expect(build).toThrow(error.constructor as ErrorConstructor);
  });

  test('REQ-06 a body that can be sent but once is refused', () => {
    const body = Readable.from(['x']) as never;
    expect(() => SseClient.resilient({ ...good, method: 'POST', body })).toThrow(
      /^Expected a body that can be sent again, a string or a Uint8Array, got /,
    );
  });

  test.each(['idleTimeout', 'connectTimeout', 'responseTimeout', 'maxEventSize'])(
    'that are out of range are a RangeError: %s',
    (name) => {
      const build = (): unknown => SseClient.resilient({ ...good, [name]: 0 });
      expect(build).toThrow(RangeError);
      expect(build).toThrow(new RegExp(`^Expected .*${name}.* above 0, got 0$`));
    },
  );
});
