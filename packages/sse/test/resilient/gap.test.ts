import { describe, expect, test } from '@jest/globals';
import { advance, settle } from '@reprise/actor/testing';

import { events, type Gap, type GapOf, SseClient } from '../../src/index.ts';
import { type Run, run } from '../support/run.ts';
import { type Exchange, openStage } from '../support/stage.ts';

type Options = Partial<SseClient.ResilientOptions>;

/** Answers with these headers, and an event stream that stays open. */
function streamWith(
  { response }: Exchange,
  headers: Readonly<Record<string, string | readonly string[]>>,
  text = 'id: 8\ndata: eight\n\n',
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.write(text);
}

/** The gaps that are told until the first event is handled, of a client that asks for the id 7. */
async function gapsWith(
  headers: Readonly<Record<string, string>>,
  options: Options = {},
): Promise<readonly unknown[]> {
  await using stage = await openStage();
  const client = await run(stage, { lastEventId: '7', ...options });
  streamWith(await stage.next(), headers);
  await client.handled.next();
  return gapsOf(client);
}

function gapsOf({ statuses }: Run): readonly unknown[] {
  return statuses.filter(({ type }) => type === 'gap');
}

const gap = (asked: string, begins: string): unknown => ({ type: 'gap', asked, begins });

describe('a gap', () => {
  test.each<[string, Readonly<Record<string, string>>, readonly unknown[]]>([
    ['the position asked for', { 'mercure-last-event-id': '7' }, []],
    ['another one', { 'mercure-last-event-id': '6' }, [gap('7', '6')]],
    ['`earliest`', { 'mercure-last-event-id': 'earliest' }, [gap('7', 'earliest')]],
    ['another one in Last-Event-ID', { 'last-event-id': '3' }, [gap('7', '3')]],
    ['nothing', { 'last-event-id': '' }, [gap('7', '')]],
    [
      'two positions, of which Mercure’s counts',
      { 'last-event-id': '3', 'mercure-last-event-id': '7' },
      [],
    ],
    ['no header', {}, []],
  ])(
    'GAP-01 is told where the server says where it begins: %s',
    async (_which, headers, expected) => {
      expect(await gapsWith(headers)).toEqual(expected);
    },
  );

  test('GAP-03 is none where nothing was asked for, whatever the server says', async () => {
    const headers = { 'mercure-last-event-id': 'earliest' };
    expect(await gapsWith(headers, { lastEventId: '' })).toEqual([]);
  });

  test.each(['…', ' 7\t', 'a b'])('GAP-04 compares ids as they are on the wire: %j', async (id) => {
    const echo = Buffer.from(id.trim()).toString('latin1');
    expect(await gapsWith({ 'last-event-id': echo }, { lastEventId: id })).toEqual([]);
  });

  test('GAP-02 has positions of `cursorOf`; an echo of the id is none', async () => {
    const store = new Map([
      ['client', JSON.stringify({ lastEventId: '7', recent: [], cursor: 'p' })],
    ]);
    const options = { cursor: store, cursorOf: () => undefined };
    expect(await gapsWith({ 'last-event-id': '7' }, options)).toEqual([]);
    expect(await gapsWith({ 'last-event-id': 'p' }, options)).toEqual([]);
    expect(await gapsWith({ 'last-event-id': 'q' }, options)).toEqual([gap('p', 'q')]);
  });

  test('GAP-05 is handled before the first event, which waits for it', async () => {
    await using stage = await openStage();
    const order: unknown[] = [];
    const loaded = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const handled = Promise.withResolvers<void>();
    await run(stage, {
      lastEventId: '7',
      handleGap: (told) => {
        order.push(told);
        begun.resolve();
        return loaded.promise;
      },
      handle: ({ data }) => {
        order.push(data);
        handled.resolve();
      },
    });
    streamWith(await stage.next(), { 'last-event-id': '6' });
    await begun.promise;
    await settle(stage.system);
    expect(order).toEqual([{ asked: '7', begins: '6' }]);
    loaded.resolve();
    await handled.promise;
    expect(order).toEqual([{ asked: '7', begins: '6' }, 'eight']);
  });

  test('GAP-06 is told for each connection that has one', async () => {
    await using stage = await openStage();
    const client = await run(stage, { lastEventId: '7', minDelay: 1, maxDelay: 1 });
    const first = await stage.next();
    streamWith(first, { 'last-event-id': '6' });
    await client.handled.next();
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    streamWith(await stage.next(), { 'last-event-id': '5' });
    await client.handled.next();
    expect(gapsOf(client)).toEqual([gap('7', '6'), gap('8', '5')]);
  });

  test('GAP-07 that cannot be handled crashes the client, which meets it again', async () => {
    await using stage = await openStage();
    const failed = new Error('on purpose');
    const asked: Gap[] = [];
    const stopped = new Promise((resolve) => {
      stage.system.signal.addEventListener('abort', () => {
        resolve((stage.system.signal.reason as Error).cause);
      });
    });
    await run(stage, {
      lastEventId: '7',
      handleGap: (told) => {
        asked.push(told);
        throw failed;
      },
    });
    streamWith(await stage.next(), { 'last-event-id': '6' });
    expect(await stopped).toBe(failed);
    expect(asked).toEqual([{ asked: '7', begins: '6' }]);
  });

  test('GAP-08 is told to a reader of `events` too', async () => {
    await using stage = await openStage();
    const told: unknown[] = [];
    const iterator = events(stage.url, {
      lastEventId: '7',
      handleGap: (found) => void told.push(found),
    });
    const first = iterator.next();
    streamWith(await stage.next(), { 'mercure-last-event-id': 'earliest' });
    await first;
    expect(told).toEqual([{ asked: '7', begins: 'earliest' }]);
    await iterator.return?.();
  });
});

