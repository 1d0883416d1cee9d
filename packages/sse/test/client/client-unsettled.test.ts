import { describe, expect, test } from '@jest/globals';
import { exit, GenServer, isAlive, kill, type Pid, Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { connect, noreply, SseClient } from '../../src/index.ts';
import { defaults, observe, once } from '../support/observed.ts';
import { Queue } from '../support/queue.ts';
import { run } from '../support/run.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

function never(): Promise<never> {
  return new Promise(() => undefined);
}

describe('a function for the request whose promise does not settle', () => {
  test.each<[string, (signals: AbortSignal[]) => Partial<SseClient.ResilientOptions>]>([
    ['url', (signals) => ({ url: ({ signal }) => (signals.push(signal), never()) })],
    ['headers', (signals) => ({ headers: ({ signal }) => (signals.push(signal), never()) })],
    [
      'body',
      (signals) => ({
        method: 'PUT',
        body: ({ signal }) => (signals.push(signal), never()),
      }),
    ],
  ])('`%s` is a failure after responseTimeout, and its signal aborts', async (_name, options) => {
    await using stage = await openStage();
    const signals: AbortSignal[] = [];
    const client = await run(stage, { responseTimeout: 5000, ...options(signals) });
    await client.until('connecting');
    await advance(stage.system, 4999);
    expect(client.statuses.map(({ type }) => type)).toEqual(['connecting']);
    expect(SseClient.status(client.pid).awaiting).toEqual([{ type: 'request', since: 0 }]);
    await advance(stage.system, 1);
    expect(await client.until('disconnected')).toMatchObject({
      failure: { type: 'timeout', phase: 'request', ms: 5000 },
    });
    expect(signals.map(({ reason }) => (reason as Error).name)).toEqual(['TimeoutError']);
    expect(SseClient.status(client.pid).awaiting).toEqual([]);
    expect(stage.asked).toBe(0);
  });

  test.each([
    ['maxAttempts', { maxAttempts: 3 }],
    ['maxElapsed', { maxElapsed: 60_000 }],
  ])('counts for %s', async (_name, limit) => {
    await using stage = await openStage();
    const client = await run(stage, { responseTimeout: 5000, headers: never, ...limit });
    await advance(stage.system, 120_000);
    expect(client.statuses.at(-1)).toMatchObject({ type: 'gaveUp', failure: { phase: 'request' } });
  });

  test('of a behaviour has 5 min, or its requestTimeout', async () => {
    await using stage = await openStage();
    for (const [options, ms] of [
      [{}, 300_000],
      [{ requestTimeout: 50 }, 50],
    ] as const) {
      const { client } = await observe(
        stage.system,
        SseClient.define({ ...defaults, init: () => connect(never, 0, options) }),
      );
      await advance(stage.system, ms - 1);
      expect(client.called).toEqual([]);
      await advance(stage.system, 1);
      expect(await client.next('handleConnectFailure')).toEqual({
        type: 'timeout',
        phase: 'request',
        ms,
      });
    }
    expect(() => connect(never, 0, { requestTimeout: 0 })).toThrow(
      'Expected requestTimeout to be milliseconds above 0, got 0',
    );
  });

  test('of a `renew` is a failure after responseTimeout too', async () => {
    await using stage = await openStage();
    const client = await run(stage, {
      responseTimeout: 5000,
      renew: () => true,
      headers: () => (stage.asked === 0 ? {} : never()),
    });
    (await stage.next()).stream('data: x\n\n');
    await client.until('connected');
    await client.until('connecting');
    await advance(stage.system, 5000);
    expect(await client.until('disconnected')).toMatchObject({
      failure: { type: 'timeout', phase: 'request', ms: 5000 },
    });
  });

  test('a late request is not sent', async () => {
    await using stage = await openStage();
    const late = Promise.withResolvers<{ url: string }>();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(() => late.promise, 0, { requestTimeout: 50 }),
      }),
    );
    await advance(stage.system, 50);
    await client.next('handleConnectFailure');
    late.resolve({ url: stage.url });
    await settleNetwork();
    expect(stage.asked).toBe(0);
  });
});

describe('a client that has ended', () => {
  test('calls no further function of its request', async () => {
    await using stage = await openStage();
    const url = Promise.withResolvers<string>();
    let calls = 0;
    const client = await run(stage, {
      url: () => url.promise,
      headers: () => {
        calls += 1;
        return {};
      },
    });
    await client.until('connecting');
    exit(stage.system, client.pid, kill);
    url.resolve(stage.url);
    await settle(stage.system);
    expect(calls).toBe(0);
  });

  test('by its own function for the request sends none', async () => {
    await using stage = await openStage();
    await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: (_: undefined, self) =>
          connect(() => {
            exit(self.system, self.pid, kill);
            return { url: stage.url };
          }, 0),
      }),
    ).catch(() => undefined);
    await settleNetwork();
    expect(stage.asked).toBe(0);
  });

  test('by its own redirectDelay follows no redirect', async () => {
    await using stage = await openStage();
    let pid: Pid | undefined;
    const redirectDelay = (): number => {
      exit(stage.system, pid as Pid, kill);
      return 0;
    };
    ({ pid } = await observe(stage.system, once({ url: stage.url, redirectDelay })));
    (await stage.next()).refuse(302, { location: '/next' });
    await settleNetwork();
    expect(stage.asked).toBe(1);
  });
});

