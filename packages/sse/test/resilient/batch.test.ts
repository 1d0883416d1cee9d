import { describe, expect, test } from '@jest/globals';
import { crash, exit, GenServer, isAlive, kill, type Pid } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { type ServerSentEvent, SseClient } from '../../src/index.ts';
import { Ledger } from '../support/ledger.ts';
import { Queue } from '../support/queue.ts';
import { openStage, type Stage } from '../support/stage.ts';

type Options = SseClient.BatchedResilientOptions;
type Batch = readonly ServerSentEvent[];

/** A client that handles batches. */
interface Client {
  readonly pid: Pid;
  /** The data of each batch whose handling has begun. */
  readonly batches: string[][];
  /** One for each batch: the test ends its handling. */
  readonly open: Queue<() => void>;
  readonly statuses: SseClient.StatusChange[];
  /** Waits for the status of this type. */
  until(type: SseClient.StatusChange['type']): Promise<void>;
}

async function start(stage: Stage, options: Partial<Options> = {}): Promise<Client> {
  const batches: string[][] = [];
  const open = new Queue<() => void>();
  const statuses: SseClient.StatusChange[] = [];
  const queue = new Queue<string>();
  const { handleBatch, ...others } = options;
  const spec = SseClient.resilient({
    id: 'client',
    url: stage.url,
    handleBatch: (events: Batch, context) => {
      batches.push(dataOf(events));
      return handleBatch === undefined
        ? new Promise((resolve) => {
            open.push(resolve);
          })
        : handleBatch(events, context);
    },
    onStatus: (change) => {
      statuses.push(change);
      queue.push(change.type);
    },
    ...others,
  });
  const pid = await spec.start(stage.system);
  const until = async (type: string): Promise<void> => {
    while ((await queue.next()) !== type);
  };
  return { pid: pid as Pid, batches, open, statuses, until };
}

