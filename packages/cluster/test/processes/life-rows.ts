import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import type { Database } from '../../../../bench/torture/database.ts';
import { expectBelow, newEpochs } from './rows.ts';
import { faultOf, names, type ThreeNodes } from './three-nodes.ts';

/** The rows of the life and death of nodes that hold with each store. */
export function lifeRows(three: ThreeNodes<Database>): void {
  const { ttl } = three;

  test('OWN-01 three nodes that start at once share the streams evenly, in less than 5 s', () => {
    expectBelow([three.settled ?? { ms: Infinity, stalled: 0 }], 5000);
    expect([...three.fleet.shares().values()]).toEqual([20, 20, 20]);
  });

  test('OWN-03 the streams of a killed node run elsewhere before T + 1 s, each at a new epoch', async () => {
    const { fleet, database } = three;
    const node = three.victim();
    const epochs = await database.epochs();
    const fault = faultOf(node);
    await node.kill();
    const samples = await fleet.elsewhere(fault);
    expect(samples).toHaveLength(20);
    expectBelow(samples, ttl + 1000);
    await fleet.settle(names.filter((name) => name !== node.name));
    expect(await newEpochs(database, epochs)).toHaveLength(20);
    await fleet.add(node.name);
  });

  test('OWN-04 a node that is stopped for 2 T loses its streams, and comes back as a new one', async () => {
    const { fleet } = three;
    const node = three.victim();
    const before = await node.status();
    const fault = faultOf(node);
    node.signal('SIGSTOP');
    const [samples] = await Promise.all([fleet.elsewhere(fault), delay(2 * ttl)]);
    node.signal('SIGCONT');
    expect(samples).toHaveLength(20);
    expectBelow(samples, ttl + 1000);
    await fleet.settle();
    expect((await node.status()).node.id).not.toBe(before.node.id);
  });

  test('OWN-05 a node that is stopped for T/4 keeps its streams', async () => {
    const node = three.victim();
    await three.expectStill(async () => {
      node.signal('SIGSTOP');
      await delay(ttl / 4);
      node.signal('SIGCONT');
    });
  });

  test('OWN-11 a second process with the name of a live node ends with status 3, and the first goes on', async () => {
    const { name } = three.victim();
    await three.expectStill(async () => {
      const second = await three.fleet.rival(name);
      const { status } = await second.ended;
      expect(status).toBe(3);
      expect(second.stderr).toContain(name);
    });
  });

  test('OWN-12 a node with the name of a killed one waits for its lease, and gets its streams back', async () => {
    const { fleet } = three;
    const node = three.victim();
    const next = await fleet.prepare(node.name);
    const fault = faultOf(node);
    await node.kill();
    await delay(100);
    fleet.startPrepared(next);
    expectBelow(await fleet.elsewhere(fault), ttl + 1000);
    await fleet.settle();
    expect(fleet.shares().get(next.life)).toBe(20);
    expect(next.stderr).toContain('waits for the lease of');
  });
}
