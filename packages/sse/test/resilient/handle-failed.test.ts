import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { exit, GenServer, isAlive, kill, normal, type Pid, send } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';
import * as z from 'zod';

import {
  connect,
  type Cursor,
  reconnect,
  redeliver,
  SseClient,
  sqlite,
  stop,
} from '../../src/index.ts';
import { defaults, observe } from '../support/observed.ts';
import { Queue } from '../support/queue.ts';
import { run } from '../support/run.ts';
import { openStage, type Stage } from '../support/stage.ts';

const error = new Error('poison');
const body = ['1', '2', '3'].map((id) => `id: ${id}\ndata: ${id}\n\n`).join('');

type HandleFailed = NonNullable<SseClient.ResilientOptions['handleFailed']>;

/** The calls of `handle` and `handleFailed`, in order. */
class Calls extends Queue<string> {
  /** Fails for these data; `how` is synchronous or not. */
  handle(
    poison: (data: string) => boolean,
    how: 'throws' | 'rejects' = 'throws',
  ): SseClient.ResilientOptions['handle'] {
    return ({ data }) => {
      this.push(`handle ${data}`);
      if (!poison(data)) {
        return undefined;
      }
      if (how === 'throws') {
        throw error;
      }
      return Promise.reject(error);
    };
  }

  failed(answer: HandleFailed): HandleFailed {
    return (event, failure, context) => {
      this.push(`failed ${event.data} ${context.attempt}`);
      expect(failure).toBe(error);
      return answer(event, failure, context);
    };
  }

  async take(count: number): Promise<readonly string[]> {
    const taken: string[] = [];
    while (taken.length < count) {
      taken.push(await this.next());
    }
    return taken;
  }
}

/** An asynchronous store. */
function slowStore(): Cursor {
  const map = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(map.get(key)),
    set: (key, value) => Promise.resolve(void map.set(key, value)),
  };
}

const stores: readonly (readonly [string, (folder: string) => Cursor | undefined])[] = [
  ['no cursor', () => undefined],
  ['a synchronous store', () => new Map()],
  ['an asynchronous store', slowStore],
  ['a write for each event', () => ({ store: new Map(), every: 1 })],
  ['a staged write for each event', (folder) => ({ store: sqlite(join(folder, 'c')), every: 1 })],
];

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const cases = stores.flatMap(([name, store]) =>
  (['throws', 'rejects'] as const).map((how) => [how, name, store] as const),
);

