import { describe, expect, test } from '@jest/globals';
import {
  exit,
  type ExitMessage,
  GenServer,
  isAlive,
  kill,
  type Pid,
  spawnLink,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';
import { Keyv } from 'keyv';

import {
  connect,
  type Cursor,
  type CursorReport,
  events,
  noreply,
  reconnect,
  SseClient,
} from '../../src/index.ts';
import { once } from '../support/observed.ts';
import { Queue } from '../support/queue.ts';
import { run } from '../support/run.ts';
import { openStage, type Stage } from '../support/stage.ts';

/** The stored position under the key `client`. */
function kept(store: ReadonlyMap<string, string>): unknown {
  const text = store.get('client');
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

function position(lastEventId: string, ...recent: string[]): Map<string, string> {
  return new Map([['client', JSON.stringify({ lastEventId, recent })]]);
}

/** A store that counts its reads and writes; the test completes each write. */
class SlowStore {
  readonly #map = new Map<string, string>();
  readonly writes: (() => void)[] = [];
  /** One entry for each write that has begun. */
  readonly written = new Queue<undefined>();
  reads = 0;
  users = 0;

  open(): void {
    this.users += 1;
  }

  close(): void {
    this.users -= 1;
  }

  get(key: string): Promise<string | undefined> {
    this.reads += 1;
    return Promise.resolve(this.#map.get(key));
  }

  set(key: string, value: string): Promise<void> {
    return new Promise((resolve) => {
      this.written.push(undefined);
      this.writes.push(() => {
        this.#map.set(key, value);
        resolve();
      });
    });
  }
}

async function handled(client: Awaited<ReturnType<typeof run>>, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    seen.push((await client.handled.next()).data);
  }
  return seen;
}

describe('a cursor', () => {
  test('is fresh at first, follows the events that have been handled, and is written when it stops', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const client = await run(stage, { cursor });
    expect(await client.until('fresh')).toEqual({ type: 'fresh' });
    const exchange = await stage.next();
    expect(exchange.request.headers['last-event-id']).toBeUndefined();
    exchange.stream('id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n');
    expect(await handled(client, 3)).toEqual(['a', 'b', 'c']);
    expect(kept(cursor)).toBeUndefined();
    await GenServer.stop(client.pid);
    expect(kept(cursor)).toEqual({ lastEventId: '2', recent: ['1', '2'] });
  });

  test('is where the next client goes on, even if it is given another lastEventId', async () => {
    await using stage = await openStage();
    const client = await run(stage, { cursor: position('7'), lastEventId: '3' });
    expect(await client.until('resumed')).toEqual({ type: 'resumed', lastEventId: '7' });
    expect((await stage.next()).request.headers['last-event-id']).toBe('7');
  });

  test('is written by its supervisor’s stop too, in order', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const seen = Promise.withResolvers<void>();
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({ id: 'client', url: stage.url, cursor, handle: () => seen.resolve() }),
      ],
    });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await seen.promise;
    await Supervisor.stop(app);
    expect(kept(cursor)).toMatchObject({ lastEventId: '1' });
  });

  test.each([
    ['of the first version', '{"lastEventId":"7","recent":["6","7"]}'],
    [
      'of a version that kept the place of an output',
      '{"lastEventId":"7","recent":["6","7"],"output":{"path":"/tmp/out","dev":1,"ino":2,"at":3}}',
    ],
  ])('is read from a store %s', async (_which, text) => {
    await using stage = await openStage();
    const store = new Map([['client', text]]);
    const client = await run(stage, { cursor: { store, dedupe: true } });
    (await stage.next()).stream('id: 6\ndata: 6\n\nid: 8\ndata: 8\n\n');
    expect(await handled(client, 1)).toEqual(['8']);
    expect(kept(store)).toEqual({ lastEventId: '8', recent: ['6', '7', '8'] });
  });

  test('does not move past an event that is being handled', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const finish = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const client = await run(stage, {
      cursor: { store: cursor, every: 1 },
      handle: ({ data }) => {
        begun.resolve(data === 'b' ? undefined : begun.promise);
        return data === 'b' ? finish.promise : undefined;
      },
    });
    (await stage.next()).stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    await begun.promise.catch(() => undefined);
    await settle(stage.system);
    expect(kept(cursor)).toMatchObject({ lastEventId: '1' });
    exit(stage.system, client.pid, kill);
    finish.resolve();
    await settle(stage.system);
    expect(kept(cursor)).toMatchObject({ lastEventId: '1' });
  });

  test('is written when the client is killed, by a store that does that at once', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const client = await run(stage, { cursor });
    (await stage.next()).stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    await handled(client, 2);
    await settle(stage.system);
    exit(stage.system, client.pid, kill);
    expect(kept(cursor)).toMatchObject({ lastEventId: '2' });
  });

  test('goes on after a crash of its handler, from the event that crashed it', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          cursor,
          handle: ({ data }) => {
            if (data === 'b') {
              throw new Error('on purpose');
            }
          },
        }),
      ],
    });
    (await stage.next()).stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    expect((await stage.next()).request.headers['last-event-id']).toBe('1');
  });

  test('moves with an id that comes without an event', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const client = await run(stage, { cursor });
    const exchange = await stage.next();
    exchange.stream('id: 1\ndata: a\n\nid: 2\n\n');
    exchange.response.end();
    await client.until('disconnected');
    await GenServer.stop(client.pid);
    expect(kept(cursor)).toMatchObject({ lastEventId: '2' });
  });

  test('is written after a number of events or a time', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const client = await run(stage, { cursor: { store: cursor, every: 3, within: 500 } });
    const exchange = await stage.next();
    exchange.stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    await handled(client, 2);
    await advance(stage.system, 499);
    expect(kept(cursor)).toBeUndefined();
    await advance(stage.system, 1);
    expect(kept(cursor)).toMatchObject({ lastEventId: '2' });
    exchange.response.write(
      'id: 3\ndata: c\n\nid: 4\ndata: d\n\nid: 5\ndata: e\n\nid: 6\ndata: f\n\n',
    );
    await handled(client, 4);
    await settle(stage.system);
    expect(kept(cursor)).toMatchObject({ lastEventId: '5', recent: ['1', '2', '3', '4', '5'] });
  });

  test.each(['before', ''])(
    'is not written again for events that do not move it: after the id %j',
    async (id) => {
      await using stage = await openStage();
      const store = new Map<string, string>();
      const written: string[] = [];
      const counting = {
        get: (key: string) => store.get(key),
        set: (_key: string, value: string) => void written.push(value),
      };
      const client = await run(stage, { cursor: { store: counting, every: 1 } });
      (await stage.next()).stream(
        `id: ${id}\ndata: x\n\n${'data: x\n\n'.repeat(100)}id: after\ndata: x\n\n`,
      );
      await handled(client, 102);
      await GenServer.stop(client.pid);
      // Without ids to remember, the text is the id alone.
      const first = id === '' ? '""' : JSON.stringify({ lastEventId: id, recent: [id] });
      const recent = [id, 'after'].filter((one) => one !== '');
      expect(written).toEqual([first, JSON.stringify({ lastEventId: 'after', recent })]);
    },
  );

  test('remembers at most the given number of ids', async () => {
    await using stage = await openStage();
    const cursor = position('2', '1', '2');
    const client = await run(stage, { cursor: { store: cursor, remember: 3 } });
    (await stage.next()).stream('id: 3\ndata: a\n\nid: 4\ndata: b\n\nid: 5\ndata: c\n\n');
    await handled(client, 3);
    await GenServer.stop(client.pid);
    expect(kept(cursor)).toEqual({ lastEventId: '5', recent: ['3', '4', '5'] });
  });

  test('in a slow store makes the client wait, so that repeats are bounded', async () => {
    await using stage = await openStage();
    const store = new SlowStore();
    const client = await run(stage, { cursor: { store, every: 2 } });
    const ids = [1, 2, 3, 4, 5, 6];
    (await stage.next()).stream(ids.map((id) => `id: ${id}\ndata: ${id}\n\n`).join(''));
    expect(await handled(client, 4)).toEqual(['1', '2', '3', '4']);
    await settle(stage.system);
    expect(SseClient.status(client.pid).events).toBe(3);
    store.writes.shift()?.();
    await settle(stage.system);
    store.writes.shift()?.();
    expect(await handled(client, 2)).toEqual(['5', '6']);
    const stopped = GenServer.stop(client.pid);
    await settle(stage.system);
    store.writes.shift()?.();
    await stopped;
    expect(JSON.parse((await store.get('client')) ?? '')).toMatchObject({ lastEventId: '6' });
  });
});

