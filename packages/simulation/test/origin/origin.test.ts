import { describe, expect, test } from '@jest/globals';
import { createSystem, Supervisor } from '@reprise/actor';
import type { Origin, OriginStream, Program, Simulation } from '@reprise/simulation';
import { runSeed, type SimulatedNode } from '@reprise/simulation';
import { events, SseClient } from '@reprise/sse';
import { EventSource } from '@reprise/sse/eventsource';
import { guarded } from '@reprise/sse/fetch';

import { runSeeds } from '../support/seeds.ts';

type Options = Partial<SseClient.ResilientOptions>;

/** A node with one client, which handles the events of the origin `prices`. */
function feed(sim: Simulation, options: Options = {}) {
  const handled: string[] = [];
  const failures: string[] = [];
  const client = SseClient.resilient({
    id: 'feed',
    url: 'http://prices/',
    idleTimeout: 30_000,
    handle: ({ data }) => void handled.push(data),
    onStatus: (change) => {
      if (change.type === 'disconnected') {
        failures.push(change.reason);
      }
    },
    ...options,
  } as SseClient.ResilientOptions);
  const node = sim.node('a', async ({ system }) => {
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [client] });
  });
  return { handled, failures, node };
}

async function connected(sim: Simulation, origin: Origin): Promise<OriginStream> {
  await sim.run({ until: () => origin.streams.length > 0, within: 600_000 });
  await sim.sleep(10);
  return origin.streams[0] as OriginStream;
}

async function hold(program: Program, seeds: number): Promise<void> {
  const results = await runSeeds(seeds, program);
  expect(results.find(({ violation }) => violation !== undefined)?.violation).toBeUndefined();
}

test('SIM-N03 a link that is cut in one direction: the events stop, and the idle timeout finds it', () =>
  hold(async (sim) => {
    const origin = sim.origin('prices');
    const { handled, failures } = feed(sim);
    const stream = await connected(sim, origin);
    sim.cut('prices', 'a', { isOneWay: true });
    origin.produce(2);
    await sim.sleep(29_000);
    expect([handled, failures]).toStrictEqual([[], []]);
    await sim.sleep(2000);
    expect(failures[0]).toBe('idle timeout after 30000 ms');
    // The other direction is open: the origin hears that the client has closed the connection.
    expect(stream.isOpen).toBe(false);
    await sim.sleep(20_000);
    expect(failures[1]).toContain('ETIMEDOUT');
    sim.release('prices', 'a');
    await sim.run({ until: () => handled.length === 2, within: 60_000 });
    expect(origin.requests).toHaveLength(2);
  }, 30));

test('SIM-N03 a link that is cut in the other direction: the events go on', () =>
  hold(async (sim) => {
    const origin = sim.origin('prices');
    const { handled, failures } = feed(sim);
    await connected(sim, origin);
    sim.cut('a', 'prices', { isOneWay: true });
    for (let n = 0; n < 5; n += 1) {
      origin.produce();
      await sim.sleep(20_000);
    }
    expect([handled.length, failures]).toStrictEqual([5, []]);
  }, 30));

test('SIM-N03 a connection that falls silent is found by the idle timeout alone', () =>
  hold(async (sim) => {
    const origin = sim.origin('prices');
    const { handled, failures } = feed(sim);
    (await connected(sim, origin)).vanish();
    origin.produce();
    await sim.run({ until: () => handled.length === 1, within: 60_000 });
    expect(failures).toStrictEqual(['idle timeout after 30000 ms']);
    expect(sim.now).toBeGreaterThan(30_000);
  }, 30));

test('SIM-N04 a reset in the middle of an event: what came before is whole, the half is dropped', () =>
  hold(async (sim) => {
    const origin = sim.origin('prices');
    const { handled, failures } = feed(sim);
    const stream = await connected(sim, origin);
    origin.produce(['one', 'two']);
    await sim.run({ until: () => handled.length === 2 });
    stream.write('id: 3\ndata: hal');
    await sim.sleep(10);
    stream.reset();
    await sim.run({ until: () => failures.length === 1 });
    expect(failures).toStrictEqual(['ECONNRESET prices']);
    origin.produce(['whole']);
    await sim.run({ until: () => handled.length === 3, within: 60_000 });
    expect(handled).toStrictEqual(['one', 'two', 'whole']);
    expect(origin.requests.map(({ lastEventId }) => lastEventId)).toStrictEqual(['', '2']);
  }, 30));

test('SIM-N06 a slow reader: the writes of the origin return false, and what waits is bounded', () =>
  hold(async (sim) => {
    const origin = sim.origin('prices');
    const { promise, resolve } = Promise.withResolvers<void>();
    const { handled } = feed(sim, {
      handle: ({ data }) => {
        handled.push(data);
        return promise;
      },
    });
    const stream = await connected(sim, origin);
    const line = `:${'x'.repeat(8190)}\n`;
    origin.produce();
    let writes = 0;
    while (stream.write(line)) {
      writes += 1;
      await sim.sleep(1);
      expect(writes).toBeLessThan(100);
    }
    origin.produce(100);
    await sim.sleep(10_000);
    expect(handled).toHaveLength(1);
    expect(stream.buffered).toBeLessThan(262_144 + 2 * 8192);
    resolve();
    await sim.run({ until: () => handled.length === 101, within: 10_000 });
    expect(stream.buffered).toBe(0);
  }, 20));

