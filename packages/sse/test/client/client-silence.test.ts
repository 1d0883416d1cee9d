import { Socket } from 'node:net';

import { describe, expect, jest, test } from '@jest/globals';
import { advance, settle } from '@reprise/actor/testing';

import { observe, once } from '../support/observed.ts';
import { run } from '../support/run.ts';
import { openStage, type Stage } from '../support/stage.ts';

const hour = 3_600_000;

describe('the default limit of silence', () => {
  async function silent(stage: Stage, options: { readonly idleTimeout?: number }) {
    const { client } = await observe(stage.system, once({ url: stage.url, ...options }));
    (await stage.next()).stream();
    await client.next('handleConnect');
    await advance(stage.system, 299_999);
    expect(client.called).toEqual(['handleConnect']);
    await advance(stage.system, 1);
    return client;
  }

  test('is 5 min in a behaviour, too', async () => {
    await using stage = await openStage();
    const client = await silent(stage, {});
    expect(await client.next('handleDisconnect')).toMatchObject({ type: 'timeout', ms: 300_000 });
  });

  test('can be taken away', async () => {
    await using stage = await openStage();
    const client = await silent(stage, { idleTimeout: Infinity });
    expect(client.called).toEqual(['handleConnect']);
  });

  test('TCP asks whether a silent peer is still there', async () => {
    const keepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive');
    await using stage = await openStage();
    const { client } = await observe(stage.system, once({ url: stage.url }));
    (await stage.next()).stream();
    await client.next('handleConnect');
    expect(keepAlive.mock.calls).toContainEqual([true, 30_000]);
    keepAlive.mockRestore();
  });
});

describe('a machine that sleeps, and its monotonic clock with it', () => {
  test('a stream that slept for longer than its limit is asked for again at once', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const exchange = await stage.next();
    exchange.stream('data: a\n\n');
    await client.handled.next();
    stage.system.clock.sleep(hour);
    await advance(stage.system, 11_000);
    expect(await client.until('disconnected')).toMatchObject({
      failure: { type: 'timeout', ms: 300_000 },
    });
    await exchange.closed;
  });

  test('a stream that slept for less goes on', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const exchange = await stage.next();
    exchange.stream('data: a\n\n');
    await client.handled.next();
    stage.system.clock.sleep(240_000);
    await advance(stage.system, 59_000);
    exchange.response.write('data: b\n\n');
    expect((await client.handled.next()).data).toBe('b');
  });

  test('a stream whose bytes arrive right after it is healthy: the wall clock was only set', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const exchange = await stage.next();
    exchange.stream('data: a\n\n');
    await client.handled.next();
    stage.system.clock.sleep(hour);
    await advance(stage.system, 10_500);
    exchange.response.write('data: b\n\n');
    expect((await client.handled.next()).data).toBe('b');
    await advance(stage.system, 60_000);
    await settle(stage.system);
    expect(client.statuses.map(({ type }) => type)).not.toContain('disconnected');
  });
});