describe('a slow store', () => {
  /** A killed client that its supervisor starts again while its first event is being written. */
  async function startKilled(stage: Stage, store: SlowStore): Promise<void> {
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          cursor: { store, every: 1 },
          handle: () => undefined,
        }),
      ],
    });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await store.written.next();
    exit(stage.system, Supervisor.child(app, 'client') as Pid, kill);
    await settle(stage.system);
  }

  test('has written the position of a killed client before the next one reads', async () => {
    await using stage = await openStage();
    const store = new SlowStore();
    await startKilled(stage, store);
    expect(store.reads).toBe(1);
    store.writes.shift()?.();
    expect((await stage.next()).request.headers['last-event-id']).toBe('1');
  });

  test('is closed once the position is written, and not before', async () => {
    await using stage = await openStage();
    const store = new SlowStore();
    const client = await run(stage, { cursor: { store, every: 1 } });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await store.written.next();
    exit(stage.system, client.pid, kill);
    await settle(stage.system);
    expect(store.users).toBe(1);
    store.writes.shift()?.();
    await settle(stage.system);
    expect(store.users).toBe(0);
  });

  test('is waited for when the client stops, though its timer waits for it too', async () => {
    await using stage = await openStage();
    const store = new SlowStore();
    const client = await run(stage, { cursor: { store, within: 10 } });
    const exchange = await stage.next();
    exchange.stream();
    for (const id of ['1', '2']) {
      exchange.response.write(`id: ${id}\ndata: ${id}\n\n`);
      await handled(client, 1);
      await settle(stage.system);
      await advance(stage.system, 10);
    }
    const order: string[] = [];
    const stopped = GenServer.stop(client.pid).then(() => order.push('stopped'));
    for (const id of ['1', '2']) {
      await settle(stage.system);
      order.push(id);
      store.writes.shift()?.();
    }
    await stopped;
    expect(order).toEqual(['1', '2', 'stopped']);
    expect(await store.get('client')).toContain('"lastEventId":"2"');
  });

  test('is waited for by the end of a loop', async () => {
    await using stage = await openStage();
    const store = new SlowStore();
    const stream = events(stage.url, { parent: stage.system, cursor: { store, key: 'client' } });
    const first = stream.next();
    (await stage.next()).stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    await first;
    await stream.next();
    const order: string[] = [];
    const left = stream.return?.().then(() => order.push('left'));
    await store.written.next();
    await settle(stage.system);
    order.push('written');
    store.writes.shift()?.();
    await left;
    expect(order).toEqual(['written', 'left']);
  });

  test('that fails after the client was killed is reported', async () => {
    await using stage = await openStage();
    const writing = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const store = {
      get: () => undefined,
      set: () => {
        begun.resolve();
        return writing.promise;
      },
    };
    const client = await run(stage, { cursor: { store, every: 1 } });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await begun.promise;
    exit(stage.system, client.pid, kill);
    writing.reject(new Error('no connection'));
    await settle(stage.system);
    const warnings = stage.system.reports.filter(({ level }) => level === 'warn');
    expect(warnings).toMatchObject([{ details: { err: { message: 'no connection' } } }]);
  });

  test('starts no client that was killed during the read', async () => {
    await using stage = await openStage();
    const reading = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<void>();
    const store = {
      get: () => {
        begun.resolve();
        return reading.promise;
      },
      set: () => undefined,
    };
    const called: string[] = [];
    const feed = SseClient.define({
      init: (url: string) => {
        called.push('init');
        return connect({ url }, url);
      },
      handleConnect: (_, state) => noreply(state),
      handleConnectFailure: (_, state) => noreply(state),
      handleDisconnect: (_, state) => noreply(state),
      handleEvent: (_, state) => state,
    });
    const parent = spawnLink(stage.system, async (self) => {
      await SseClient.startLink(self, feed, stage.url, { cursor: { store, key: 'client' } });
    });
    await begun.promise;
    exit(stage.system, parent, kill);
    await settle(stage.system);
    reading.resolve(undefined);
    await settle(stage.system);
    expect(called).toEqual([]);
  });
});

