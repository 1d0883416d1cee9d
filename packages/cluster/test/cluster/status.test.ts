import { expect, test } from '@jest/globals';
import { advance } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { intercepted } from '../support/intercepted.ts';
import { Queue } from '../support/queue.ts';
import { openStage, ttl } from '../support/stage.ts';

test('the status tells of the node, its lease, the other nodes, its streams and its store', async () => {
  await using stage = await openStage();
  const one = await stage.start('one');
  await stage.start('two');
  await advance(stage.system, 2000);
  await stage.produce('a', 'b', 'c');
  const { node, nodes, streams, store, isWell } = Cluster.status(one);
  expect({ isWell, streams, store }).toEqual({
    isWell: true,
    streams: {
      listed: 3,
      suspects: 0,
      parked: [],
      invalid: [],
      listFailure: undefined,
      free: 0,
      stalled: [],
    },
    store: { engine: 'memory', lastFailure: undefined },
  });
  expect(node).toMatchObject({
    name: 'one',
    phase: 'member',
    lateBy: 0,
    renewal: { p50: 0, p99: 0 },
  });
  expect(node.leaseLeft).toBeGreaterThan(0.5 * ttl);
  expect(node.leaseLeft).toBeLessThanOrEqual(0.9 * ttl);
  expect(nodes.map(({ name, draining }) => [name, draining])).toEqual([
    ['one', false],
    ['two', false],
  ]);
});

test('PGC-12 a node is not well once a handler has not settled for 3 T', async () => {
  await using stage = await openStage();
  const one = await stage.start('one', {
    streams: ['a', 'b'],
    handle: (event, owned) => {
      stage.sink('one')(event, owned);
      return owned.key === 'a' ? new Promise(() => undefined) : undefined;
    },
  });
  await advance(stage.system, 500);
  await stage.produce('a', 'b');
  await advance(stage.system, 3 * ttl);
  expect(Cluster.status(one).isWell).toBe(true);
  await advance(stage.system, 1);
  expect(Cluster.status(one)).toMatchObject({
    isWell: false,
    streams: { stalled: [{ key: 'a', ms: 3 * ttl + 1, why: 'handler' }] },
  });
});

test('PGC-12 a node is not well while the source of a stream is away for 3 T', async () => {
  await using stage = await openStage();
  const one = await stage.start('one', {
    streams: ['a'],
    client: () => ({ url: 'http://127.0.0.1:1/', maxDelay: 100 }),
  });
  await advance(stage.system, 4 * ttl);
  expect(Cluster.status(one)).toMatchObject({
    isWell: false,
    streams: { stalled: [{ key: 'a', why: 'source' }] },
  });
});

test('PGC-12 a node is not well while a handler crashes again and again', async () => {
  await using stage = await openStage();
  const calls = new Queue<undefined>();
  const one = await stage.start('one', {
    streams: ['a'],
    handle: () => {
      calls.push(undefined);
      throw new Error('out of paper');
    },
  });
  await advance(stage.system, 500);
  stage.source.stream('a').produce();
  const stalls: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    await calls.next();
    await advance(stage.system, 1500);
    stalls.push(...Cluster.status(one).streams.stalled.map(({ why }) => why));
  }
  expect(stalls).toContain('crash');
});

test('CFG-08 the words of the store are told without its password', async () => {
  await using stage = await openStage();
  const store = intercepted(stage.store, (name, _args, run) => {
    if (name === 'renew') {
      throw new Error('no route to postgres://joe:secret@db/prices?password=secret');
    }
    return run();
  });
  const one = await stage.start('one', { store });
  await advance(stage.system, 2 * ttl);
  expect(Cluster.status(one).store.lastFailure).toEqual({
    at: expect.any(Number),
    request: 'renew',
    text: 'no route to postgres://db/prices?password=[redacted]',
  });
  expect(JSON.stringify([Cluster.status(one), stage.system.reports])).not.toContain('secret');
});

test('CFG-08 a store that cannot be opened fails the start, without its password, as status 3', async () => {
  await using stage = await openStage();
  const store: typeof stage.store = {
    ...stage.store,
    open: async () => {
      throw new Error('Expected to log in, got no by postgres://joe:secret@db/');
    },
  };
  const error = await stage.start('one', { store }).catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/StartError: Expected to log in, got no by postgres:\/\/db\/$/);
  expect(Cluster.exitStatus((error as { reason: never }).reason, 1)).toBe(3);
  expect(JSON.stringify(stage.system.reports)).not.toContain('secret');
});

test.each([5, undefined, {}])('anything but a cluster has no status: %j', (pid) => {
  expect(() => Cluster.status(pid as never)).toThrow(
    new TypeError(`Expected the pid of a cluster, got ${JSON.stringify(pid)}`),
  );
});
