import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '@jest/globals';
import { crash, shutdown } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { options } from '../store/subject.ts';
import { openStage, type Stage } from '../support/stage.ts';

const minute = 60_000;

/** Lets time pass until a condition holds; the answers of the source take real time. */
async function until(stage: Stage, isSo: () => boolean, step = 250, most = 400): Promise<void> {
  for (let steps = 0; !isSo() && steps < most; steps += 1) {
    await advance(stage.system, step);
    await settle(stage.system);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isSo()).toBe(true);
}

function failing(stage: Stage, ms: number): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  stage.system.clock.setTimeout(() => {
    reject(new Error('out of paper'));
  }, ms);
  return promise;
}

function parked(cluster: Cluster.Pid, key: string) {
  return Cluster.status(cluster).streams.parked.find((each) => each.key === key);
}

test.each([
  ['always throws', 0],
  ['always throws after 30 s', 30_000],
])(
  'POI-01 POI-05 a handler that %s is parked with its error, its neighbour goes on, and retry tries it again',
  async (_, ms) => {
    await using stage = await openStage();
    let calls = 0;
    const one = await stage.start('one', {
      streams: ['a', 'b'],
      handle: (event, owned) => {
        if (owned.key === 'a') {
          calls += 1;
          return failing(stage, ms);
        }
        stage.sink('one')(event, owned);
        return undefined;
      },
    });
    await advance(stage.system, 500);
    await stage.produce('b');
    stage.source.stream('a').produce();
    await until(stage, () => (parked(one, 'a')?.strikes ?? 0) >= 5, 250 + ms / 10);
    expect(parked(one, 'a')?.reason).toContain('out of paper');
    // On a node four times for each strike.
    expect(calls).toBe(20);
    expect(await stage.produce('b')).toMatchObject([{ key: 'b', id: '2' }]);
    await advance(stage.system, 2 * minute);
    expect(calls).toBe(20);
    expect(await Cluster.retry(one, 'a')).toBe(true);
    await until(stage, () => calls > 20);
    expect(await Cluster.retry(one, 'nowhere')).toBe(false);
  },
);

test.each([
  ['by an error that nobody has caught is a strike', crash(new Error('out of paper')), 1],
  ['in order is none', shutdown, 0],
])('POI-02 the end of a program %s', async (_, reason, strikes) => {
  await using stage = await openStage();
  await stage.start('one', { streams: ['a', 'b'] });
  await advance(stage.system, 500);
  await stage.produce('a');
  const stopped = stage.system.stop({ reason });
  await advance(stage.system, 1000);
  await stopped;
  const store = await stage.store.open(options);
  const { nodes, rows } = await store.survey(9);
  expect(nodes).toEqual([]);
  expect(rows).toMatchObject([
    { key: 'a', owner: undefined, strikes, cursor: expect.stringContaining('1') },
    { key: 'b', owner: undefined, strikes },
  ]);
  // At once: nobody waits for the end of a lease.
  expect((await store.observe('two', [], { count: 0, epochs: 0 })).free).toHaveLength(2);
});

test.each([
  ['an error whose message is no text', Object.assign(new Error('x'), { message: { code: 5 } })],
  ['a symbol', Symbol('x')],
  ['nothing', undefined],
])(
  'POI-01 a handler that throws %s is parked, and its node lives on',
  async (_, thrown: unknown) => {
    await using stage = await openStage();
    const one = await stage.start('one', {
      streams: ['a', 'b'],
      maxStrikes: 1,
      handle: (event, owned) => {
        if (owned.key === 'a') {
          throw thrown;
        }
        stage.sink('one')(event, owned);
      },
    });
    const { id } = Cluster.status(one).node;
    await advance(stage.system, 500);
    await stage.produce('b');
    stage.source.stream('a').produce();
    await until(stage, () => parked(one, 'a')?.strikes === 1);
    expect(await stage.produce('b')).toMatchObject([{ key: 'b', id: '2' }]);
    expect(Cluster.status(one).node.id).toBe(id);
  },
);

test('POI-01 a stream is parked with as many strikes as the option says', async () => {
  await using stage = await openStage();
  let calls = 0;
  const one = await stage.start('one', {
    streams: ['a'],
    maxStrikes: 2,
    handle: () => {
      calls += 1;
      throw new Error('out of paper');
    },
  });
  await advance(stage.system, 500);
  stage.source.stream('a').produce();
  await until(stage, () => (parked(one, 'a')?.retryIn ?? 0) > 3_500_000);
  expect(parked(one, 'a')).toMatchObject({ strikes: 2 });
  expect(calls).toBe(8);
});

test.each([404, 401])(
  'POI-06 a source that answers %i is asked at most once a minute, and is parked',
  async (status) => {
    await using stage = await openStage();
    await using source = await answering(status);
    const one = await stage.start('one', { streams: ['a'], client: () => ({ url: source.url }) });
    await until(stage, () => (parked(one, 'a')?.strikes ?? 0) >= 1);
    const { requests } = source;
    expect(parked(one, 'a')?.reason).toContain(String(status));
    await advance(stage.system, minute - 2000);
    expect(source.requests).toBe(requests);
    await until(stage, () => (parked(one, 'a')?.strikes ?? 0) >= 5, 1000);
    expect(source.requests).toBe(5);
  },
);

test('POI-06 a source that answers 204 has ended: it is not asked again', async () => {
  await using stage = await openStage();
  await using source = await answering(204);
  const one = await stage.start('one', { streams: ['a'], client: () => ({ url: source.url }) });
  await until(stage, () => parked(one, 'a') !== undefined);
  expect(parked(one, 'a')).toMatchObject({ strikes: 0, retryIn: undefined });
  await advance(stage.system, 5 * minute);
  expect(source.requests).toBe(1);
});

interface Answering extends AsyncDisposable {
  readonly url: string;
  readonly requests: number;
}

async function answering(status: number): Promise<Answering> {
  let requests = 0;
  const server: Server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
