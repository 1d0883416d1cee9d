import { expect, test } from '@jest/globals';
import { Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { gated } from '../support/gate.ts';
import { openStage, ttl } from '../support/stage.ts';

test('REB-03 a node that stops gives its streams up at once, after the last event that it handled', async () => {
  await using stage = await openStage();
  const one = await stage.start('one');
  await advance(stage.system, 500);
  await stage.produce('a', 'b', 'c');
  const two = await stage.start('two', { streams: [] });
  await advance(stage.system, 300);
  const stopped = Supervisor.stop(one);
  await advance(stage.system, 300);
  await stopped;
  await advance(stage.system, 200);
  expect(Cluster.status(two).nodes.map(({ name }) => name)).toEqual(['two']);
  await Supervisor.stop(two);
  await stage.start('three');
  await advance(stage.system, 500);
  const after = await stage.produce('a', 'b', 'c');
  expect(after.map(({ node, id }) => `${node} ${id}`)).toEqual(['three 2', 'three 2', 'three 2']);
});

test('a handler that runs when its node stops may end: its event counts as handled', async () => {
  await using stage = await openStage();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<AbortSignal>();
  const one = await stage.start('one', {
    streams: ['a'],
    handle: async (event, owned) => {
      stage.sink('one')(event, owned);
      begun.resolve(owned.signal);
      await gate.promise;
    },
  });
  await advance(stage.system, 500);
  stage.source.stream('a').produce(2);
  const signal = await begun.promise;
  const drained = Cluster.drain(one);
  await advance(stage.system, 400);
  expect(signal.aborted).toBe(false);
  expect(Cluster.status(one).node.phase).toBe('draining');
  gate.resolve();
  await settle(stage.system);
  await advance(stage.system, 400);
  await drained;
  expect(Cluster.status(one).node).toMatchObject({ phase: 'left', owned: 0 });
  await stage.handled.next();
  await stage.start('two', { streams: ['a'] });
  await advance(stage.system, 1000);
  expect(await stage.handled.next()).toMatchObject({ node: 'two', id: '2' });
});

test('REB-09 a handler that outlasts shutdown is given up, and its stream goes on elsewhere', async () => {
  await using stage = await openStage();
  const begun = Promise.withResolvers<AbortSignal>();
  const one = await stage.start('one', {
    shutdown: 5000,
    handle: async (event, owned) => {
      stage.sink('one')(event, owned);
      if (owned.key === 'a') {
        begun.resolve(owned.signal);
        await new Promise(() => undefined);
      }
    },
  });
  await advance(stage.system, 500);
  await stage.produce('a', 'b', 'c');
  const signal = await begun.promise;
  const stopped = Supervisor.stop(one);
  await advance(stage.system, 600);
  const two = await stage.start('two');
  await advance(stage.system, 2000);
  expect(Cluster.status(two).node.owned).toBe(2);
  expect(signal.aborted).toBe(false);
  await advance(stage.system, 2600);
  expect(signal.aborted).toBe(true);
  await advance(stage.system, 500);
  expect(Cluster.status(two).node.owned).toBe(3);
  await stopped;
  expect(await stage.handled.next()).toMatchObject({ node: 'two', key: 'a', id: '1' });
});

test('a node whose store is away stops all the same, and in time', async () => {
  await using stage = await openStage();
  const store = gated(stage.store);
  const one = await stage.start('one', { store, shutdown: 2000 });
  await advance(stage.system, 500);
  store.cut();
  const stopped = Supervisor.stop(one);
  await advance(stage.system, 2000 + ttl);
  expect(await stopped).toBeUndefined();
});