describe('without a parent, on a node', () => {
  async function onNode(main: (node: SimulatedNode, origin: Origin) => unknown): Promise<void> {
    // Twice in one process: nothing of the first run is left for the second.
    const hashes: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const { violation, hash } = await runSeed(
        async (sim) => {
          const origin = sim.origin('prices');
          const done: boolean[] = [];
          for (const name of ['a', 'b']) {
            sim.node(name, async (node) => {
              await main(node, origin);
              done.push(true);
            });
          }
          origin.produce();
          await sim.run({ until: () => done.length === 2, within: 600_000 });
          expect(sim.now).toBeGreaterThan(60_000);
        },
        { source: { seed: 3 } },
      );
      expect(violation).toBeUndefined();
      hashes.push(hash);
    }
    expect(hashes[0]).toBe(hashes[1]);
  }

  test('SIM-E03 events is on its clock and its wire', () =>
    onNode(async (_node, origin) => {
      const statuses: string[] = [];
      const iterator = events(origin.url, {
        idleTimeout: 60_000,
        onStatus: ({ type }) => statuses.push(type),
      });
      expect(await iterator.next()).toMatchObject({ value: { data: '1' } });
      const next = iterator.next();
      while (!statuses.includes('disconnected')) {
        await new Promise((resolve) => createSystem().clock.setTimeout(() => resolve(0), 1000));
      }
      await iterator.return?.();
      expect(await next).toMatchObject({ done: true });
    }));

  test('SIM-E03 EventSource is on its clock and its wire', () =>
    onNode(async (_node, origin) => {
      const source = new EventSource(origin.url);
      const failed = new Promise<unknown>((resolve) => (source.onerror = resolve));
      const message = new Promise<unknown>((resolve) => (source.onmessage = resolve));
      expect(await message).toMatchObject({ data: '1' });
      expect(await failed).toMatchObject({ message: 'idle timeout after 300000 ms' });
      source.close();
    }));

  test('SIM-E03 guarded is on its clock and its wire', () =>
    onNode(async (_node, origin) => {
      const fetch = guarded({ idleTimeout: 90_000 });
      const response = await fetch(origin.url, { method: 'POST', body: 'hello' });
      await expect(response.text()).rejects.toThrow('idle timeout after 90000 ms');
      expect(origin.requests.every(({ method }) => method === 'POST')).toBe(true);
    }));
});

describe('an origin', () => {
  test('answers what it is told to', () =>
    hold(async (sim) => {
      const answers = [
        { type: 'status', status: 503, headers: { 'retry-after': '60' }, body: 'busy' },
        { type: 'redirect', to: '/there' },
        { type: 'stream', events: 2, end: 'close', retry: 5000 },
        { type: 'refuse' },
        { type: 'silence' },
        { type: 'stream', repeats: 1 },
      ] as const;
      const origin = sim.origin('prices', { answer: ({ n }) => answers[n - 1] });
      origin.produce(3);
      const { handled, failures } = feed(sim, { responseTimeout: 20_000 });
      await sim.run({ until: () => handled.length === 4, within: 600_000 });
      expect(handled).toStrictEqual(['1', '2', '2', '3']);
      expect(failures).toStrictEqual([
        'status 503',
        'closed by the server',
        'ECONNREFUSED prices',
        'response timeout after 20000 ms',
      ]);
      const paths = origin.requests.map(({ url }) => url.pathname);
      expect(paths).toStrictEqual(['/', '/', '/there', '/', '/', '/']);
      const waits = origin.requests.map(({ at }) => at);
      expect((waits[1] ?? 0) - (waits[0] ?? 0)).toBeGreaterThan(60_000);
    }, 20));

  test('sends again no more than its history', () =>
    hold(async (sim) => {
      const origin = sim.origin('prices', { history: 2 });
      origin.produce(5);
      const { handled } = feed(sim);
      await sim.run({ until: () => handled.length === 2 });
      expect(handled).toStrictEqual(['4', '5']);
    }, 5));

  test('has a name that no other has, and that a URL can have', () =>
    hold((sim) => {
      sim.origin('prices');
      expect(() => sim.origin('prices')).toThrow(
        'Expected a name that no other node or origin has',
      );
      expect(() => sim.origin('The prices')).toThrow('Expected a name that a URL can have');
    }, 1));

  test('of another name is not found', () =>
    hold(async (sim) => {
      const { failures } = feed(sim);
      await sim.run({ until: () => failures.length === 1, within: 1000 });
      expect(failures[0]).toContain('ENOTFOUND');
    }, 1));
});