describe('a client that is killed', () => {
  test.each([
    ['each event is written', 1],
    ['some events are', 10],
  ])('has not handled an event whose handler gives up: where %s', async (_case, every) => {
    await using stage = await openStage();
    const store = new SlowStore();
    const begun = Promise.withResolvers<void>();
    const client = await run(stage, {
      cursor: { store, dedupe: true, every, within: 5 },
      handle: ({ data }, { signal }) => {
        if (data === '1') {
          return Promise.resolve();
        }
        begun.resolve();
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        });
      },
    });
    (await stage.next()).stream('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    if (every === 1) {
      await store.written.next();
      store.writes.shift()?.();
    }
    await begun.promise;
    await settle(stage.system);
    if (every === 10) {
      await advance(stage.system, 5);
      await store.written.next();
    }
    exit(stage.system, client.pid, kill);
    await settle(stage.system);
    while (store.writes.length > 0) {
      store.writes.shift()?.();
      await settle(stage.system);
    }
    expect(JSON.parse((await store.get('client')) ?? '')).toEqual({
      lastEventId: '1',
      recent: ['1'],
    });
  });

  test('within its own handler has not handled that event, in a transaction either', async () => {
    await using stage = await openStage();
    const kept = new Map<string, string>();
    const calls: string[] = [];
    const store = {
      get: (key: string) => kept.get(key),
      set: (key: string, value: string) => void kept.set(key, value),
      close: () => void calls.push('close'),
      transaction: (_key: string, _value: string | undefined, work: () => unknown) => {
        try {
          work();
          calls.push('commit');
        } catch (error) {
          calls.push('rollback');
          throw error;
        }
      },
    };
    const client = await run(stage, {
      cursor: { store, every: 1 },
      handle: (_event, { self }) => {
        exit(self.system, self.pid, kill);
      },
    });
    (await stage.next()).stream('id: 1\ndata: 1\n\n');
    await stage.system.whenExited;
    expect(isAlive(client.pid)).toBe(false);
    expect(calls).toEqual(['rollback', 'close']);
  });

  test('while its cursor is read has no claim to the key: its next start finds it free', async () => {
    await using stage = await openStage();
    let reads = 0;
    const store = {
      get: () => {
        reads += 1;
        return reads === 1 ? new Promise<never>(() => undefined) : undefined;
      },
      set: () => undefined,
    };
    const spec = SseClient.resilient({
      id: 'client',
      url: stage.url,
      cursor: store,
      handle: () => undefined,
      timeout: 400,
    });
    const first = messageOf(spec.start(stage.system));
    await settle(stage.system);
    await advance(stage.system, 400);
    expect(await first).toContain('timeout');
    expect(isAlive((await spec.start(stage.system)) as Pid)).toBe(true);
  });

  test('while it waits for the key does not take it', async () => {
    await using stage = await openStage();
    const store = new SlowStore();
    const start = (timeout: number): Promise<unknown> =>
      SseClient.start(stage.system, once({ url: stage.url }), undefined as never, {
        cursor: { store, key: 'client', every: 1 },
        timeout,
      });
    const pid = (await start(1000)) as Pid;
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await store.written.next();
    exit(stage.system, pid, kill);
    const second = messageOf(start(100));
    await settle(stage.system);
    await advance(stage.system, 100);
    expect(await second).toContain('timeout');
    store.writes.shift()?.();
    await settle(stage.system);
    expect(isAlive((await start(1000)) as Pid)).toBe(true);
  });
});

