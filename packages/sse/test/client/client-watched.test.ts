import { describe, expect, jest, test } from '@jest/globals';
import { exposed, watch } from '@reprise/actor/inspect';
import { advance } from '@reprise/actor/testing';

import { type CursorStore, SseClient } from '../../src/index.ts';
import { ceiling, jitter, run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';

/** Waits for bytes on their way: lets I/O in until `isTrue`. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('the status of a client', () => {
  test('OBS-R17 says when a byte came last, also of a comment, from where silence counts', async () => {
    await using stage = await openStage();
    const client = await run(stage, { idleTimeout: 9000 });
    const status = (): SseClient.Status => SseClient.status(client.pid);
    const exchange = await stage.next();
    exchange.stream('data: x\n\n');
    await client.handled.next();
    for (let comment = 1; comment <= 3; comment++) {
      await advance(stage.system, 2000);
      exchange.response.write(': still here\n');
      await until(() => status().lastByteAt === 2000 * comment);
    }
    expect(status()).toMatchObject({ lastByteAt: 6000, lastEventAt: 0, idleTimeout: 9000 });
    await advance(stage.system, 8999);
    expect(status().state).toBe('connected');
    await advance(stage.system, 1);
    expect((await client.until('disconnected')).failure).toMatchObject({
      type: 'timeout',
      ms: 9000,
    });
    expect(status()).toMatchObject({ disconnects: { timeout: 1 }, connectFailures: {} });
  });

  test('OBS-R18 counts the events of a packet that are not handled, with the one in hand', async () => {
    await using stage = await openStage();
    const second = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const fifth = Promise.withResolvers<void>();
    const client = await run(stage, {
      handle: ({ data }) => {
        if (data === '5') {
          fifth.resolve();
        }
        entered.resolve();
        return data === '2' ? second.promise : undefined;
      },
    });
    const status = (): SseClient.Status => SseClient.status(client.pid);
    (await stage.next()).stream([1, 2, 3, 4, 5].map((n) => `data: ${n}\n\n`).join(''));
    await entered.promise;
    await until(() => status().awaiting.length > 0);
    expect(status()).toMatchObject({
      unhandled: 4,
      events: 1,
      awaiting: [{ type: 'event', since: 0 }],
    });
    second.resolve();
    await fifth.promise;
    await until(() => status().events === 5);
    expect(status()).toMatchObject({ unhandled: 0, awaiting: [], connectionEvents: 5 });
  });

  test('OBS-R19 says which id the store has, and how many moves it does not have yet', async () => {
    await using stage = await openStage();
    const writing = Promise.withResolvers<undefined>();
    const set = jest.fn<CursorStore['set']>(() => writing.promise);
    const store: CursorStore = { get: () => '{"lastEventId":"0","recent":["0"]}', set };
    const client = await run(stage, { cursor: { store, key: 'k', every: 10, within: 1000 } });
    const status = (): SseClient.Status => SseClient.status(client.pid);
    (await stage.next()).stream([1, 2, 3, 4, 5, 6, 7].map((n) => `id: ${n}\ndata: x\n\n`).join(''));
    await until(() => status().events === 7);
    expect(status()).toMatchObject({ lastEventId: '7', kept: '0', unwritten: 7 });
    await advance(stage.system, 1000);
    expect(set).toHaveBeenCalledTimes(1);
    expect(status()).toMatchObject({ kept: '0', unwritten: 7 });
    writing.resolve(undefined);
    await until(() => status().unwritten === 0);
    expect(status()).toMatchObject({ lastEventId: '7', kept: '7', unwritten: 0 });
  });

  test('counts failures and ends by their type, and the events of each connection', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    for (let attempt = 0; attempt < 2; attempt++) {
      (await stage.next()).refuse(503);
      await advance(stage.system, (await client.until('disconnected')).after);
    }
    const first = await stage.next();
    first.stream('data: 1\n\ndata: 2\n\n');
    await client.handled.next();
    await client.handled.next();
    first.response.end();
    await advance(stage.system, (await client.until('disconnected')).after);
    (await stage.next()).stream('data: 3\n\n');
    await client.handled.next();
    expect(SseClient.status(client.pid)).toMatchObject({
      events: 3,
      connectionEvents: 1,
      connectFailures: { status: 2 },
      disconnects: { closed: 1 },
    });
  });

  test('is exposed, as long as the client lives', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const streams = (): unknown =>
      [...exposed<SseClient.Status>(stage.system, 'sse')].map(([pid, facet]) => [
        pid,
        facet.read().state,
      ]);
    expect(streams()).toStrictEqual([[client.pid, 'connecting']]);
    await SseClient.stop(client.pid);
    expect(streams()).toStrictEqual([]);
  });

  test('changes are noted for the witnesses of the system: each attempt, loss, wait and end', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const facts: unknown[] = [];
    watch(stage.system, { noted: (pid, kind, fact) => facts.push([pid, kind, fact]) });
    const client = await run(stage);
    (await stage.next()).refuse(503);
    await client.until('disconnected');
    await advance(stage.system, 1000);
    (await stage.next()).stream();
    await client.until('connected');
    await SseClient.stop(client.pid);
    expect(facts).toStrictEqual(
      [
        { type: 'connecting', attempt: 1 },
        { type: 'disconnected', failure: 'status', text: 'status 503' },
        { type: 'waits', ms: 1000 },
        { type: 'connecting', attempt: 2 },
        { type: 'connected', url: stage.url },
        { type: 'ended' },
      ].map((fact) => [client.pid, 'sse', fact]),
    );
  });
});
