import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectBelow } from './rows.ts';
import { faultOf, TestNodes } from './test-nodes.ts';

onPostgres('the lease connection of a node, on Postgres', () => {
  const nodes = new TestNodes(async () => new PostgresDatabase(await testDatabase()));
  const { ttl } = nodes;

  test('LEASE-02 a renewal whose answer is lost does not count for its node', async () => {
    const { fleet, database } = nodes;
    const node = nodes.victim();
    const { lease } = database.ways(node.name);
    const fault = faultOf(node);
    lease.swallow('answers');
    lease.swallowsNew = 'answers';
    const samples = await fleet.elsewhere(fault);
    lease.swallowsNew = 'nothing';
    expect(samples).toHaveLength(nodes.share);
    expectBelow(samples, 2 * ttl + 1000);
    expectBelow(fleet.stopsOf(fault), ttl);
  });

  test('LEASE-03 a lease connection that hangs for T/4 is replaced, and nothing moves', async () => {
    const node = nodes.victim();
    const { lease } = nodes.database.ways(node.name);
    const { length } = lease.made;
    await nodes.expectStill(async () => {
      lease.swallow('both');
      lease.swallowsNew = 'both';
      await delay(ttl / 4);
      lease.swallowsNew = 'nothing';
    });
    expect(lease.made.length).toBeGreaterThan(length);
    const { store } = await node.status();
    expect(store.lastFailure).toBeDefined();
  });

  test.each([
    ['idle', endIdle],
    ['busy', endBusy],
  ])(
    'PGC-01 an %s lease connection that the server ends is made again before T/4, and nothing moves',
    async (_state, end) => {
      const { lease } = nodes.database.ways(nodes.victim().name);
      const { length } = lease.made;
      let at = NaN;
      await nodes.expectStill(async () => {
        at = await end(lease.ports);
      });
      expectBelow([nodes.since(at, lease.made[length] ?? Infinity)], ttl / 4);
    },
  );

  /** Resolves with the time at which the server ends the connection from one of these ports. */
  async function endIdle(ports: readonly number[]): Promise<number> {
    const at = machineTime();
    const ended = await nodes.database.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where client_port = any($1::int[])',
      [ports],
    );
    // Besides those that an earlier test has left half open.
    expect(ended.length).toBeGreaterThan(0);
    return at;
  }

  /** As before, while a renewal waits for its row. */
  function endBusy(ports: readonly number[]): Promise<number> {
    const { database } = nodes;
    const isWaiting = `select from pg_stat_activity
    where client_port = any($1::int[]) and wait_event_type = 'Lock'`;
    return database.locked('select from reprise.nodes for update', async () => {
      while ((await database.query(isWaiting, [ports])).length === 0) {
        await delay(5);
      }
      return endIdle(ports);
    });
  }

  test('PGC-13 a lease connection that hangs for good is replaced in time for the lease', async () => {
    const { lease } = nodes.database.ways(nodes.victim().name);
    const { length } = lease.made;
    const at = machineTime();
    await nodes.expectStill(async () => {
      lease.swallow('both');
    });
    // The next request, its own deadline, and the connection.
    expectBelow([nodes.since(at, lease.made[length] ?? Infinity)], ttl / 8 + 1000);
  });
});