describe('with dedupe a cursor never moves back', () => {
  test.each([
    ['by events that are dropped', 'id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n'],
    ['by an event without an id behind them', 'id: 1\ndata: 1\n\ndata: x\n\n'],
    ['by an id without an event', 'id: 2\n\n'],
  ])('%s', async (_how, text) => {
    await using stage = await openStage();
    const store = position('3', '1', '2', '3');
    const client = await run(stage, { cursor: { store, dedupe: true } });
    const exchange = await stage.next();
    exchange.stream(text);
    exchange.response.end();
    const { after } = await client.until('disconnected');
    await advance(stage.system, after);
    expect((await stage.next()).request.headers['last-event-id']).toBe('3');
    expect(kept(store)).toMatchObject({ lastEventId: '3' });
  });
});

test.each([Infinity, 2 ** 31, Number.MAX_SAFE_INTEGER])(
  'a cursor may be written within any time: %s ms',
  async (within) => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(stage, { cursor: { store, within } });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await handled(client, 1);
    await advance(stage.system, 3_600_000);
    expect(kept(store)).toBeUndefined();
  },
);

describe('a server that ignores the cursor', () => {
  test('is reported before the event that shows it', async () => {
    await using stage = await openStage();
    const client = await run(stage, { cursor: position('3', '1', '2', '3') });
    (await stage.next()).stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    expect(await client.until('ignored')).toEqual({ type: 'ignored', lastEventId: '3', id: '1' });
    expect(await handled(client, 2)).toEqual(['a', 'b']);
    expect(client.statuses.filter(({ type }) => type === 'ignored')).toHaveLength(1);
  });

  test('is not reported if its first event is new', async () => {
    await using stage = await openStage();
    const client = await run(stage, { cursor: position('3', '1', '2', '3') });
    (await stage.next()).stream('id: 4\ndata: a\n\nid: 1\ndata: b\n\n');
    await handled(client, 2);
    expect(client.statuses.map(({ type }) => type)).not.toContain('ignored');
  });

  test('with dedupe, handled events are not handled again', async () => {
    await using stage = await openStage();
    const cursor = { store: position('3', '1', '2', '3'), dedupe: true };
    const client = await run(stage, { cursor });
    (await stage.next()).stream(
      ['1', '2', '3', '4', '4', '5'].map((id) => `id: ${id}\ndata: ${id}\n\n`).join('') +
        'data: without\n\n',
    );
    expect(await handled(client, 3)).toEqual(['4', '5', 'without']);
    expect(SseClient.status(client.pid)).toMatchObject({ events: 3, repeats: 4 });
    expect(kept(cursor.store)).toMatchObject({ lastEventId: '5' });
  });

  test('with dedupe, events that set the last id back do not count as repeats of each other', async () => {
    await using stage = await openStage();
    const client = await run(stage, { cursor: { store: new Map(), dedupe: true } });
    (await stage.next()).stream('id\ndata: a\n\nid\ndata: b\n\n');
    expect(await handled(client, 2)).toEqual(['a', 'b']);
  });

  test('an id that no header can carry does not prevent a restart of the client', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const first = await run(stage, { cursor });
    (await stage.next()).stream('id: a\u0001\ndata: a\n\n');
    await handled(first, 1);
    await GenServer.stop(first.pid);
    await run(stage, { cursor });
    expect((await stage.next()).request.headers).not.toHaveProperty('last-event-id');
  });

  describe('an id that no server takes', () => {
    const long = (bytes: number): string => 'é'.repeat(bytes / 2);

    test.each([
      [431, 10_000],
      [431, 2],
      [400, 10_000],
      [413, 2000],
      [414, 2000],
    ])(
      'REC-22 is left out after %i, is told, and does not come back at the next start: %i bytes',
      async (status, bytes) => {
        await using stage = await openStage();
        const cursor = position(long(bytes), long(bytes));
        const first = await run(stage, {
          cursor,
          headers: ({ lastEventId }) => ({ 'x-resume': String(lastEventId.length) }),
        });
        const refused = await stage.next();
        expect(refused.request.headers['x-resume']).toBe(String(bytes / 2));
        refused.refuse(status);
        expect(await first.until('ignored')).toEqual({
          type: 'ignored',
          lastEventId: long(bytes),
          reason: 'refused',
        });
        await advance(stage.system, (await first.until('disconnected')).after);
        const accepted = await stage.next();
        expect(accepted.request.headers).toMatchObject({ 'x-resume': '0' });
        expect(accepted.request.headers).not.toHaveProperty('last-event-id');
        accepted.stream('data: x\n\n');
        await handled(first, 1);
        await GenServer.stop(first.pid);
        const second = await run(stage, { cursor });
        expect((await stage.next()).request.headers).not.toHaveProperty('last-event-id');
        expect(second.statuses[0]).toEqual({ type: 'resumed', lastEventId: '' });
      },
    );

    test('is kept if the server refuses the request without it, too', async () => {
      await using stage = await openStage();
      const cursor = position('7', '7');
      const client = await run(stage, { cursor });
      (await stage.next()).refuse(431);
      await advance(stage.system, (await client.until('disconnected')).after);
      (await stage.next()).refuse(431);
      await client.until('gaveUp');
      await stage.system.whenExited;
      expect(kept(cursor)).toMatchObject({ lastEventId: '7' });
    });

    test('is not sent at all above 16 KiB, which is told once in a life', async () => {
      await using stage = await openStage();
      const lastEventId = long(16_386);
      const client = await run(stage, { cursor: position(lastEventId) });
      for (let attempt = 0; attempt < 2; attempt++) {
        const exchange = await stage.next();
        expect(exchange.request.headers).not.toHaveProperty('last-event-id');
        exchange.refuse(503);
        await advance(stage.system, (await client.until('disconnected')).after);
      }
      expect(client.statuses.filter(({ type }) => type === 'ignored')).toEqual([
        { type: 'ignored', lastEventId, reason: 'unsendable' },
      ]);
    });

    test('is left out for a behaviour too, which may connect again', async () => {
      await using stage = await openStage();
      const cautious = SseClient.define({
        init: (url: string) => connect({ url }, url),
        handleConnect: (_, url) => noreply(url),
        handleConnectFailure: (_, url) => connect({ url }, url),
        handleDisconnect: (_, url) => noreply(url),
        handleEvent: (_, url) => url,
      });
      const cursor = { store: position(long(10_000)), key: 'client' };
      await SseClient.start(stage.system, cautious, stage.url, { cursor });
      (await stage.next()).refuse(431);
      expect((await stage.next()).request.headers).not.toHaveProperty('last-event-id');
    });
  });

  test('long ids are remembered as digests, which take little memory', async () => {
    await using stage = await openStage();
    const long = (id: number): string => String(id).padStart(4000, 'x');
    const text = [1, 2, 3, 4].map((id) => `id: ${long(id)}\ndata: ${id}\n\n`).join('');
    const store = new Map<string, string>();
    const first = await run(stage, { cursor: store });
    (await stage.next()).stream(text);
    await handled(first, 4);
    await GenServer.stop(first.pid);
    expect(store.get('client')?.length).toBeLessThan(5000);
    const second = await run(stage, { cursor: { store, dedupe: true } });
    (await stage.next()).stream(`${text}data: 5\n\n`);
    expect(await handled(second, 1)).toEqual(['5']);
  });
});