describe('a handler whose promise does not settle', () => {
  test('is in the status with its age, also after the server has gone', async () => {
    await using stage = await openStage();
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const client = await run(stage, {
      handle: () => {
        begun.resolve();
        return end.promise;
      },
    });
    await advance(stage.system, 40);
    const exchange = await stage.next();
    exchange.stream('event: price\ndata: a\n\n');
    await begun.promise;
    await settle(stage.system);
    exchange.request.socket.destroy();
    await advance(stage.system, 312_000);
    const waits = [{ type: 'event', event: 'price', since: 40 }];
    expect(SseClient.status(client.pid).awaiting).toEqual(waits);
    end.resolve();
    await client.until('disconnected');
    expect(SseClient.status(client.pid).awaiting).toEqual([]);
  });

  test('is reported once, after 5 min', async () => {
    await using stage = await openStage();
    const begun = Promise.withResolvers<void>();
    await run(stage, {
      handle: () => {
        begun.resolve();
        return never();
      },
    });
    (await stage.next()).stream('data: a\n\n');
    await begun.promise;
    await settle(stage.system);
    const reports = (): unknown[] =>
      stage.system.reports.filter(({ message }) => message.includes('has not settled'));
    await advance(stage.system, 299_999);
    expect(reports()).toEqual([]);
    await advance(stage.system, 1);
    expect(reports()).toMatchObject([
      { level: 'warn', details: { event: 'message', ms: 300_000 } },
    ]);
    await advance(stage.system, 3_600_000);
    expect(reports()).toHaveLength(1);
  });
});

describe('a store that gives no answer', () => {
  /** Its first write hangs. */
  function hanging(operation: 'get' | 'set') {
    const begun = new Queue<undefined>();
    const hang = (): Promise<never> => {
      begun.push(undefined);
      return never();
    };
    return { get: () => undefined, set: () => undefined, [operation]: hang, begun };
  }

  test('to a read fails the start, after its limit', async () => {
    await using stage = await openStage();
    const started = run(stage, { cursor: hanging('get') });
    const failed = messageOf(started);
    await settle(stage.system);
    await advance(stage.system, 30_000);
    expect(await failed).toContain(
      'Expected the store to read the cursor client within 30000 ms, got no answer',
    );
  });

  test('to a write crashes the client, after its limit, which can be set', async () => {
    await using stage = await openStage();
    const store = hanging('set');
    const client = await run(stage, { cursor: { store, every: 1, timeout: 2000 } });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await store.begun.next();
    await advance(stage.system, 1000);
    expect(SseClient.status(client.pid).awaiting).toContainEqual({ type: 'cursor', since: 0 });
    await advance(stage.system, 1000);
    expect(await stage.system.whenExited).toMatchObject({
      error: { message: expect.stringContaining('to write the cursor client within 2000 ms') },
    });
  });

  test('hides no crash: its report comes first, and the status is true meanwhile', async () => {
    await using stage = await openStage();
    const store = hanging('set');
    const ended: string[] = [];
    const feed = SseClient.define({
      ...defaults,
      init: (url: string) => connect({ url }, 0),
      handleEvent: (event, count) => {
        if (event.data === 'b') {
          throw new Error('handler fell over');
        }
        return count;
      },
      terminate: () => void ended.push('terminate'),
    });
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.childSpec(feed, stage.url, { id: 'client', cursor: { store, timeout: 2000 } }),
      ],
    });
    const pid = Supervisor.child(app, 'client') as Pid;
    const exchange = await stage.next();
    exchange.stream('id: 1\ndata: a\n\ndata: b\n\n');
    await store.begun.next();
    const crashes = (): string[] =>
      stage.system.reports.map(({ message }) => message).filter((text) => /crashed/.test(text));
    expect(crashes()).toEqual([expect.stringContaining('handler fell over')]);
    await exchange.closed;
    expect(SseClient.status(pid)).toMatchObject({
      state: 'disconnected',
      awaiting: [{ type: 'cursor' }, { type: 'terminate' }],
    });
    await advance(stage.system, 2000);
    expect(isAlive(pid)).toBe(false);
    expect(ended).toEqual(['terminate']);
    expect(crashes()).toHaveLength(2);
  });

  test('delays a shutdown no longer than the time that the child has for it', async () => {
    await using stage = await openStage();
    const store = hanging('set');
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.resilient({
          id: 'client',
          url: stage.url,
          cursor: { store, every: 5 },
          handle: () => undefined,
          shutdown: 1000,
        }),
      ],
    });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await settleNetwork();
    const stopped = Supervisor.stop(app);
    await store.begun.next();
    await advance(stage.system, 1000);
    await stopped;
    expect(isAlive(app)).toBe(false);
  });

  test('holds the key no longer than its limit', async () => {
    await using stage = await openStage();
    const store = hanging('set');
    const cursor = { store, key: 'client', every: 1, timeout: 2000 };
    const start = (): Promise<unknown> =>
      SseClient.start(stage.system, once({ url: stage.url }), undefined as never, { cursor });
    const pid = (await start()) as Pid;
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await store.begun.next();
    exit(stage.system, pid, kill);
    const next = start();
    await settle(stage.system);
    await advance(stage.system, 2000);
    expect(isAlive((await next) as Pid)).toBe(true);
  });
});

test('`terminate` of a behaviour is called though the last write fails', async () => {
  await using stage = await openStage();
  const ended: string[] = [];
  const feed = SseClient.define({
    ...defaults,
    init: (url: string) => connect({ url }, 0),
    handleConnect: (_, state) => noreply(state),
    terminate: (reason) => void ended.push(reason.type),
  });
  const store = { get: () => undefined, set: () => Promise.reject(new Error('disk full')) };
  const pid = (await SseClient.start(stage.system, feed, stage.url, {
    cursor: { store, key: 'client' },
  })) as Pid;
  (await stage.next()).stream('id: 1\ndata: a\n\n');
  await settleNetwork();
  await expect(GenServer.stop(pid)).rejects.toThrow('disk full');
  expect(ended).toEqual(['normal']);
});

/** The message of the error that a promise is rejected with. */
function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}
