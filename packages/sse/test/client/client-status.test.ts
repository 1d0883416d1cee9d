import { describe, expect, test } from '@jest/globals';
import { GenServer, type Pid } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { connect, noreply, ok, SseClient } from '../../src/index.ts';
import { ceiling, jitter, run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';

describe('the status of a client', () => {
  test('LIFE-08 is true from the start to the end', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    await advance(stage.system, 50);
    const client = await run(stage);
    const status = (): SseClient.Status => SseClient.status(client.pid);
    const first = await stage.next();
    expect(status()).toEqual({
      state: 'connecting',
      since: 50,
      url: undefined,
      lastByteAt: undefined,
      idleTimeout: 300_000,
      lastEventAt: undefined,
      lastEventId: '',
      unwritten: 0,
      attempt: 1,
      nextAttemptAt: undefined,
      waitsForTurn: false,
      bytes: 0,
      events: 0,
      connectionEvents: 0,
      unhandled: 0,
      repeats: 0,
      reconnects: 0,
      connectFailures: {},
      disconnects: {},
      lastFailure: undefined,
      awaiting: [],
    });
    await advance(stage.system, 10);
    first.refuse(503);
    await client.until('disconnected');
    expect(status()).toMatchObject({
      state: 'disconnected',
      since: 60,
      attempt: 1,
      nextAttemptAt: 1060,
      lastFailure: { type: 'status', status: 503 },
    });
    await advance(stage.system, 1000);
    const second = await stage.next();
    expect(status()).toMatchObject({ state: 'connecting', attempt: 2, nextAttemptAt: undefined });
    second.stream(': hi\n\n');
    await client.until('connected');
    expect(status()).toMatchObject({
      state: 'connected',
      since: 1060,
      url: stage.url,
      attempt: 0,
      lastEventAt: undefined,
      lastFailure: { type: 'status' },
    });
    await advance(stage.system, 5);
    second.response.write('id: a\ndata: x\n\ndata: y\n\n');
    await client.handled.next();
    await client.handled.next();
    expect(status()).toMatchObject({ lastEventAt: 1065, lastEventId: 'a', events: 2, bytes: 30 });
    second.response.end();
    const { after } = await client.until('disconnected');
    expect(status()).toMatchObject({ state: 'disconnected', lastFailure: { type: 'closed' } });
    await advance(stage.system, after);
    (await stage.next()).stream();
    await client.until('connected');
    expect(status()).toMatchObject({ reconnects: 1, events: 2, lastEventId: 'a' });
  });

  test('can be read while a callback is busy', async () => {
    await using stage = await openStage();
    const entered = Promise.withResolvers<void>();
    const client = await run(stage, {
      handle: () => {
        entered.resolve();
        return new Promise(() => undefined);
      },
    });
    (await stage.next()).stream('id: 1\ndata: x\n\n');
    await entered.promise;
    expect(SseClient.status(client.pid)).toMatchObject({
      state: 'connected',
      events: 0,
      lastEventId: '',
      lastEventAt: 0,
    });
  });

  test('is `disconnected` while the client has no request', async () => {
    await using stage = await openStage();
    const pid = (await SseClient.start(
      stage.system,
      SseClient.define({
        init: () => ok(undefined),
        handleConnect: (_, state) => noreply(state),
        handleConnectFailure: (_, state) => noreply(state),
        handleDisconnect: (_, state) => noreply(state),
        handleEvent: (_, state) => state,
        handleInfo: (_: 'go', state) => connect({ url: stage.url }, state, { after: 7 }),
      }),
      undefined,
    )) as Pid<'go'>;
    expect(SseClient.status(pid)).toMatchObject({ state: 'disconnected', attempt: 0 });
  });

  test('a process that is no client, and a client that has ended, have none', async () => {
    await using stage = await openStage();
    const noproc = { name: 'ExitError', reason: { type: 'noproc' } };
    const { pid } = stage.system;
    expect(() => SseClient.status(pid)).toThrow(
      new TypeError(`Expected the pid of a client, got ${String(pid)}`),
    );
    const client = await run(stage);
    await GenServer.stop(client.pid);
    expect(() => SseClient.status(client.pid)).toThrow(expect.objectContaining(noproc));
  });
});