function dataOf(events: Batch): string[] {
  return events.map(({ data }) => data);
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

/** Events with these numbers as ids and data. */
function numbered(from: number, to: number): string {
  return numbers(from, to)
    .map((number) => `id: ${number}\ndata: ${number}\n\n`)
    .join('');
}

const end = 'data: END\n\n';

function until({ data }: ServerSentEvent): boolean {
  return data === 'END';
}

describe('handleBatch', () => {
  test.each([
    ['in one write', (text: string) => [text]],
    ['in chunks of an event each', (text: string) => text.split(/(?<=\n\n)/)],
    ['in chunks that end within events', (text: string) => text.match(/[^]{1,997}/g) ?? []],
  ])(
    'TX-14 is given one event at once, and 5,000 that have arrived in ten batches of 500, in order: %s',
    async (_how, cut) => {
      await using stage = await openStage();
      const held = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const client = await start(stage, {
        handleBatch: ([first]) => {
          begun.resolve();
          return first?.id === '1' ? held.promise : undefined;
        },
        until,
      });
      const { stream, response } = await stage.next();
      stream(numbered(1, 1));
      await begun.promise;
      expect(client.batches).toEqual([['1']]);
      // More than the client reads ahead: the rest waits in the sockets.
      await Promise.all(
        cut(`${numbered(2, 5001)}${end}`).map(
          (chunk) => new Promise((resolve) => response.write(chunk, resolve)),
        ),
      );
      held.resolve();
      await client.until('ended');
      expect(client.batches.map(({ length }) => length)).toEqual([1, ...Array(10).fill(500)]);
      expect(client.batches.flat()).toEqual(numbers(1, 5001));
    },
  );

  test('is given the events that have arrived, and waits for no more', async () => {
    await using stage = await openStage();
    const client = await start(stage, { maxBatch: 3 });
    const { stream, response } = await stage.next();
    stream(numbered(1, 2));
    const first = await client.open.next();
    response.write(numbered(3, 6));
    await untilUnhandled(client, 6);
    first();
    (await client.open.next())();
    (await client.open.next())();
    await settle(stage.system);
    expect(client.batches).toEqual([['1', '2'], ['3', '4', '5'], ['6']]);
  });

  test('reads ahead until the next batch is full, and no further', async () => {
    await using stage = await openStage();
    const client = await start(stage, { maxBatch: 10 });
    const { stream, response } = await stage.next();
    stream(numbered(1, 1));
    const first = await client.open.next();
    const event = `data: ${'x'.repeat(10_000)}\n\n`;
    let taken = 0;
    // A server that writes as long as it may: the sockets and the client take a bounded part.
    while (response.write(event.repeat(10)) && taken < 10_000) {
      taken += 10;
    }
    await untilUnhandled(client, 11);
    expect(SseClient.status(client.pid).unhandled).toBeLessThan(11 + 10);
    expect(SseClient.status(client.pid).awaiting).toMatchObject([{ type: 'event' }]);
    first();
    expect(await client.open.next()).toBeDefined();
    expect(client.batches[1]).toHaveLength(10);
  });

  test('takes no more than 1 MiB ahead', async () => {
    await using stage = await openStage();
    const client = await start(stage, { maxBatch: 1000 });
    const { stream, response } = await stage.next();
    stream(numbered(1, 1));
    const first = await client.open.next();
    const event = `data: ${'x'.repeat(100_000)}\n\n`;
    response.write(event.repeat(100));
    await untilUnhandled(client, 11);
    await settle(stage.system);
    expect(SseClient.status(client.pid).unhandled).toBeLessThan(14);
    first();
    await client.open.next();
    expect(client.batches[1]?.length).toBeLessThan(14);
  });

  test('has all events before the stream is told to have ended', async () => {
    await using stage = await openStage();
    const client = await start(stage, { maxBatch: 2 });
    const { stream, response } = await stage.next();
    stream(numbered(1, 1));
    const first = await client.open.next();
    response.end(numbered(2, 4));
    await untilUnhandled(client, 3);
    expect(client.statuses.at(-1)?.type).toBe('connected');
    first();
    (await client.open.next())();
    (await client.open.next())();
    await client.until('disconnected');
    expect(client.batches).toEqual([['1'], ['2', '3'], ['4']]);
  });

  test('has the event that the end of the body has left unfinished, where that is asked for', async () => {
    await using stage = await openStage();
    const client = await start(stage, {
      handleBatch: () => undefined,
      dispatchIncomplete: true,
      reconnect: false,
    });
    const { stream, response } = await stage.next();
    stream();
    response.end('data: a\n\ndata: b');
    await client.until('ended');
    expect(client.batches.flat()).toEqual(['a', 'b']);
  });

  test('gets no event that `until` or `renew` names, and all before it first', async () => {
    await using stage = await openStage();
    const asked: string[] = [];
    const client = await start(stage, {
      handleBatch: () => undefined,
      renew: ({ data }) => {
        asked.push(data);
        return data === 'RENEW';
      },
      until,
    });
    (await stage.next()).stream(`${numbered(1, 2)}id: 3\ndata: RENEW\n\n${numbered(4, 4)}`);
    const second = await stage.next();
    // The event that asks for it is handled, and the events behind it come again.
    expect(second.request.headers['last-event-id']).toBe('3');
    second.stream(`${numbered(4, 5)}${end}`);
    await client.until('ended');
    expect(client.batches).toEqual([
      ['1', '2'],
      ['4', '5'],
    ]);
    expect(asked).toEqual(['1', '2', 'RENEW', '4', '5']);
  });

  test('is not called with the event of a gap before `handleGap`', async () => {
    await using stage = await openStage();
    const order: unknown[] = [];
    const client = await start(stage, {
      lastEventId: '0',
      handleBatch: (events) => void order.push(dataOf(events)),
      gapOf: (seen) => 'data' in seen && seen.data === '3',
      handleGap: async () => {
        await Promise.resolve();
        order.push('gap');
      },
      until,
    });
    (await stage.next()).stream(`${numbered(1, 5)}${end}`);
    await client.until('ended');
    expect(order).toEqual([['1', '2'], 'gap', ['3'], ['4', '5']]);
  });

  test('that fails crashes the client, and the report names the first event', async () => {
    await using stage = await openStage();
    const client = await start(stage, {
      handleBatch: () => {
        throw new Error('no');
      },
    });
    (await stage.next()).stream(numbered(7, 9));
    expect(await stage.system.whenExited).toEqual(crash(new Error('no')));
    expect(isAlive(client.pid)).toBe(false);
    expect(JSON.stringify(stage.system.reports)).toContain(
      String.raw`batch of 3 from event \"7\" of type \"message\" failed`,
    );
  });

  test('shows its events as unhandled until it settles', async () => {
    await using stage = await openStage();
    const client = await start(stage);
    const { stream, response } = await stage.next();
    stream(numbered(1, 3));
    const first = await client.open.next();
    expect(SseClient.status(client.pid)).toMatchObject({ unhandled: 3, events: 0 });
    response.write(numbered(4, 5));
    await untilUnhandled(client, 5);
    first();
    await client.open.next();
    expect(SseClient.status(client.pid)).toMatchObject({
      unhandled: 2,
      events: 3,
      lastEventId: '3',
    });
  });

  test('of a killed client counts for nothing', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await start(stage, { cursor: { store, every: 1 } });
    (await stage.next()).stream(numbered(1, 3));
    const first = await client.open.next();
    exit(stage.system, client.pid, kill);
    first();
    await settle(stage.system);
    expect(store.size).toBe(0);
  });
});

