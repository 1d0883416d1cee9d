import { expect, test } from '@jest/globals';
import { exit, kill, Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { gated } from '../support/gate.ts';
import { heldSystem } from '../support/held-system.ts';
import { type Handled, type NodeOptions, openStage, ttl } from '../support/stage.ts';

test('a node that is cut off stops its streams before another takes them, and comes back', async () => {
  await using stage = await openStage();
  const store = gated(stage.store);
  const signals: AbortSignal[] = [];
  const handle: NodeOptions['handle'] = (event, owned) => {
    signals.push(owned.signal);
    stage.sink('one')(event, owned);
  };
  const one = await stage.start('one', { store, handle });
  await advance(stage.system, 500);
  await stage.produce('a', 'b', 'c');
  await stage.start('two', { streams: ['a', 'b', 'c'] });
  await advance(stage.system, 2000);
  store.cut();
  await advance(stage.system, 0.95 * ttl);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  expect(Cluster.status(one).node).toMatchObject({ leaseLeft: 0, owned: 0 });
  await advance(stage.system, ttl);
  const after = await stage.produce('a', 'b', 'c');
  expect(after.map(({ node, id }) => `${node} ${id}`)).toEqual(['two 2', 'two 2', 'two 2']);
  store.mend();
  await advance(stage.system, 3 * ttl);
  expect(Cluster.status(one).node).toMatchObject({ phase: 'member', owned: 1 });
});

test('OWN-12 a node that has crashed waits for the lease of its last life, and gets its streams back', async () => {
  await using stage = await openStage();
  const one = await stage.start('one');
  await advance(stage.system, 500);
  await stage.produce('a', 'b', 'c');
  // The cursors are saved.
  await advance(stage.system, 300);
  exit(stage.system, Supervisor.child(one, 'member' as never), kill);
  await settle(stage.system);
  await advance(stage.system, 100);
  expect(stage.system.reports.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(
      /^cluster: node one waits for the lease of one, process \d+ on \S+, to end$/,
    ),
  );
  await advance(stage.system, 2 * ttl);
  const after = await stage.produce('a', 'b', 'c');
  expect(after.map(({ node, id }) => `${node} ${id}`)).toEqual(['one 2', 'one 2', 'one 2']);
});

test('LEASE-06 after a handler has held the thread for 1.5 T no handler of its epoch begins', async () => {
  const { system, hold } = heldSystem();
  await using stage = await openStage(system);
  const begun: Handled[] = [];
  let isHeld = false;
  await stage.start('one', {
    handle: (event, owned) => {
      begun.push({ node: 'one', key: owned.key, id: event.lastEventId, epoch: owned.epoch });
      if (!isHeld) {
        isHeld = true;
        hold(1.5 * ttl);
      }
      stage.sink('one')(event, owned);
    },
  });
  for (const key of ['a', 'b', 'c']) {
    stage.source.stream(key).produce(20);
  }
  await advance(system, 500);
  await stage.handled.next();
  const { epoch } = begun[0] ?? { epoch: 0 };
  await advance(system, 2000);
  for (let count = 1; count < 60; count += 1) {
    await stage.handled.next();
  }
  const old = begun.slice(
    begun.findIndex(({ id, key }) => key === begun[0]?.key && id === '1') + 1,
  );
  expect(old.filter((event) => event.epoch <= epoch)).toEqual([]);
  const late = system.reports.filter(({ message }) => message.includes('late'));
  expect(late.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^cluster: node one was woken \d+ ms late: a handler of stream "[abc]" held its thread$/,
    ),
  ]);
});

test('LEASE-10 a machine that slept for 2 T begins no handler in its old life', async () => {
  const { system, sleep } = heldSystem();
  await using stage = await openStage(system);
  await stage.start('one');
  await advance(system, 500);
  const before = await stage.produce('a');
  await advance(system, 300);
  sleep(2 * ttl);
  stage.source.stream('a').produce();
  await advance(system, 2000);
  const event = await stage.handled.next();
  expect(event.id).toBe('2');
  expect(event.epoch).toBeGreaterThan(before[0]?.epoch ?? Infinity);
});