describe('the store of a cursor', () => {
  test('may be any Keyv', async () => {
    await using stage = await openStage();
    const store = new Keyv();
    const first = await run(stage, { cursor: store });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await handled(first, 1);
    await GenServer.stop(first.pid);
    const second = await run(stage, { cursor: store });
    expect(await second.until('resumed')).toEqual({ type: 'resumed', lastEventId: '1' });
  });

  test.each<[string, Cursor, string]>([
    ['a Keyv whose adapter fails to read', new Keyv(failing('get')), 'no connection'],
    ['a store that throws', failing('get'), 'no connection'],
    [
      'a value that is no cursor',
      new Map([['client', 'x']]),
      'Expected a cursor under client, got "x"',
    ],
    [
      'a cursor of another kind',
      new Map([['client', '{"lastEventId":1}']]),
      'Expected a cursor under client, got ',
    ],
  ])('that cannot be read fails the start: %s', async (_what, cursor, message) => {
    await using stage = await openStage();
    await expect(run(stage, { cursor })).rejects.toThrow(message);
    expect(stage.asked).toBe(0);
  });

  test.each<[string, Cursor]>([
    ['a Keyv whose adapter fails to write', new Keyv(failing('set'))],
    ['a store that throws', failing('set')],
    ['a store that says no', { get: () => undefined, set: () => false }],
  ])('that cannot be written ends the client, and is not passed over: %s', async (_what, store) => {
    await using stage = await openStage();
    const client = await run(stage, { cursor: { store: store as never, within: 10 } });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await handled(client, 1);
    await advance(stage.system, 10);
    expect(await stage.system.whenExited).toMatchObject({
      type: 'crash',
      error: { message: expect.stringMatching(/no connection|Expected the store to keep/) },
    });
  });

  test('is used by one client under one key at a time', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const first = await run(stage, { cursor: store });
    await expect(run(stage, { cursor: store })).rejects.toThrow(
      'Expected the cursor client to be free, got one that another client uses',
    );
    await run(stage, { cursor: { store, key: 'other' } });
    await GenServer.stop(first.pid);
    await run(stage, { cursor: store });
  });

  test.each([
    [{}, 'Expected cursor to be a store with get and set, got {}'],
    [{ store: new Map(), every: 0 }, 'Expected cursor.every to be above 0, got 0'],
    [{ store: new Map(), remember: 1.5 }, 'Expected cursor.remember to be a whole number, got 1.5'],
    [{ store: new Map(), remember: NaN }, 'Expected cursor.remember to be above 0, got NaN'],
    [{ store: new Map(), key: '' }, 'Expected cursor.key to be a string, got none'],
  ])('that can mean nothing is refused at once: %j', (cursor, message) => {
    const options = { id: 'client', url: 'http://localhost/', handle: () => undefined };
    expect(() => SseClient.resilient({ ...options, cursor: cursor as never })).toThrow(message);
  });
});

