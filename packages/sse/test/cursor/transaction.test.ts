import { describe, expect, test } from '@jest/globals';
import { crash, exit, GenServer, kill, shutdownWith, stop } from '@reprise/actor';
import { advance, settle, virtualClock } from '@reprise/actor/testing';

import { TransactionCall } from '../../src/cursor/transaction-call.ts';
import type { ServerSentEvent, SseClient } from '../../src/index.ts';
import { Ledger, LedgerError, SplitLedger } from '../support/ledger.ts';
import { Queue } from '../support/queue.ts';
import { type Run, run } from '../support/run.ts';
import { openStage, type Stage } from '../support/stage.ts';

type Handle = SseClient.ResilientOptions['handle'];

/** The store and the handler: each synchronous or not. */
const kinds = [
  ['store and handler are synchronous', false, false],
  ['only the handler is synchronous', true, false],
  ['neither is synchronous', true, true],
] as const;

/** Starts a client that writes the data of each event into the ledger. */
async function begin(
  stage: Stage,
  ledger: Ledger,
  options: Partial<SseClient.ResilientOptions> & { readonly isAsync?: boolean } = {},
): Promise<Run> {
  const { isAsync = false, ...others } = options;
  const write = (event: ServerSentEvent): void => {
    ledger.effect(event.data);
  };
  const later = async (event: ServerSentEvent): Promise<void> => {
    await Promise.resolve();
    write(event);
  };
  return run(stage, {
    cursor: { store: ledger, every: 1 },
    handle: isAsync ? later : write,
    ...others,
  });
}

/** Sends these events, of which the last one ends the client, and waits for that. */
async function play(stage: Stage, client: Run, text: string): Promise<void> {
  (await stage.next()).stream(text);
  await client.until('ended');
  await settle(stage.system);
}

function until(event: ServerSentEvent): boolean {
  return event.data === 'END';
}

/** The id of the position that this line of a ledger tells of. */
function idIn(line: string): string {
  const [, text = ''] = line.split(/(?<=^\w+) /);
  if (text === 'nothing') {
    return 'none';
  }
  const position = JSON.parse(text) as string | { readonly lastEventId: string };
  return typeof position === 'string' ? position : position.lastEventId;
}

const end = 'data: END\n\n';
const numbered = (...ids: readonly number[]): string =>
  ids.map((id) => `id: ${id}\ndata: ${id}\n\n`).join('');

