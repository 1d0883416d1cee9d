import { expect, test } from '@jest/globals';
import type { ExitError } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { heldSystem } from '../support/held-system.ts';
import { intercepted } from '../support/intercepted.ts';
import { openStage, ttl } from '../support/stage.ts';

test('CFG-06 a node whose ttl is not that of a living node is refused, and the other notices nothing', async () => {
  await using stage = await openStage();
  const one = await stage.start('one');
  await advance(stage.system, ttl);
  const { id } = Cluster.status(one).node;
  const start = stage.start('two', { ttl: 2 * ttl }).catch((thrown: unknown) => thrown);
  await advance(stage.system, 3 * ttl);
  const error = await start;
  expect(String(error)).toMatch(
    /StartError: Expected one ttl for all nodes of a store, got 2000 ms here and 1000 ms on node "one", process \d+ on \S+$/,
  );
  expect(Cluster.exitStatus((error as ExitError).reason, 1)).toBe(3);
  await advance(stage.system, 3 * ttl);
  expect(Cluster.status(one)).toMatchObject({
    node: { id, phase: 'member', owned: 3 },
    nodes: [{ name: 'one' }],
  });
});

test('CFG-06 a node of another ttl that is dead refuses nobody: the start waits until it surely is', async () => {
  await using stage = await openStage();
  const { clock } = stage.system;
  const report = (): void => undefined;
  const store = await stage.store.open({ ttl, clock, onError: report, onWarning: report });
  const dead = { id: 'dead', name: 'dead', weight: 1, ttl: 3 * ttl, host: 'h', pid: 1 };
  await store.join(dead, 'never renewed');
  const start = stage.start('one');
  let hasStarted = false;
  void start.then(() => (hasStarted = true));
  await advance(stage.system, 2.9 * ttl);
  expect(hasStarted).toBe(false);
  await advance(stage.system, ttl);
  expect(Cluster.status(await start).node.phase).toBe('member');
});

test('OWN-08 streams whose claim was executed, but never answered, are claimed again and started once', async () => {
  await using stage = await openStage();
  let claims = 0;
  const store = intercepted(stage.store, async (name, _args, run) => {
    const answer = await run();
    if (name === 'claim' && (claims += 1) === 1) {
      return new Promise(() => undefined);
    }
    return answer;
  });
  const started: string[] = [];
  const client = ({ key }: { readonly key: string }) => {
    started.push(key);
    return { url: `${stage.source.url}${key}` };
  };
  await stage.start('one', { store, client });
  // The start has checked the options of each client.
  expect(started.splice(0)).toEqual(['a', 'b', 'c']);
  // The first view, the time of the claim, and the next view.
  await advance(stage.system, 250 + ttl / 8 + 150 + 250);
  expect([claims, started]).toEqual([2, ['a', 'b', 'c']]);
  await advance(stage.system, 3 * ttl);
  expect([claims, started]).toEqual([2, ['a', 'b', 'c']]);
});

test('LEASE-07 handlers that hold the thread for T/5 again and again end no lease, with a warning in 10 s', async () => {
  const { system, hold } = heldSystem();
  await using stage = await openStage(system);
  const one = await stage.start('one', {
    handle: (event, owned) => {
      hold(ttl / 5);
      stage.sink('one')(event, owned);
    },
  });
  await advance(system, 500);
  const { id } = Cluster.status(one).node;
  const from = system.clock.now();
  while (system.clock.now() - from < 60_000) {
    await stage.produce('a');
    await advance(system, ttl / 4);
  }
  expect(Cluster.status(one).node).toMatchObject({ id, phase: 'member', owned: 3 });
  const warnings = system.reports.filter(({ message }) => message.includes('was woken'));
  expect(warnings.length).toBeGreaterThan(1);
  expect(warnings.length).toBeLessThanOrEqual(7);
});