describe('`gapOf`', () => {
  const onStale =
    (answer: string | boolean): GapOf =>
    (seen) =>
      'type' in seen && seen.type === 'stale' ? answer : undefined;

  async function gapsIn(gapOf: GapOf, text: string, count: number): Promise<readonly unknown[]> {
    await using stage = await openStage();
    const client = await run(stage, { lastEventId: '7', gapOf });
    streamWith(await stage.next(), {}, text);
    for (let handled = 0; handled < count; handled += 1) {
      await client.handled.next();
    }
    return gapsOf(client);
  }

  const stale = 'event: stale\ndata: x\n\n';

  test.each<[string, string | boolean, readonly unknown[]]>([
    ['a position', '9', [gap('7', '9')]],
    ['none', '', [gap('7', '')]],
    ['true', true, [gap('7', '')]],
    ['false', false, []],
    ['the position asked for', '7', []],
  ])('finds a gap in an event, which is handled after it: %s', async (_which, answer, expected) => {
    expect(await gapsIn(onStale(answer), stale, 1)).toEqual(expected);
  });

  test('GAP-09 is asked until it has found one gap in a connection, and again in the next', async () => {
    await using stage = await openStage();
    let asked = 0;
    const client = await run(stage, {
      minDelay: 1,
      maxDelay: 1,
      gapOf: (seen) => {
        asked += 1;
        return onStale('9')(seen);
      },
    });
    const first = await stage.next();
    streamWith(first, {}, `data: a\n\n${stale}${stale}data: b\n\n`);
    for (const data of ['a', 'x', 'x', 'b']) {
      expect((await client.handled.next()).data).toBe(data);
    }
    expect([asked, gapsOf(client)]).toEqual([3, [gap('', '9')]]);
    first.response.end();
    await client.until('disconnected');
    await advance(stage.system, 2);
    streamWith(await stage.next(), {}, stale);
    await client.handled.next();
    expect(gapsOf(client)).toHaveLength(2);
  });

  test('GAP-10 reads the head of a response; the two headers count where it does not say', async () => {
    const read: GapOf = (seen) =>
      'headers' in seen ? (seen.headers['x-start'] as string | undefined) : undefined;
    const both = { 'x-start': '5', 'last-event-id': '6' };
    expect(await gapsWith(both, { gapOf: read })).toEqual([gap('7', '5')]);
    expect(await gapsWith({ 'last-event-id': '6' }, { gapOf: read })).toEqual([gap('7', '6')]);
    expect(await gapsWith({ 'last-event-id': '6' }, { gapOf: () => false })).toEqual([]);
  });

  test('GAP-11 hands an error of `handleGap` at an event to `handleFailed`: it is told again', async () => {
    await using stage = await openStage();
    let tries = 0;
    const client = await run(stage, {
      gapOf: onStale(true),
      handleGap: async () => {
        tries += 1;
        if (tries === 1) {
          throw new Error('no list');
        }
      },
      handleFailed: () => ({ retryAfter: 0 }),
    });
    streamWith(await stage.next(), {}, `${stale}data: b\n\n`);
    expect((await client.handled.next()).data).toBe('x');
    expect((await client.handled.next()).data).toBe('b');
    expect(tries).toBe(2);
  });

  test.each<[string, unknown]>([
    ['a number', 7],
    ['null', null],
    ['a promise', Promise.resolve('7')],
  ])('that returns %s fails', async (_which, answer) => {
    await using stage = await openStage();
    const stopped = new Promise<unknown>((resolve) => {
      stage.system.signal.addEventListener('abort', () => {
        resolve((stage.system.signal.reason as Error).cause);
      });
    });
    await run(stage, { gapOf: () => answer as never });
    streamWith(await stage.next(), {});
    expect(String(await stopped)).toMatch(/Expected gapOf to return a position, true, false or/);
  });

  test.each([
    ['gapOf', '(seen) => …'],
    ['handleGap', '(gap, context) => …'],
  ])('and `handleGap` are told at once if they are no functions: %s', (name, shape) => {
    const options = { id: 'client', url: 'http://localhost/', handle: () => undefined };
    expect(() => SseClient.resilient({ ...options, [name]: 7 })).toThrow(
      `Expected ${name} to be a function ${shape}, got 7`,
    );
  });
});