describe.each(kinds)('a transaction of the store, where %s', (_kind, isStoreAsync, isAsync) => {
  test('keeps the effects of the handler and the position together', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const client = await begin(stage, ledger, { isAsync, until });
    await play(stage, client, `${numbered(1, 2)}${end}`);
    expect(ledger.effects).toEqual(['1', '2']);
    expect(ledger.log).toEqual([
      'commit {"lastEventId":"1","recent":["1"]}',
      'commit {"lastEventId":"2","recent":["1","2"]}',
      // The event that `until` names counts as handled too, without a call of the handler.
      'commit nothing',
    ]);
  });

  test('keeps nothing of a handler that fails: the client crashes, the next one gets the event', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const fail = (event: ServerSentEvent): void => {
      ledger.effect(event.data);
      if (event.data === '2') {
        throw new Error('no');
      }
    };
    const failLater = async (event: ServerSentEvent): Promise<void> => {
      await Promise.resolve();
      fail(event);
    };
    await begin(stage, ledger, { handle: isAsync ? failLater : fail });
    (await stage.next()).stream(numbered(1, 2, 3));
    expect(await stage.system.whenExited).toEqual(crash(new Error('no')));
    expect(ledger.effects).toEqual(['1']);
    await using next = await openStage();
    const client = await begin(next, ledger, { isAsync, until });
    expect(await client.until('resumed')).toMatchObject({ lastEventId: '1' });
    await play(next, client, `${numbered(2, 3)}${end}`);
    expect(ledger.effects).toEqual(['1', '2', '3']);
  });

  test('that fails by its handler is one of `handleFailed`, which has it tried again or skipped', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const attempts: unknown[] = [];
    const handle = (event: ServerSentEvent): void => {
      ledger.effect(event.data);
      if (event.data !== '1' && attempts.length < 2) {
        throw new Error(`no ${event.data}`);
      }
    };
    const client = await begin(stage, ledger, {
      handle: isAsync ? async (event) => Promise.resolve(event).then(handle) : handle,
      handleFailed: (event, error, { attempt }) => {
        attempts.push([event.data, (error as Error).message, attempt]);
        return attempts.length === 1 ? { retryAfter: 0 } : 'skip';
      },
      until,
    });
    await play(stage, client, `${numbered(1, 2, 3)}${end}`);
    expect(attempts).toEqual([
      ['2', 'no 2', 1],
      ['2', 'no 2', 2],
    ]);
    expect(ledger.effects).toEqual(['1', '3']);
    expect(ledger.log.filter((line) => !line.includes('failed'))).toEqual([
      'commit {"lastEventId":"1","recent":["1"]}',
      'rollback',
      'rollback',
      // Skipped: the position moves alone.
      'set {"lastEventId":"2","recent":["1","2"]}',
      'commit {"lastEventId":"3","recent":["1","2","3"]}',
      'commit nothing',
    ]);
  });

  test.each(['begin', 'commit', 'answer'] as const)(
    'that fails in the store crashes the client with that error, and nothing is written after it: %s',
    async (fault) => {
      await using stage = await openStage();
      const ledger = new Ledger(isStoreAsync);
      const failed: unknown[] = [];
      const client = await begin(stage, ledger, {
        isAsync,
        handleFailed: (_event, error) => {
          failed.push(error);
          return 'skip';
        },
        onStatus: ({ type }) => {
          ledger.fault = type === 'connected' ? fault : ledger.fault;
        },
      });
      (await stage.next()).stream(numbered(1, 2));
      const reason = await stage.system.whenExited;
      expect([reason, failed]).toEqual([crash(expect.any(LedgerError)), []]);
      expect(ledger.effects).toEqual(fault === 'answer' ? ['1'] : []);
      expect(ledger.get('client')).toBe(
        fault === 'answer' ? '{"lastEventId":"1","recent":["1"]}' : undefined,
      );
      expect(ledger.log.filter((line) => line.startsWith('set'))).toEqual([]);
      expect(client.handled).toBeDefined();
    },
  );

  test('is made for an event that does not move the position too, and writes none then', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const client = await begin(stage, ledger, { isAsync, until });
    await play(stage, client, `data: a\n\nid: 1\ndata: b\n\n${'data: c\n\n'.repeat(2)}${end}`);
    expect(ledger.effects).toEqual(['a', 'b', 'c', 'c']);
    expect(ledger.log).toEqual([
      // The first event ever: its last id is the empty one.
      'commit ""',
      'commit {"lastEventId":"1","recent":["1"]}',
      'commit nothing',
      'commit nothing',
      'commit nothing',
    ]);
  });

  test('forgets how often its event has failed before, and so writes the position', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    let attempts = 0;
    const handle = (): void => {
      attempts += 1;
      if (attempts === 2) {
        throw new Error('no');
      }
    };
    const client = await begin(stage, ledger, {
      handle: isAsync ? async () => Promise.resolve().then(handle) : handle,
      handleFailed: () => ({ retryAfter: 0 }),
      until,
    });
    await play(stage, client, `id: 1\ndata: 1\n\ndata: 2\n\n${end}`);
    expect(ledger.log.slice(2)).toEqual([
      expect.stringMatching(/^set .*"failed":\{.*"attempts":1\}/),
      'commit {"lastEventId":"1","recent":["1"]}',
      'commit nothing',
    ]);
  });

  test('commits an answer that the handler throws', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const answer = (event: ServerSentEvent): never => {
      ledger.effect(event.data);
      throw stop(shutdownWith('enough'), undefined);
    };
    await begin(stage, ledger, {
      handle: isAsync ? async (event) => Promise.resolve(event).then(answer) : answer,
    });
    (await stage.next()).stream(numbered(1));
    expect(await stage.system.whenExited).toEqual(shutdownWith('enough'));
    expect(ledger.effects).toEqual(['1']);
  });

  test('goes by `cursorOf` and `dedupe` as a write after the handler does', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const asked: string[] = [];
    let hasFailed = false;
    const handle = (event: ServerSentEvent): void => {
      ledger.effect(event.data);
      if (event.data === '3:c' && !hasFailed) {
        hasFailed = true;
        throw new Error('no');
      }
    };
    const client = await begin(stage, ledger, {
      cursor: { store: ledger, dedupe: true },
      cursorOf: ({ data }) => {
        asked.push(data);
        return /^\d+(?=:)/.exec(data)?.[0];
      },
      handle: isAsync ? async (event) => Promise.resolve(event).then(handle) : handle,
      handleFailed: () => ({ retryAfter: 0 }),
      until,
    });
    const sent = ['1:a', 'x', '1:a', '3:c', 'x', '1:a'];
    await play(stage, client, `${sent.map((data) => `data: ${data}\n\n`).join('')}${end}`);
    // Asked once for each event, also for the one that is handled again.
    expect(asked).toEqual([...sent, 'END']);
    expect(ledger.effects).toEqual(['1:a', 'x', '3:c', 'x']);
    expect(JSON.parse(ledger.get('client') ?? '')).toMatchObject({ cursor: '3' });
  });

  test('TX-12 handles events without an id, after an empty id, or with one id for three, once and in order', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const client = await begin(stage, ledger, { isAsync, until });
    const events = ['data: a', 'id: 1\ndata: b', 'id: 1\ndata: c', 'id: 1\ndata: d', 'data: e'];
    const more = ['id:\ndata: f', 'data: g', 'id: 2\ndata: h'];
    await play(stage, client, `${[...events, ...more].join('\n\n')}\n\n${end}`);
    expect(ledger.effects.join('')).toBe('abcdefgh');
    expect(ledger.log.map(idIn)).toEqual(['', '1', '1', '1', 'none', '', 'none', '2', 'none']);
  });

  test('TX-13 is not needed for an id without data, which the position takes all the same', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(isStoreAsync);
    const client = await begin(stage, ledger, { isAsync });
    const exchange = await stage.next();
    exchange.stream(`${numbered(1)}id: 2\n\n`);
    exchange.response.end();
    await client.until('disconnected');
    await GenServer.stop(client.pid);
    expect(ledger.get('client')).toBe('{"lastEventId":"2","recent":["1"]}');
    expect(ledger.effects).toEqual(['1']);
  });
});

