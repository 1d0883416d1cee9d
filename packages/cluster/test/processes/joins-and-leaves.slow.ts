import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Fleet, type FleetOptions } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectBelow, expectCleanAndSingle, newEpochs } from './rows.ts';
import { shareRows } from './share-rows.ts';

const open = async (): Promise<PostgresDatabase> => new PostgresDatabase(await testDatabase());

onPostgres('the shares of nodes', () => {
  describe('that join and leave in order', () => {
    shareRows(open, { names: ['a', 'b', 'c'], sinks: ['transact', 'handle'] });
  });

  describe('at a start and a kill', () => {
    const ttl = 3000;

    let database: PostgresDatabase;
    let fleet: Fleet;

    afterEach(() => fleet.close());

    async function start(names: readonly string[], options: Partial<FleetOptions>): Promise<void> {
      database = await open();
      fleet = await Fleet.start({ database, ttl, streams: 60, rate: 2, ...options });
      await Promise.all(names.map((name) => fleet.add(name)));
      if (names.length > 0) {
        await fleet.settle();
      }
    }

    test('OWN-02 one node alone has all streams in less than 3 s, and keeps them', async () => {
      await start([], {});
      const node = await fleet.add('a');
      await fleet.settle();
      const joinedAt = fleet.source.connections[0]?.from ?? NaN;
      const ms = fleet.lastConnectionAt() - joinedAt;
      expectBelow([{ ms, stalled: fleet.stalledIn({ from: joinedAt, to: joinedAt + ms }) }], 3000);
      expect(fleet.shares()).toEqual(new Map([[node.life, 60]]));
      const epochs = await database.epochs();
      await delay(3 * ttl);
      expect(await newEpochs(database, epochs)).toEqual([]);
      await expectCleanAndSingle(fleet);
    });

    test('REB-10 of a node that is killed while it leaves, the rest of the streams runs elsewhere before T + 1 s', async () => {
      await start(['a', 'b', 'c'], { streams: 90 });
      const node = fleet.node('a');
      node.signal('SIGTERM');
      await fleet.source.until(() => (fleet.shares().get(node.life) ?? 0) < 25, 30_000);
      const fault = { node: node.life, at: machineTime() };
      await node.kill();
      expectBelow(await fleet.elsewhere(fault), ttl + 1000);
      await fleet.settle(['b', 'c']);
      await expectCleanAndSingle(fleet);
    });
  });
});