describe('an event that handle fails for', () => {
  test.each(cases)(
    'is tried again after the delay, then skipped, before the next event: handle %s, with %s',
    (how, _name, store) =>
      inFolder(async (folder) => {
        await using stage = await openStage();
        const calls = new Calls();
        const cursor = store(folder);
        const client = await run(stage, {
          handle: calls.handle((data) => data === '2', how),
          handleFailed: calls.failed((_event, _error, { attempt }) =>
            attempt < 3 ? { retryAfter: 1000 } : 'skip',
          ),
          ...(cursor === undefined ? {} : { cursor }),
        });
        (await stage.next()).stream(body);
        expect(await calls.take(3)).toEqual(['handle 1', 'handle 2', 'failed 2 1']);
        await advance(stage.system, 1000);
        expect(await calls.take(2)).toEqual(['handle 2', 'failed 2 2']);
        await advance(stage.system, 1000);
        expect(await calls.take(3)).toEqual(['handle 2', 'failed 2 3', 'handle 3']);
        await settle(stage.system);
        expect(SseClient.status(client.pid)).toMatchObject({ events: 3, lastEventId: '3' });
        expect(stage.system.reports.filter(({ level }) => level === 'error')).toEqual([]);
      }),
  );

  test('that succeeds at last is counted from one when its content comes again', async () => {
    await using stage = await openStage();
    const calls = new Calls();
    let count = 0;
    await run(stage, {
      handle: calls.handle(() => (count += 1) % 2 === 1),
      handleFailed: calls.failed(() => ({ retryAfter: 0 })),
    });
    (await stage.next()).stream('data: x\n\ndata: x\n\n');
    expect(await calls.take(6)).toEqual([
      'handle x',
      'failed x 1',
      'handle x',
      'handle x',
      'failed x 1',
      'handle x',
    ]);
  });

  test('a skipped event counts as handled: for the cursor and for dedupe', async () => {
    await using stage = await openStage();
    const calls = new Calls();
    const store = new Map<string, string>();
    const client = await run(stage, {
      cursor: { store, dedupe: true },
      handle: calls.handle((data) => data === '2'),
      handleFailed: calls.failed(() => 'skip'),
    });
    (await stage.next()).stream(body + body);
    expect(await calls.take(4)).toEqual(['handle 1', 'handle 2', 'failed 2 1', 'handle 3']);
    await GenServer.stop(client.pid);
    expect(JSON.parse(store.get('client') ?? '')).toEqual({
      lastEventId: '3',
      recent: ['1', '2', '3'],
    });
  });

  test('while it waits, the client handles its messages, and stops at once', async () => {
    await using stage = await openStage();
    const calls = new Calls();
    const client = await run(stage, {
      cursor: new Map(),
      handle: calls.handle(() => true),
      handleFailed: calls.failed(() => ({ retryAfter: 3_600_000 })),
    });
    const exchange = await stage.next();
    exchange.stream(body);
    await calls.take(2);
    await settle(stage.system);
    await GenServer.stop(client.pid);
    await exchange.closed;
    expect(isAlive(client.pid)).toBe(false);
  });

  test('while it waits, and while handleFailed does not settle, the status shows it', async () => {
    await using stage = await openStage();
    const calls = new Calls();
    const client = await run(stage, {
      handle: calls.handle(() => true),
      handleFailed: calls.failed((_event, _error, { attempt }) =>
        attempt === 1 ? { retryAfter: 1000 } : new Promise(() => {}),
      ),
    });
    (await stage.next()).stream('event: price\ndata: x\n\n');
    await calls.take(2);
    await settle(stage.system);
    expect(SseClient.status(client.pid).awaiting).toEqual([
      { type: 'redelivery', event: 'price', since: 0, until: 1000 },
    ]);
    await advance(stage.system, 1000);
    await calls.take(2);
    expect(SseClient.status(client.pid).awaiting).toEqual([
      { type: 'event', event: 'price', since: 1000 },
    ]);
  });

  test('while it waits, the connection may end: the event is tried again before the next attempt', async () => {
    await using stage = await openStage();
    const calls = new Calls();
    const client = await run(stage, {
      handle: calls.handle((data) => data === '1'),
      handleFailed: calls.failed((_event, _error, { attempt }) =>
        attempt === 1 ? { retryAfter: 1000 } : 'skip',
      ),
    });
    const exchange = await stage.next();
    exchange.stream(body);
    exchange.response.end();
    expect(await calls.take(2)).toEqual(['handle 1', 'failed 1 1']);
    await exchange.closed;
    await advance(stage.system, 1000);
    expect(await calls.take(4)).toEqual(['handle 1', 'failed 1 2', 'handle 2', 'handle 3']);
    await client.until('disconnected');
  });

  test.each([
    ['handle', { handle: 'fails' }],
    ['handleInvalid', { handle: 'works' }],
  ])('with schemas, a failure of %s goes the same way', async (_which, { handle }) => {
    await using stage = await openStage();
    const failed = new Queue<unknown>();
    const spec = SseClient.resilient({
      id: 'client',
      url: stage.url,
      events: { message: handle === 'fails' ? z.number() : z.string() },
      handle: () => {
        throw error;
      },
      handleInvalid: () => {
        throw error;
      },
      handleFailed: ({ data }, reason, { attempt, signal }) => {
        failed.push([data, reason, attempt, signal.aborted]);
        return 'skip';
      },
    });
    await spec.start(stage.system);
    (await stage.next()).stream('data: 1\n\n');
    expect(await failed.next()).toEqual(['1', error, 1, false]);
  });

  test('without handleFailed crashes the client, and the one report says what could be done', async () => {
    await using stage = await openStage();
    const client = await run(stage, { handle: new Calls().handle(() => true) });
    (await stage.next()).stream('id: 7\nevent: price\ndata: x\n\n');
    expect(await stage.system.whenExited).toEqual({ type: 'crash', error });
    const [report, ...rest] = stage.system.reports;
    expect(rest.map(({ message }) => message)).toEqual(['system exited']);
    expect(report).toMatchObject({
      message: `process ${String(client.pid)} crashed: Error: poison`,
      details: {
        lastMessage: {
          note: 'event "7" of type "price" failed: handleFailed could retry or skip it',
        },
      },
    });
  });
});