describe('a client that is killed within a transaction', () => {
  test('has the transaction rolled back at once, whatever its handler does', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(true);
    const begun = Promise.withResolvers<void>();
    const client = await begin(stage, ledger, {
      handle: ({ data }) => {
        ledger.effect(data);
        begun.resolve();
        return new Promise(() => undefined);
      },
    });
    (await stage.next()).stream(numbered(1));
    await begun.promise;
    exit(stage.system, client.pid, kill);
    await settle(stage.system);
    expect([ledger.log, ledger.effects, ledger.get('client')]).toEqual([
      ['rollback'],
      [],
      undefined,
    ]);
  });

  test('may have committed nevertheless: the next client waits for that, and reads it', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(true);
    const commits = new Queue<() => void>();
    ledger.beforeCommit = () =>
      new Promise((resolve) => {
        commits.push(resolve);
      });
    const client = await begin(stage, ledger);
    (await stage.next()).stream(numbered(1));
    const commit = await commits.next();
    exit(stage.system, client.pid, kill);
    await using nextStage = await openStage();
    const starting = begin(nextStage, ledger);
    await settle(nextStage.system);
    expect(nextStage.asked).toBe(0);
    commit();
    expect(await (await starting).until('resumed')).toEqual({ type: 'resumed', lastEventId: '1' });
    expect(ledger.effects).toEqual(['1']);
  });
});

describe('a store whose transaction', () => {
  const storeOf = (transaction: (work: () => unknown) => unknown): object => ({
    get: () => undefined,
    set: () => undefined,
    transaction: (_key: string, _value: string, work: () => unknown) => transaction(work),
  });

  test.each<[string, (work: () => unknown) => unknown, Handle]>([
    ['does not call its work', () => undefined, () => undefined],
    ['does not wait for its work', (work) => void work(), async () => undefined],
  ])('%s crashes the client: the event may not be handled', async (_what, transaction, handle) => {
    await using stage = await openStage();
    const store = storeOf(transaction);
    await run(stage, { cursor: { store: store as never, every: 1 }, handle });
    (await stage.next()).stream(numbered(1));
    expect(await stage.system.whenExited).toMatchObject({
      error: {
        message:
          'Expected the store to end the transaction of the cursor client after its work, got an end before',
      },
    });
  });

  test.each<[string, (work: () => unknown) => unknown]>([
    ['begin', () => new Promise(() => undefined)],
    ['end', async (work) => Promise.resolve(work()).then(() => new Promise(() => undefined))],
  ])('does not %s in time crashes the client', async (verb, transaction) => {
    await using stage = await openStage();
    const store = storeOf(transaction);
    const client = await run(stage, { cursor: { store: store as never, every: 1, timeout: 100 } });
    (await stage.next()).stream(numbered(1));
    await settle(stage.system);
    expect(client.handled).toBeDefined();
    await advance(stage.system, 100);
    expect(await stage.system.whenExited).toMatchObject({
      error: {
        message: `Expected the store to ${verb} the transaction of the cursor client within 100 ms, got no answer`,
      },
    });
  });

  test('leaves the handler as much time as it takes', async () => {
    await using stage = await openStage();
    const ledger = new Ledger(true);
    const handling = new Queue<() => void>();
    const client = await begin(stage, ledger, {
      cursor: { store: ledger, every: 1, timeout: 100 },
      handle: ({ data }) =>
        new Promise((resolve) => {
          handling.push(() => {
            ledger.effect(data);
            resolve();
          });
        }),
      until,
    });
    (await stage.next()).stream(`${numbered(1)}${end}`);
    const done = await handling.next();
    await advance(stage.system, 1000);
    done();
    await client.until('ended');
    expect(ledger.effects).toEqual(['1']);
  });
});

