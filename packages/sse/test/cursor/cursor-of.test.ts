import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { exit, GenServer, kill, Supervisor, sys } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';
import { z } from 'zod';

import {
  connect,
  type CursorOf,
  events,
  type InvalidEvent,
  noreply,
  type ServerSentEvent,
  sqlite,
  SseClient,
} from '../../src/index.ts';
import { Queue } from '../support/queue.ts';
import { run } from '../support/run.ts';
import { type Exchange, openStage, type Stage } from '../support/stage.ts';

/** An event without an id; its position is a field of its data. */
function at(at: string | undefined, text = at): string {
  return `data: ${JSON.stringify({ at, text })}\n\n`;
}

/** Only a position, as Durable Streams sends it behind some events. */
function control(at: string): string {
  return `event: control\ndata: ${JSON.stringify({ at })}\n\n`;
}

const cursorOf: CursorOf = ({ data }) => (JSON.parse(data) as { readonly at?: string }).at;

const textOf = ({ data }: ServerSentEvent): unknown =>
  (JSON.parse(data) as { readonly text?: string }).text;

/** Each request asks for the position in its query. */
const asking = ({ url }: Stage, more: object = {}): Partial<SseClient.ResilientOptions> => ({
  url: ({ cursor }) => `${url}?after=${cursor}`,
  cursorOf,
  ...more,
});

function asked({ request }: Exchange): string | null {
  return new URL(request.url ?? '', 'http://localhost').searchParams.get('after');
}

async function texts(client: Awaited<ReturnType<typeof run>>, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  while (seen.length < count) {
    seen.push(textOf(await client.handled.next()));
  }
  return seen;
}

/** The position that is kept under the key `client`. */
function kept(store: ReadonlyMap<string, string>): unknown {
  return JSON.parse(store.get('client') ?? 'null');
}