test('the report of an event that failed has no part of a secret that is cut', async () => {
  await using stage = await openStage();
  await run(stage, { handle: new Calls().handle(() => true) });
  const id = `${'x'.repeat(80)} https://joe:SECRET-SECRET@host/`;
  const data = `${'x'.repeat(480)} https://joe:SECRET-SECRET@host/`;
  (await stage.next()).stream(`id: ${id}\ndata: ${data}\n\n`);
  await stage.system.whenExited;
  expect(JSON.stringify(stage.system.reports)).toContain('https://');
  expect(JSON.stringify(stage.system.reports)).not.toContain('SEC');
});

describe('handleFailed', () => {
  test.each([undefined, 'retry', {}, { retryAfter: -1 }, { retryAfter: Number.NaN }, 7])(
    'that answers %j crashes the client with what was expected',
    async (answer) => {
      await using stage = await openStage();
      await run(stage, {
        handle: new Calls().handle(() => true),
        handleFailed: () => answer as never,
      });
      (await stage.next()).stream('data: x\n\n');
      expect(await stage.system.whenExited).toMatchObject({
        type: 'crash',
        error: { message: expect.stringMatching(/^Expected handleFailed to answer 'skip' or /) },
      });
    },
  );

  test.each(stores)('that throws crashes the client with that error, with %s', (_name, store) =>
    inFolder(async (folder) => {
      await using stage = await openStage();
      const cursor = store(folder);
      const calls = new Calls();
      await run(stage, {
        handle: calls.handle(() => true),
        handleFailed: calls.failed(() => {
          throw error;
        }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      (await stage.next()).stream('data: x\n\n');
      expect(await stage.system.whenExited).toEqual({ type: 'crash', error });
      expect(await calls.take(2)).toEqual(['handle x', 'failed x 1']);
    }),
  );

  test('is not called for a client that has been killed', async () => {
    await using stage = await openStage();
    const calls = new Calls();
    const handling = Promise.withResolvers<void>();
    const client = await run(stage, {
      handle: () => {
        calls.push('handle');
        return handling.promise;
      },
      handleFailed: calls.failed(() => 'skip'),
    });
    (await stage.next()).stream('data: x\n\n');
    await calls.next();
    exit(stage.system, client.pid, kill);
    await settle(stage.system);
    handling.reject(error);
    await settle(stage.system);
    calls.push('nothing else');
    expect(await calls.next()).toBe('nothing else');
    expect(isAlive(client.pid)).toBe(false);
  });

  test('is a function', () => {
    expect(() =>
      SseClient.resilient({
        id: 'x',
        url: 'http://localhost/',
        handle: () => undefined,
        handleFailed: 'skip' as never,
      }),
    ).toThrow('Expected handleFailed to be a function (event, error, context) => …, got "skip"');
  });
});

describe('the count of attempts', () => {
  /** A client whose `handleFailed` gives up until the third attempt: each crash is a new client. */
  async function live(stage: Stage, calls: Calls, cursor: Cursor): Promise<Pid> {
    const spec = SseClient.resilient({
      id: 'client',
      url: stage.url,
      lastEventId: '0',
      cursor,
      handle: calls.handle((data) => data === 'bad'),
      handleFailed: calls.failed((_event, reason, { attempt }) => {
        if (attempt < 3) {
          throw reason;
        }
        return 'skip';
      }),
    });
    return (await spec.start(stage.system)) as Pid;
  }

  test.each([
    ['the first event', '', '0'],
    ['a later event', 'id: 1\ndata: good\n\n', '1'],
  ])('goes on in the next client with the same cursor: %s', async (_which, before, resumed) => {
    const cursor = new Map<string, string>();
    const events = 'id: 2\ndata: bad\n\nid: 3\ndata: good\n\n';
    const seen: (readonly [unknown, readonly string[]])[] = [];
    for (const body of [before + events, events, events]) {
      await using stage = await openStage();
      const calls = new Calls();
      await live(stage, calls, cursor);
      const exchange = await stage.next();
      exchange.stream(body);
      const count = seen.length === 2 || (seen.length === 0 && before !== '') ? 3 : 2;
      seen.push([exchange.request.headers['last-event-id'], await calls.take(count)]);
    }
    expect(seen).toEqual([
      ['0', [...(before === '' ? [] : ['handle good']), 'handle bad', 'failed bad 1']],
      [resumed, ['handle bad', 'failed bad 2']],
      [resumed, ['handle bad', 'failed bad 3', 'handle good']],
    ]);
    expect(JSON.parse(cursor.get('client') ?? '')).toEqual({
      lastEventId: '3',
      recent: expect.arrayContaining(['2', '3']),
    });
  });

  test.each([
    ['its id', 'id: 1\n'],
    ['its content, if it has no id', ''],
  ])('goes on over another connection: the event is known by %s', async (_how, id) => {
    await using stage = await openStage();
    const failed = new Queue<number>();
    const feed = SseClient.define({
      ...defaults,
      init: (url: string) => connect({ url }, url),
      handleEvent: (): string => {
        throw error;
      },
      handleFailed: ({ attempt }, url) => {
        failed.push(attempt);
        return redeliver(url, { after: 3_600_000 });
      },
      handleInfo: (_message: 'reconnect', url) => reconnect({ url }, url),
    });
    const pid = await SseClient.start(stage.system, feed, stage.url);
    (await stage.next()).stream(`${id}data: x\n\n`);
    expect(await failed.next()).toBe(1);
    send(pid as Pid<'reconnect'>, 'reconnect');
    await settle(stage.system);
    expect(SseClient.status(pid as Pid).awaiting).toEqual([]);
    (await stage.next()).stream(`${id}data: x\n\n`);
    expect(await failed.next()).toBe(2);
  });
});

test.each([
  ['without an id', {}],
  ['without an id, with a write for each event', { every: 1 }],
  ['without an id, with dedupe', { dedupe: true }],
])('the count ends once the event is handled: %s', async (_which, options) => {
  await using stage = await openStage();
  const cursor = { store: new Map<string, string>(), ...options };
  for (const before of ['id: 1\ndata: good\n\n', '']) {
    const calls = new Calls();
    let failures = 0;
    const client = await run(stage, {
      cursor,
      handle: calls.handle((data) => data === 'bad' && (failures += 1) === 1),
      handleFailed: calls.failed(() => ({ retryAfter: 0 })),
    });
    (await stage.next()).stream(`${before}data: bad\n\n`);
    const expected = ['handle bad', 'failed bad 1', 'handle bad'];
    expect(await calls.take(before === '' ? 3 : 4)).toEqual(
      before === '' ? expected : ['handle good', ...expected],
    );
    await GenServer.stop(client.pid);
  }
});

describe('handleFailed of a behaviour', () => {
  test('answers with the next state: then the event counts as handled', async () => {
    await using stage = await openStage();
    const seen = new Queue<unknown>();
    const feed = SseClient.define({
      ...defaults,
      init: (url: string) => connect({ url }, 0),
      handleEvent: ({ data }, count) => {
        seen.push([data, count]);
        if (data === '2') {
          throw error;
        }
        return count + 1;
      },
      handleFailed: ({ event, error: reason, attempt }, count) => {
        seen.push([event.data, count, reason, attempt]);
        return attempt === 1 ? redeliver(count + 10, { after: 1000 }) : count + 100;
      },
    });
    const pid = await SseClient.start(stage.system, feed, stage.url);
    (await stage.next()).stream(body);
    expect(await seen.next()).toEqual(['1', 0]);
    expect(await seen.next()).toEqual(['2', 1]);
    expect(await seen.next()).toEqual(['2', 1, error, 1]);
    await advance(stage.system, 1000);
    expect(await seen.next()).toEqual(['2', 11]);
    expect(await seen.next()).toEqual(['2', 11, error, 2]);
    expect(await seen.next()).toEqual(['3', 111]);
    await settle(stage.system);
    expect(SseClient.status(pid as Pid)).toMatchObject({ events: 3 });
  });

  test('may stop the client in order', async () => {
    await using stage = await openStage();
    const feed = SseClient.define({
      ...defaults,
      init: (url: string) => connect({ url }, 0),
      handleEvent: (): number => {
        throw error;
      },
      handleFailed: (_failed, count) => stop(normal, count),
      terminate: () => undefined,
    });
    const { client } = await observe(stage.system, feed, stage.url);
    (await stage.next()).stream(body);
    expect(await client.ended()).toEqual(normal);
    expect(client.called).toEqual(['handleConnect', 'handleEvent', 'handleFailed', 'terminate']);
  });

  test('redeliver refuses a delay that is no time', () => {
    expect(() => redeliver('state', { after: -1 })).toThrow(
      'Expected after to be milliseconds from 0 on, got -1',
    );
  });
});
