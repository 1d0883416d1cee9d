import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import type { Database, OwnerWrite } from '../../../../bench/torture/database.ts';
import type { TestNodes } from './test-nodes.ts';

const rounds = 40;

/** The rows of nodes that are stopped for about T, which hold with each store. */
export function stopRows(nodes: TestNodes<Database>, also = ''): void {
  test(`${also}OWN-06 OWN-13 a node that is stopped for about T, 40 times, keeps all of its streams or loses all, and epochs only grow`, async () => {
    const { fleet, database, ttl, random, share } = nodes;
    await database.recordWrites();
    for (let round = 1; round <= rounds; round += 1) {
      const node = nodes.victim();
      const had = fleet.source.openAt().filter((connection) => connection.node === node.life);
      const before = await database.epochs();
      node.signal('SIGSTOP');
      await delay((0.9 + 0.2 * random()) * ttl);
      node.signal('SIGCONT');
      await delay(ttl / 2);
      await fleet.settle();
      const epochs = await database.epochs();
      const moved = had.filter(({ stream }) => epochs.get(stream) !== before.get(stream));
      expect([0, share]).toContain(moved.length);
    }
    const claims = claimsIn(await database.writes());
    expect(claims.length).toBeGreaterThanOrEqual(rounds * share);
    expect(claims.filter(({ epoch }) => !Number.isSafeInteger(epoch))).toEqual([]);
    const streams = Map.groupBy(claims, ({ key }) => key);
    for (const own of streams.values()) {
      const epochs = own.map(({ epoch }) => epoch);
      expect(epochs).toEqual([...new Set(epochs)].toSorted((a, b) => a - b));
    }
  });
}

/** A claim gives a stream an owner, or another epoch. */
function claimsIn(writes: readonly OwnerWrite[]): readonly OwnerWrite[] {
  const last = new Map<string, OwnerWrite>();
  return writes.filter((write) => {
    const before = last.get(write.key);
    last.set(write.key, write);
    const isOther = write.owner !== before?.owner || write.epoch !== before.epoch;
    return write.owner !== null && before !== undefined && isOther;
  });
}