describe('a position of `cursorOf`', () => {
  test('POS-01 is where the next connection goes on, without a store too', async () => {
    await using stage = await openStage();
    const client = await run(stage, asking(stage));
    const first = await stage.next();
    expect(asked(first)).toBe('');
    first.stream(at('1') + at('2'));
    await texts(client, 2);
    first.response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    const second = await stage.next();
    expect([asked(second), second.request.headers['last-event-id']]).toEqual(['2', undefined]);
  });

  test('POS-02 is given to `headers` and to `body` too, with the id beside it', async () => {
    await using stage = await openStage();
    const client = await run(stage, {
      method: 'QUERY',
      cursorOf,
      headers: ({ cursor, lastEventId }) => ({ 'x-after': `${cursor} ${lastEventId}` }),
      body: ({ cursor, lastEventId }) => `${cursor} ${lastEventId}`,
    });
    const first = await stage.next();
    first.stream(`id: a\n${at('1')}id: b\n${at(undefined)}`);
    await texts(client, 2);
    first.response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    const { request, body } = await stage.next();
    expect([request.headers['x-after'], body]).toEqual(['1 b', '1 b']);
    expect(request.headers['last-event-id']).toBe('b');
  });

  test('is the last id for a client without `cursorOf`', async () => {
    await using stage = await openStage();
    const client = await run(stage, {
      url: ({ cursor }) => `${stage.url}?after=${cursor}`,
      lastEventId: '7',
    });
    const first = await stage.next();
    expect(asked(first)).toBe('7');
    first.stream('id: 8\ndata: {}\n\n');
    await client.handled.next();
    first.response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    expect(asked(await stage.next())).toBe('8');
    expect(SseClient.status(client.pid).cursor).toBeUndefined();
  });

  test('POS-03 is kept beside the id, told first, and asked for by the next client', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const client = await run(stage, asking(stage, { cursor }));
    expect(await client.next()).toEqual({ type: 'fresh' });
    (await stage.next()).stream(`id: a\n${at('1')}${at('2')}${at(undefined)}`);
    await texts(client, 3);
    await GenServer.stop(client.pid);
    expect(kept(cursor)).toEqual({ lastEventId: 'a', cursor: '2', recent: ['1', '2'] });

    const order: unknown[] = [];
    await run(stage, {
      cursor,
      cursorOf,
      onStatus: ({ type }) => order.push(type),
      url: (context) => {
        order.push(context.cursor, context.lastEventId);
        return stage.url;
      },
    });
    await stage.next();
    expect(order).toEqual(['resumed', 'connecting', '2', 'a']);
  });

  test('is told as where a client resumes', async () => {
    await using stage = await openStage();
    const position = JSON.stringify({ lastEventId: '', recent: ['1'], cursor: '1' });
    const client = await run(stage, asking(stage, { cursor: new Map([['client', position]]) }));
    expect(await client.next()).toEqual({ type: 'resumed', lastEventId: '', cursor: '1' });
    expect(asked(await stage.next())).toBe('1');
  });

  test('POS-04 is none for a store that has kept ids until now: those go on', async () => {
    await using stage = await openStage();
    const position = JSON.stringify({ lastEventId: '7', recent: ['7'] });
    const client = await run(stage, asking(stage, { cursor: new Map([['client', position]]) }));
    expect(await client.next()).toEqual({ type: 'resumed', lastEventId: '7', cursor: '' });
    const first = await stage.next();
    expect([asked(first), first.request.headers['last-event-id']]).toEqual(['', '7']);
  });

  test.each(['{"lastEventId":"","recent":[],"cursor":7}', '{"recent":[],"since":"x"}'])(
    'fails the start if what is kept is no position: %s',
    async (text) => {
      await using stage = await openStage();
      const started = run(stage, asking(stage, { cursor: new Map([['client', text]]) }));
      await expect(started).rejects.toThrow(/Expected a cursor under client, got/);
    },
  );

  test('POS-05 does not move before its event is handled', async () => {
    await using stage = await openStage();
    const cursor = new Map<string, string>();
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const client = await run(
      stage,
      asking(stage, {
        cursor: { store: cursor, every: 1 },
        handle: (event: ServerSentEvent) => {
          if (textOf(event) !== '2') {
            return undefined;
          }
          begun.resolve();
          return finish.promise;
        },
      }),
    );
    (await stage.next()).stream(at('1') + at('2'));
    await begun.promise;
    await settle(stage.system);
    expect([kept(cursor), SseClient.status(client.pid).cursor]).toMatchObject([
      { cursor: '1' },
      '1',
    ]);
    exit(stage.system, client.pid, kill);
    finish.resolve();
    await settle(stage.system);
    expect(kept(cursor)).toMatchObject({ cursor: '1' });
  });

  test('POS-06 of a control event moves the cursor once all events before it are handled', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const finish = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const client = await run(
      stage,
      asking(stage, {
        cursor: { store, every: 1 },
        handle: (event: ServerSentEvent) => {
          if (event.type === 'control') {
            return undefined;
          }
          begun.resolve();
          return finish.promise;
        },
      }),
    );
    (await stage.next()).stream(at(undefined, 'a') + control('1'));
    await begun.promise;
    await settle(stage.system);
    expect(SseClient.status(client.pid).cursor).toBe('');
    finish.resolve();
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '1', recent: ['1'] });
  });

  test('POS-07 that is empty takes the last one back, as an empty id does', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(stage, asking(stage, { cursor: { store, every: 1 } }));
    (await stage.next()).stream(at('1') + at(''));
    await texts(client, 2);
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '' });
  });

  test('is not written again for events that do not move it', async () => {
    await using stage = await openStage();
    const written: unknown[] = [];
    const store = { get: () => undefined, set: (_key: string, text: string) => written.push(text) };
    const client = await run(stage, asking(stage, { cursor: { store, every: 1 } }));
    (await stage.next()).stream(at('1') + at('1').repeat(9) + at(undefined).repeat(9) + at('2'));
    await texts(client, 20);
    await GenServer.stop(client.pid);
    const positions = written.map(
      (text) => (JSON.parse(String(text)) as { cursor: string }).cursor,
    );
    expect(positions).toEqual(['1', '2']);
  });

  test('is any text: its content is the business of the server', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const position = '\u0000 \n"…\ud800';
    const client = await run(stage, {
      cursorOf: () => position,
      cursor: { store, every: 1 },
    });
    (await stage.next()).stream(`data: ${'x'.repeat(2000)}\n\n`);
    await client.handled.next();
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: position });
    expect(SseClient.status(client.pid).cursor).toBe(position);
  });

  test('counts with `until` and `renew`, whose events are not handled', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, {
        cursor: store,
        renew: ({ type }: ServerSentEvent) => type === 'moved',
        until: ({ type }: ServerSentEvent) => type === 'done',
      }),
    );
    (await stage.next()).stream(`event: moved\n${at('1')}`);
    const second = await stage.next();
    expect(asked(second)).toBe('1');
    second.stream(`event: done\n${at('2')}`);
    await client.until('ended');
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '2' });
  });

  test('is found by `events` and by a behaviour', async () => {
    await using stage = await openStage();
    const iterator = events(({ cursor }) => `${stage.url}?after=${cursor}`, {
      cursorOf,
      minDelay: 1,
    });
    const first = iterator.next();
    const exchange = await stage.next();
    exchange.stream(at('1'));
    await first;
    const second = iterator.next();
    exchange.response.end();
    const next = await stage.next();
    expect(asked(next)).toBe('1');
    next.stream(at('2'));
    await second;
    await iterator.return?.();

    const client = SseClient.define({
      init: () => connect(({ cursor }) => ({ url: `${stage.url}?after=${cursor}` }), 0),
      handleConnect: (_response, state) => noreply(state),
      handleConnectFailure: (_failure, state) => noreply(state),
      handleDisconnect: (_disconnected, state) =>
        connect(
          ({ cursor, lastEventId }) => ({ url: `${stage.url}?after=${cursor}`, lastEventId }),
          state,
        ),
      handleEvent: (_event, state) => state + 1,
    });
    await SseClient.start(stage.system, client, undefined, { cursorOf });
    const third = await stage.next();
    third.stream(at('5'));
    third.response.end();
    expect(asked(await stage.next())).toBe('5');
  });

  test('is shown by `sys.getStatus` as the one that was asked for', async () => {
    await using stage = await openStage();
    const position = JSON.stringify({ lastEventId: '', recent: [], cursor: '1' });
    const client = await run(stage, asking(stage, { cursor: new Map([['client', position]]) }));
    await stage.next();
    expect((await sys.getStatus(client.pid)).state).toMatchObject({ sentCursor: '1' });
  });

  test('of a control event without a schema counts too: `handleInvalid` gets the event', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const invalid = Promise.withResolvers<string>();
    const schemas = {
      events: { message: z.object({}) },
      handleInvalid: ({ event }: InvalidEvent) => {
        invalid.resolve(event.type);
      },
    };
    await run(stage, { ...asking(stage, { cursor: { store, every: 1 } }), ...schemas });
    (await stage.next()).stream(control('1'));
    expect(await invalid.promise).toBe('control');
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '1' });
  });

  test('POS-09 of 17 KiB is refused by the server of Node itself: it is left out, and given up', async () => {
    await using stage = await openStage();
    const long = 'x'.repeat(17 * 1024);
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, { cursor: { store, dedupe: true }, minDelay: 1, maxDelay: 1 }),
    );
    const first = await stage.next();
    first.stream(at(long, 'a') + at(undefined, 'b'));
    expect(await texts(client, 2)).toEqual(['a', 'b']);
    first.response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    expect(await client.until('ignored')).toMatchObject({ cursor: long, reason: 'refused' });
    const refused = await client.until('disconnected');
    expect(refused.failure).toMatchObject({ type: 'status', status: 431 });
    await advance(stage.system, refused.after);
    const third = await stage.next();
    expect(asked(third)).toBe('');
    third.stream(at(long, 'a') + at('2'));
    // The event that brought it is known all the same.
    expect(await texts(client, 1)).toEqual(['2']);
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '2' });
  });

  test('POS-08 that makes a request too long is left out, and given up if that connects', async () => {
    await using stage = await openStage();
    const long = 'x'.repeat(2000);
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, { cursor: { store, every: 1 }, minDelay: 1, maxDelay: 1 }),
    );
    const first = await stage.next();
    first.stream(at(long));
    await texts(client, 1);
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    const second = await stage.next();
    expect(asked(second)).toBe(long);
    second.refuse(414);
    expect(await client.until('ignored')).toEqual({
      type: 'ignored',
      lastEventId: '',
      cursor: long,
      reason: 'refused',
    });
    await advance(stage.system, (await client.until('disconnected')).after);
    const third = await stage.next();
    expect(asked(third)).toBe('');
    third.stream();
    await client.until('connected');
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '' });
  });
});