describe('a behaviour with a cursor', () => {
  const feed = SseClient.define({
    init: (options: { readonly url: string; readonly reports: CursorReport[] }) =>
      connect({ url: options.url }, options),
    handleConnect: (_, state) => noreply(state),
    handleConnectFailure: (_, state) => noreply(state),
    handleDisconnect: (_, state) => connect({ url: state.url }, state),
    handleEvent: (_, state) => state,
    handleCursor: (report, state) => {
      state.reports.push(report);
      return noreply(state);
    },
  });

  async function start(stage: Stage, cursor: Cursor): Promise<[Pid, CursorReport[]]> {
    const reports: CursorReport[] = [];
    const pid = await SseClient.start(stage.system, feed, { url: stage.url, reports }, { cursor });
    return [pid as Pid, reports];
  }

  test('is given its start position, and its requests go on from there', async () => {
    await using stage = await openStage();
    const [, reports] = await start(stage, { store: position('7'), key: 'client' });
    expect((await stage.next()).request.headers['last-event-id']).toBe('7');
    expect(reports).toEqual([{ type: 'resumed', lastEventId: '7' }]);
  });

  test('is given it before its function is asked for the first request, which its answer can replace', async () => {
    await using stage = await openStage();
    const told: string[] = [];
    const seeker = SseClient.define({
      ...feed,
      init: (options: { readonly url: string; readonly reports: CursorReport[] }) =>
        connect(() => {
          told.push('asked');
          return { url: options.url };
        }, options),
      handleCursor: async (report, state) => {
        told.push(report.type);
        return reconnect(
          ({ lastEventId }) => ({ url: `${state.url}?since=${lastEventId}` }),
          state,
        );
      },
    });
    const cursor = { store: position('7'), key: 'client' };
    await SseClient.start(stage.system, seeker, { url: stage.url, reports: [] }, { cursor });
    expect((await stage.next()).request.url).toBe('/events?since=7');
    expect(told).toEqual(['resumed']);
  });

  test.each([
    ['no process traps exits', false, [], false],
    ['the user does', true, ['normal', 'crash'], true],
  ])('gets EXIT messages as if it had none: %s', async (_case, traps, expected, lives) => {
    await using stage = await openStage();
    const exits: string[] = [];
    const linked = SseClient.define({
      init: (url: string, self) => {
        if (traps) {
          trapExit(self, true);
        }
        spawnLink(self, () => undefined);
        spawnLink(self, () => {
          throw new Error('on purpose');
        });
        return connect({ url }, url);
      },
      handleConnect: (_, state) => noreply(state),
      handleConnectFailure: (_, state) => noreply(state),
      handleDisconnect: (_, state) => noreply(state),
      handleEvent: (_, state) => state,
      handleInfo: ({ reason }: ExitMessage, state) => {
        exits.push(reason.type);
        return noreply(state);
      },
    });
    const cursor = { store: new Map(), key: 'client' };
    const pid = await SseClient.start(stage.system, linked, stage.url, { cursor });
    await settle(stage.system);
    expect(exits).toEqual(expected);
    expect(isAlive(pid as Pid)).toBe(lives);
  });
});

/** An adapter of Keyv with one failing operation. */
function failing(operation: 'get' | 'set'): never {
  const fail = (): never => {
    throw new Error('no connection');
  };
  return {
    get: () => undefined,
    set: () => undefined,
    delete: () => true,
    clear: () => undefined,
    [operation]: fail,
  } as never;
}

/** The message of the error that a promise is rejected with. */
function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}