test('a transaction of a synchronous store and handler is over when it returns, and makes no promise', () => {
  const ledger = new Ledger(false);
  const owner = { clock: virtualClock(), signal: new AbortController().signal };
  const call = new TransactionCall({ store: ledger, key: 'k' }, owner, () => {
    ledger.effect('a');
    return 5;
  });
  expect(call.run('"1"')).toBe(5);
  expect([ledger.log, ledger.effects]).toEqual([['commit "1"'], ['a']]);
});

describe('ids that a store keeps apart from the position', () => {
  const recent = (ledger: Ledger): readonly string[] =>
    ledger.log.filter((line) => line.startsWith('recent'));

  test('leave a position that is two characters longer than its id', async () => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    const client = await begin(stage, ledger, { until });
    await play(stage, client, `${numbered(1, 2)}${end}`);
    expect(ledger.log.slice(0, 2)).toEqual(['commit "1"', 'commit "2"']);
  });

  test('are written when the client ends, and not with each event', async () => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    const client = await begin(stage, ledger);
    (await stage.next()).stream(numbered(1, 2, 3));
    await settle(stage.system);
    await client.until('connected');
    while (ledger.effects.length < 3) {
      await settle(stage.system);
    }
    expect(recent(ledger)).toEqual([]);
    await GenServer.stop(client.pid);
    expect(recent(ledger)).toEqual(['recent ["1","2","3"]']);
    expect(ledger.get('client')).toEqual({ value: '"3"', recent: '["1","2","3"]' });
  });

  test('are not written with a position that the store may have passed already', async () => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    await begin(stage, ledger, {
      handle: ({ data }) => {
        ledger.effect(data);
        // The transaction is committed, and its answer is lost.
        ledger.fault = data === '2' ? 'answer' : undefined;
      },
    });
    (await stage.next()).stream(numbered(1, 2));
    expect(await stage.system.whenExited).toEqual(crash(expect.any(LedgerError)));
    expect(ledger.log).toEqual(['commit "1"', 'commit "2"']);
  });

  test('are written with a position by schedule, where they have changed', async () => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    const client = await run(stage, { cursor: { store: ledger, every: 2 } });
    const exchange = await stage.next();
    exchange.stream(numbered(1, 2));
    await client.handled.next();
    await client.handled.next();
    // An id without data moves the position alone.
    exchange.response.end('id: 3\n\n');
    await client.until('disconnected');
    await GenServer.stop(client.pid);
    expect(ledger.log).toEqual(['set "2"', 'recent ["1","2"]', 'set "3"']);
  });

  test('may be older than the position, whose own id is known too', async () => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    ledger.setWithRecent('client', '"9"', '["1","2"]');
    const client = await begin(stage, ledger, { handle: () => undefined });
    (await stage.next()).stream('id: 9\ndata: x\n\n');
    expect(await client.until('ignored')).toEqual({ type: 'ignored', lastEventId: '9', id: '9' });
  });

  test.each([
    ['a position of before, with its own ids', '{"lastEventId":"2","recent":["1","2"]}', '1'],
    ['a text alone', '"2"', '2'],
  ])('may not be there: %s', async (_what, value, known) => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    ledger.set('client', value);
    const client = await begin(stage, ledger, { handle: () => undefined });
    (await stage.next()).stream(`id: ${known}\ndata: x\n\n`);
    expect(await client.until('ignored')).toMatchObject({ lastEventId: '2', id: known });
  });

  test.each(['x', '{}', '[1]'])('that are none fail the start: %s', async (text) => {
    await using stage = await openStage();
    const ledger = new SplitLedger(false);
    ledger.setWithRecent('client', '"1"', text);
    await expect(begin(stage, ledger)).rejects.toThrow(
      'Expected the ids of the cursor client, got',
    );
  });
});