describe('an error of `cursorOf`', () => {
  test.each<[string, CursorOf, RegExp]>([
    ['thrown', () => JSON.parse('{'), /JSON/],
    ['a number', () => 7 as never, /Expected cursorOf to return a string, or undefined .*, got 7/],
    ['null', () => null as never, /Expected cursorOf to return a string, .*, got null/],
    ['a promise', () => Promise.resolve('1') as never, /Expected cursorOf .*, got .*[Pp]romise/],
  ])('(%s) crashes the client, before the event is handled', async (_which, wrong, message) => {
    await using stage = await openStage();
    const handled: unknown[] = [];
    await run(stage, { cursorOf: wrong, handle: (event) => void handled.push(event) });
    const ended = new Promise((resolve) => {
      stage.system.signal.addEventListener('abort', () => resolve(stage.system.signal.reason));
    });
    (await stage.next()).stream(at('1'));
    expect(String(((await ended) as Error).cause)).toMatch(message);
    expect(handled).toEqual([]);
  });

  test('POS-10 goes to `handleFailed`, which skips the event or has it tried again', async () => {
    await using stage = await openStage();
    let broken = true;
    const failures: unknown[] = [];
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, {
        cursor: { store, every: 1 },
        cursorOf: (event: ServerSentEvent) => {
          if (event.data === 'broken' || (broken && event.data.includes('"2"'))) {
            throw new Error(`no position in ${event.data}`);
          }
          return cursorOf(event);
        },
        handleFailed: (event: ServerSentEvent, error: Error, context: SseClient.FailedContext) => {
          failures.push([error.message.slice(0, 11), context.attempt]);
          if (event.data === 'broken') {
            return 'skip';
          }
          broken = false;
          return { retryAfter: 0 };
        },
      }),
    );
    (await stage.next()).stream(`${at('1')}data: broken\n\n${at('2')}`);
    expect(await texts(client, 2)).toEqual(['1', '2']);
    expect(failures).toEqual([
      ['no position', 1],
      ['no position', 1],
    ]);
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '2', recent: ['1', '2'] });
  });

  test('of `handle` is counted for the event, whatever id a connection gives to it', async () => {
    await using stage = await openStage();
    const failures = new Queue<unknown>();
    await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          cursorOf,
          cursor: new Map<string, string>(),
          handle: () => {
            throw new Error('on purpose');
          },
          handleFailed: (event, error, { attempt }) => {
            failures.push([textOf(event), attempt]);
            throw error;
          },
        }),
      ],
    });
    const counts: unknown[] = [];
    for (const text of [`id: 1\n${at('a')}`, `id: 1\n${at('b')}`, `id: 2\n${at('b')}`]) {
      (await stage.next()).stream(text);
      counts.push(await failures.next());
    }
    expect(counts).toEqual([
      ['a', 1],
      ['b', 1],
      ['b', 2],
    ]);
  });

  test.each(['x', null, 7])('is told at once if it is no function: %j', async (given) => {
    const options = { id: 'client', url: 'http://localhost/', handle: () => undefined };
    expect(() => SseClient.resilient({ ...options, cursorOf: given as never })).toThrow(
      /Expected cursorOf to be a function \(event\) => …, got/,
    );
  });
});

