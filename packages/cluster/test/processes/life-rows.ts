import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import type { Database } from '../../../../bench/torture/database.ts';
import { expectBelow, newEpochs } from './rows.ts';
import { faultOf, type TestNodes } from './test-nodes.ts';

/**
 * The rows of the life and death of nodes that hold with each store. `also` is the row that says so
 * of a store.
 */
export function lifeRows(nodes: TestNodes<Database>, also = ''): void {
  const { ttl, share } = nodes;

  test(`${also}OWN-01 nodes that start at once share the streams evenly, in less than 5 s`, () => {
    expectBelow([nodes.settled ?? { ms: Infinity, stalled: 0 }], 5000);
    expect([...nodes.fleet.shares().values()]).toEqual(nodes.names.map(() => share));
  });

  test(`${also}OWN-03 the streams of a killed node run elsewhere before T + 1 s, each at a new epoch`, async () => {
    const { fleet, database } = nodes;
    const node = nodes.victim();
    const epochs = await database.epochs();
    const fault = faultOf(node);
    await node.kill();
    const samples = await fleet.elsewhere(fault);
    expect(samples).toHaveLength(share);
    expectBelow(samples, ttl + 1000);
    await fleet.settle(nodes.besides(node));
    expect(await newEpochs(database, epochs)).toHaveLength(share);
    await fleet.add(node.name);
  });

  test(`${also}OWN-04 a node that is stopped for 2 T loses its streams, and comes back as a new one`, async () => {
    const { fleet } = nodes;
    const node = nodes.victim();
    const before = await node.status();
    const fault = await nodes.stop(node);
    const [samples] = await Promise.all([fleet.elsewhere(fault), delay(2 * ttl)]);
    node.signal('SIGCONT');
    expect(samples).toHaveLength(share);
    expectBelow(samples, ttl + 1000);
    await fleet.settle();
    expect((await node.status()).node.id).not.toBe(before.node.id);
  });

  test(`${also}OWN-05 a node that is stopped for T/4 keeps its streams`, async () => {
    const node = nodes.victim();
    await nodes.expectStill(async () => {
      await nodes.stop(node);
      await delay(ttl / 4);
      node.signal('SIGCONT');
    });
  });

  test(`${also}OWN-11 a second process with the name of a live node ends with status 3, and the first goes on`, async () => {
    const { name } = nodes.victim();
    await nodes.expectStill(async () => {
      const second = await nodes.fleet.rival(name);
      const { status } = await second.ended;
      expect(status).toBe(3);
      expect(second.stderr).toContain(name);
    });
  });

  test(`${also}OWN-12 a node with the name of a killed one waits for its lease, and gets its streams back`, async () => {
    const { fleet } = nodes;
    const node = nodes.victim();
    const next = await fleet.prepare(node.name);
    const fault = faultOf(node);
    await node.kill();
    await delay(100);
    fleet.startPrepared(next);
    expectBelow(await fleet.elsewhere(fault), ttl + 1000);
    await fleet.settle();
    expect(fleet.shares().get(next.life)).toBe(share);
    expect(next.stderr).toContain('waits for the lease of');
  });
}
