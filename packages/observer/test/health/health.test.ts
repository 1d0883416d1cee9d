import { describe, expect, test } from '@jest/globals';
import { GenServer, ok, type Pid, Supervisor, trapExit } from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';

import { health, type HealthOptions } from '../../src/metrics.ts';
import { Facts } from '../support/facts.ts';
import { Origin } from '../support/origin.ts';
import { serve } from '../support/serve.ts';
import { child, fail, start } from '../support/tree.ts';

const childOf = (app: Pid, id: string): Pid => Supervisor.child(app as never, id as never);

/** Asks the handlers over HTTP: the statuses of `/livez` and `/readyz`. */
async function probes(system: TestSystem, options: HealthOptions = {}) {
  const { live, ready } = health(system, options);
  const server = await serve((request, response) => {
    (request.url === '/livez' ? live : ready)(request, response);
  });
  const ask = async (path: string): Promise<number> => (await fetch(server.url + path)).status;
  return {
    url: server.url,
    ask: async () => [await ask('/livez'), await ask('/readyz')],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const waits = (promise: Promise<unknown>) =>
  GenServer.define({
    init: async (_: undefined, self) => {
      await promise;
      trapExit(self, true);
      return ok(0);
    },
    terminate: () => new Promise<void>(() => undefined),
  });

/** Three streams `a`, `b` and `c` that are connected. */
async function streams(handle: () => void | Promise<void> = () => undefined) {
  const origin = await Origin.open();
  const system = createTestSystem();
  const facts = new Facts(system);
  const ids = ['a', 'b', 'c'];
  const app = await start(
    system,
    ids.map((id) => SseClient.resilient({ id, url: origin.url, handle })),
  );
  const responses = [];
  for (const _ of ids) {
    responses.push(await origin.stream());
    await facts.until('connected');
  }
  return {
    system,
    app,
    facts,
    responses,
    async [Symbol.asyncDispose]() {
      await system.stop();
      await origin.close();
    },
  };
}

describe('health', () => {
  test('MET-08 is alive and not ready while the program starts, and while it stops', async () => {
    const system = createTestSystem();
    await using asked = await probes(system);
    expect(await asked.ask()).toStrictEqual([200, 503]);
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = GenServer.childSpec(waits(promise), undefined, { id: 'slow', shutdown: 1000 });
    const started = start(system, [slow]);
    await settle(system);
    expect(await asked.ask()).toStrictEqual([200, 503]);
    resolve();
    await started;
    expect(await asked.ask()).toStrictEqual([200, 200]);
    const stopped = system.stop();
    await settle(system);
    expect(await asked.ask()).toStrictEqual([200, 503]);
    await advance(system, 1000);
    await stopped;
    expect(await asked.ask()).toStrictEqual([503, 503]);
  });

  test('MET-08 is ready with one bad stream of three, and not when all are without progress', async () => {
    await using all = await streams();
    const { system, responses, facts } = all;
    await using asked = await probes(system);
    const [first, ...others] = responses;
    first?.end();
    await facts.until('waits');
    await advance(system, 60_000);
    expect(await asked.ask()).toStrictEqual([200, 200]);
    for (const response of others) {
      response.end();
      await facts.until('waits');
    }
    expect(await asked.ask()).toStrictEqual([200, 200]);
    await advance(system, 60_000);
    expect(await asked.ask()).toStrictEqual([200, 503]);
  });

  test('MET-08 is not ready when a stream that is named does not handle its events', async () => {
    const entered = Promise.withResolvers<void>();
    const handling = Promise.withResolvers<void>();
    await using all = await streams(() => {
      entered.resolve();
      return handling.promise;
    });
    const { system, responses } = all;
    await using named = await probes(system, { progress: { a: 60_000, 'app / b': 3_600_000 } });
    await using unnamed = await probes(system);
    responses[0]?.write('data: x\n\n');
    await entered.promise;
    await advance(system, 59_000);
    expect(await named.ask()).toStrictEqual([200, 200]);
    await advance(system, 2000);
    expect(await named.ask()).toStrictEqual([200, 503]);
    expect(await unnamed.ask()).toStrictEqual([200, 200]);
    handling.resolve();
    await settle(system);
    await using missing = await probes(system, { progress: { prices: 60_000 } });
    expect(await missing.ask()).toStrictEqual([200, 503]);
  });

  test('MET-08 tells why it is not ready, and the findings, to who has the token, and one word to others', async () => {
    const token = 'abcdefghijklmnopqrstuv';
    const system = createTestSystem();
    await using asked = await probes(system, { token, progress: { prices: 60_000 } });
    const app = await start(system, [child('a')]);
    for (let count = 0; count < 5; count++) {
      await fail(system, childOf(app, 'a'), 'no paper');
    }
    const ask = (authorization: string) =>
      fetch(`${asked.url}/readyz`, { headers: { authorization } });
    const told = await ask(`Bearer ${token}`);
    expect(told.status).toBe(503);
    expect(await told.json()).toMatchObject({
      ready: false,
      reasons: ['there is no stream prices'],
      findings: [{ type: 'crashLoop', path: 'app / a' }],
    });
    for (const other of [`Bearer ${token}x`, `Basic ${token}`, '']) {
      const refused = await ask(other);
      expect([refused.status, await refused.text()]).toStrictEqual([503, 'unavailable\n']);
    }
    await system.stop();
    const ended = await ask(`Bearer ${token}`);
    expect(await ended.json()).toMatchObject({ ready: false, reasons: ['the system has ended'] });
    expect(() => health(system, { token: 'short' })).toThrow('at least 22 characters');
  });

  test('MET-09 stays ready while a child waits for its restart', async () => {
    const system = createTestSystem();
    await using asked = await probes(system);
    const restartDelay = { minDelay: 1000, maxDelay: 1000, healthyAfter: 1000 };
    const app = await start(system, [child('a', { restartDelay })]);
    await fail(system, childOf(app, 'a'), 'x');
    expect(await asked.ask()).toStrictEqual([200, 200]);
    await system.stop();
  });

  test('answers with one word, to GET and HEAD alone, and is not stored', async () => {
    const system = createTestSystem();
    await using asked = await probes(system);
    const live = await fetch(`${asked.url}/livez`);
    expect([await live.text(), live.headers.get('cache-control')]).toStrictEqual([
      'live\n',
      'no-store',
    ]);
    expect(await (await fetch(`${asked.url}/readyz`)).text()).toBe('unavailable\n');
    expect((await fetch(`${asked.url}/readyz`, { method: 'POST' })).status).toBe(405);
    await system.stop();
  });

  test('refuses options that it does not know, and limits of no time', () => {
    const system = createTestSystem();
    expect(() => health(system, { progres: {} } as never)).toThrow('did you mean `progress`?');
    expect(() => health(system, { progress: { a: 0 } })).toThrow(
      new RangeError('Expected the progress of a in ms above 0, got 0'),
    );
    for (const odd of [null, 5, ['prices'], 'prices', new Map([['prices', 1000]])]) {
      expect(() => health(system, { progress: odd as never })).toThrow(
        'Expected progress to be like { prices: 60000 }, got',
      );
    }
    expect(() => health(null as never)).toThrow('Expected system to be a process, got null');
  });
});