describe('dedupe with `cursorOf`', () => {
  test('POS-11 drops events whose position was handled, and reports a server that ignores the cursor', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const before = await run(stage, asking(stage, { cursor: { store, dedupe: true } }));
    (await stage.next()).stream(at('1') + at('2'));
    await texts(before, 2);
    await GenServer.stop(before.pid);
    const client = await run(stage, asking(stage, { cursor: { store, dedupe: true } }));
    (await stage.next()).stream(at('1') + at('2') + at('3'));
    expect(await client.until('ignored')).toEqual({
      type: 'ignored',
      lastEventId: '',
      cursor: '2',
      id: '1',
    });
    expect(await texts(client, 1)).toEqual(['3']);
    expect(SseClient.status(client.pid)).toMatchObject({ repeats: 2, events: 1, cursor: '3' });
  });

  test('POS-12 drops no event that says more at the current position, such as that it is the end', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, { cursor: { store, dedupe: true, remember: 2 }, minDelay: 1, maxDelay: 1 }),
    );
    const first = await stage.next();
    const said = ['busy', 'idle', 'closed'].map((text) => at('2', text)).join('');
    first.stream(at('1') + said);
    expect(await texts(client, 4)).toEqual(['1', 'busy', 'idle', 'closed']);
    await settle(stage.system);
    expect(kept(store)).toMatchObject({ cursor: '2', recent: ['1', '2'] });
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    // The very same once more is a repeat.
    (await stage.next()).stream(at('1') + at('2', 'closed') + at('3'));
    expect(await texts(client, 1)).toEqual(['3']);
  });

  test('POS-16 that is further back than the remembered ones is taken as it is: only the server can order positions', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, { cursor: { store, dedupe: true, remember: 1 }, minDelay: 1, maxDelay: 1 }),
    );
    const first = await stage.next();
    first.stream(at('5') + at('4') + at('5', 'five again') + at('3'));
    expect(await texts(client, 4)).toEqual(['5', '4', 'five again', '3']);
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    expect(asked(await stage.next())).toBe('3');
  });

  test('POS-17 that several events share: those before the last come again where the server repeats them', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, { cursor: { store, dedupe: true }, minDelay: 1, maxDelay: 1 }),
    );
    const shared = ['a', 'b', 'c'].map((text) => at('1', text)).join('');
    const first = await stage.next();
    first.stream(shared);
    expect(await texts(client, 3)).toEqual(['a', 'b', 'c']);
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    (await stage.next()).stream(shared + at('2'));
    expect(await texts(client, 4)).toEqual(['a', 'b', 'c', '2']);
  });

  test('reports nothing where a server begins with the position that it was asked for', async () => {
    await using stage = await openStage();
    const position = JSON.stringify({ lastEventId: '', recent: ['1', '2'], cursor: '2' });
    const store = new Map([['client', position]]);
    const client = await run(stage, asking(stage, { cursor: store }));
    (await stage.next()).stream(control('2') + at('3'));
    await texts(client, 2);
    expect(client.statuses.map(({ type }) => type)).not.toContain('ignored');
  });

  test('POS-13 does not go by the ids, which such a server may number anew for each connection', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await run(
      stage,
      asking(stage, { cursor: { store, dedupe: true }, minDelay: 1, maxDelay: 1 }),
    );
    const first = await stage.next();
    first.stream(`id: 1\n${at('a')}`);
    await texts(client, 1);
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    (await stage.next()).stream(`id: 1\n${at('b')}`);
    expect(await texts(client, 1)).toEqual(['b']);
  });

  describe('of events that bring no position', () => {
    /**
     * Handles the events and ends. Returns the events that the next client on the same store
     * handles.
     */
    async function after(first: string, second: string, remember = 256): Promise<unknown[]> {
      await using stage = await openStage();
      const store = new Map<string, string>();
      const cursor = { store, dedupe: true, remember };
      const client = await run(stage, asking(stage, { cursor }));
      (await stage.next()).stream(first);
      await texts(client, first.split('\n\n').length - 1);
      await settle(stage.system);
      await GenServer.stop(client.pid);
      const next = await run(stage, asking(stage, { cursor }));
      const exchange = await stage.next();
      exchange.stream(`${second}${at('end')}`);
      const seen: unknown[] = [];
      while (seen.at(-1) !== 'end') {
        seen.push(...(await texts(next, 1)));
      }
      return seen.slice(0, -1);
    }

    const [a, b, c] = ['a', 'b', 'c'].map((text) => at(undefined, text)) as [
      string,
      string,
      string,
    ];

    test.each<[string, string, string, readonly string[]]>([
      [
        'POS-14 drops those that come again after the position',
        control('1') + a + b,
        a + b + c,
        ['c'],
      ],
      ['drops no event behind the next position', a + control('1'), a + b, ['a', 'b']],
      ['handles an equal event that comes once more', control('1') + a, a + a, ['a']],
      ['handles what differs, and all behind it', control('1') + a + b, a + c + b, ['c', 'b']],
      ['knows events before the first position', a + b, a + b + c, ['c']],
    ])('%s', async (_rule, first, second, expected) => {
      expect(await after(first, second)).toEqual(expected);
    });

    test('remembers the first ones, up to the limit', async () => {
      expect(await after(a + b + c, a + b + c, 2)).toEqual(['c']);
    });

    test('POS-15 knows the events that came in the place of those that did not come again', async () => {
      await using stage = await openStage();
      const cursor = { store: new Map<string, string>(), dedupe: true };
      const seen: unknown[] = [];
      for (const answer of [a + b, a + c, a + c + b]) {
        const client = await run(stage, asking(stage, { cursor }));
        (await stage.next()).stream(answer);
        seen.push(await texts(client, answer === a + b ? 2 : 1));
        await GenServer.stop(client.pid);
      }
      expect(seen).toEqual([['a', 'b'], ['c'], ['b']]);
    });

    test('still knows them all where a client ends before they have come again', async () => {
      await using stage = await openStage();
      const cursor = { store: new Map<string, string>(), dedupe: true };
      const first = await run(stage, asking(stage, { cursor }));
      (await stage.next()).stream(a + b);
      await texts(first, 2);
      await GenServer.stop(first.pid);
      const second = await run(stage, asking(stage, { cursor }));
      const exchange = await stage.next();
      // An id alone moves the cursor, which is written.
      exchange.stream(`${a}id: 7\n\n`);
      exchange.response.end();
      await second.until('disconnected');
      await GenServer.stop(second.pid);
      expect(kept(cursor.store)).toMatchObject({ lastEventId: '7' });
      const third = await run(stage, asking(stage, { cursor }));
      (await stage.next()).stream(a + b + c);
      expect(await texts(third, 1)).toEqual(['c']);
    });

    test('holds in a file too, and across connections of one client', async () => {
      await using stage = await openStage();
      const folder = await mkdtemp(join(tmpdir(), 'cursor-of-'));
      const cursor = { store: sqlite(join(folder, 'cursors.db')), dedupe: true };
      const client = await run(stage, asking(stage, { cursor, minDelay: 1, maxDelay: 1 }));
      const first = await stage.next();
      first.stream(control('1') + a + b);
      await texts(client, 3);
      first.response.end();
      await client.until('disconnected');
      await advance(stage.system, 2);
      const second = await stage.next();
      second.stream(a + b + c);
      expect(await texts(client, 1)).toEqual(['c']);
      await GenServer.stop(client.pid);
      const next = await run(stage, asking(stage, { cursor }));
      const third = await stage.next();
      expect(asked(third)).toBe('1');
      third.stream(a + b + c + control('2'));
      expect((await next.handled.next()).type).toBe('control');
      await GenServer.stop(next.pid);
      await rm(folder, { recursive: true });
    });
  });
});

test('a restarted client goes on after the position of the last handled event', async () => {
  await using stage = await openStage();
  await Supervisor.startLink(stage.system, {
    strategy: 'oneForOne',
    children: [
      SseClient.resilient({
        id: 'client',
        ...asking(stage),
        url: ({ cursor }) => `${stage.url}?after=${cursor}`,
        cursor: new Map<string, string>(),
        handle: (event) => {
          if (textOf(event) === '2') {
            throw new Error('on purpose');
          }
        },
      }),
    ],
  });
  (await stage.next()).stream(at('1') + at('2'));
  expect(asked(await stage.next())).toBe('1');
});