/** Waits until so many events have arrived and are not handled. */
async function untilUnhandled({ pid }: Client, count: number): Promise<void> {
  while (SseClient.status(pid).unhandled < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the cursor of a client with handleBatch', () => {
  test('moves past a batch once it is handled, and not before', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await start(stage, { cursor: { store, every: 3, within: 50 } });
    const { stream, response } = await stage.next();
    stream(numbered(1, 2));
    const first = await client.open.next();
    first();
    await untilHandled(client, 2);
    response.write(numbered(3, 4));
    const second = await client.open.next();
    // A write by the time, while the next batch is handled.
    await advance(stage.system, 50);
    expect(store.get('client')).toBe('{"lastEventId":"2","recent":["1","2"]}');
    second();
    await untilHandled(client, 4);
    await GenServer.stop(client.pid);
    expect(store.get('client')).toBe('{"lastEventId":"4","recent":["1","2","3","4"]}');
  });

  test('is written after so many events of all batches', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await start(stage, {
      handleBatch: () => undefined,
      maxBatch: 2,
      cursor: { store, every: 3 },
      until,
    });
    (await stage.next()).stream(numbered(1, 5));
    await untilHandled(client, 5);
    expect(store.get('client')).toBe('{"lastEventId":"4","recent":["1","2","3","4"]}');
  });

  test('is where it was after a batch that fails', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await start(stage, {
      maxBatch: 2,
      handleBatch: (events) => {
        if (events[0]?.data === '3') {
          throw new Error('no');
        }
      },
      cursor: store,
    });
    (await stage.next()).stream(numbered(1, 4));
    await stage.system.whenExited;
    expect(client.batches).toHaveLength(2);
    expect(store.get('client')).toBe('{"lastEventId":"2","recent":["1","2"]}');
  });

  test('drops repeats with `dedupe`, of events of the same batch too', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await start(stage, {
      handleBatch: () => undefined,
      cursor: { store, dedupe: true },
      until,
    });
    const again = `${numbered(1, 2)}${numbered(1, 1)}data: x\n\n${numbered(3, 3)}`;
    (await stage.next()).stream(`${again}${end}`);
    await client.until('ended');
    await settle(stage.system);
    expect(client.batches).toEqual([['1', '2', 'x', '3']]);
    expect(store.get('client')).toBe('{"lastEventId":"3","recent":["1","2","3"]}');
  });

  test('has a batch before an event at which `cursorOf` fails', async () => {
    await using stage = await openStage();
    const store = new Map<string, string>();
    const client = await start(stage, {
      handleBatch: () => undefined,
      cursor: store,
      cursorOf: ({ data }) => {
        if (data === '3') {
          throw new Error('no position');
        }
        return `p${data}`;
      },
    });
    (await stage.next()).stream(numbered(1, 4));
    expect(await stage.system.whenExited).toEqual(crash(new Error('no position')));
    expect(client.batches).toEqual([['1', '2']]);
    expect(JSON.parse(store.get('client') ?? '')).toMatchObject({ cursor: 'p2' });
  });

  test('is told to be ignored before the batch whose first event shows it', async () => {
    await using stage = await openStage();
    const store = new Map([['client', '{"lastEventId":"2","recent":["1","2"]}']]);
    const client = await start(stage, { cursor: store });
    (await stage.next()).stream(numbered(1, 3));
    // A client with a cursor is only stopped once its handler has settled.
    (await client.open.next())();
    expect(client.statuses.map(({ type }) => type)).toEqual([
      'resumed',
      'connecting',
      'connected',
      'ignored',
    ]);
    expect(client.batches).toEqual([['1', '2', '3']]);
  });

  test.each([false, true])(
    'is one with the effects of a batch in a transaction of its store: asynchronous %s',
    async (isAsync) => {
      await using stage = await openStage();
      const ledger = new Ledger(isAsync);
      const write = (events: Batch): void => {
        for (const { data } of events) {
          ledger.effect(data);
        }
        if (events.length === 1) {
          throw new Error('no');
        }
      };
      await start(stage, {
        maxBatch: 2,
        cursor: { store: ledger, every: 1, remember: 2 },
        handleBatch: isAsync ? async (events) => Promise.resolve(events).then(write) : write,
      });
      (await stage.next()).stream(numbered(1, 5));
      expect(await stage.system.whenExited).toEqual(crash(new Error('no')));
      expect(ledger.effects).toEqual(['1', '2', '3', '4']);
      expect(ledger.log).toEqual([
        'commit {"lastEventId":"2","recent":["1","2"]}',
        'commit {"lastEventId":"4","recent":["3","4"]}',
        'rollback',
      ]);
    },
  );
});

async function untilHandled({ pid }: Client, count: number): Promise<void> {
  while (SseClient.status(pid).events < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the options of batches', () => {
  const url = 'http://localhost/';
  const handleBatch = (): void => undefined;

  test.each<[object, string]>([
    [{ handleBatch, handle: handleBatch }, 'Expected handleBatch without handle, got both'],
    [
      { handleBatch, handleFailed: handleBatch },
      'Expected handleBatch without handleFailed, got both',
    ],
    [{ handleBatch, events: {} }, 'Expected handleBatch without events, got both'],
    [{ handleBatch: 5 }, 'Expected handleBatch to be a function (events) => …, got 5'],
    [
      { handle: handleBatch, maxBatch: 5 },
      'Expected maxBatch only together with handleBatch, got it without',
    ],
    [{ handleBatch, maxBatch: 0 }, 'Expected maxBatch to be a whole number from 1 on, got 0'],
    [{ handleBatch, maxBatch: 1.5 }, 'Expected maxBatch to be a whole number from 1 on, got 1.5'],
  ])('are refused: %j', (options, message) => {
    expect(() => SseClient.resilient({ id: 'a', url, ...options } as never)).toThrow(message);
  });
});
