import { expect, test } from '@jest/globals';

import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { lifeRows } from './life-rows.ts';
import { expectBelow } from './rows.ts';
import { faultOf, TestNodes } from './test-nodes.ts';

onPostgres('nodes that are processes, on Postgres', () => {
  const nodes = new TestNodes(async () => new PostgresDatabase(await testDatabase()));
  const { ttl } = nodes;

  lifeRows(nodes);

  test('LEASE-06 a node whose thread is held for 1.5 T loses its streams, and a warning names the handler', async () => {
    const { fleet } = nodes;
    const node = nodes.victim();
    const fault = faultOf(node);
    await node.hold(1.5 * ttl);
    const samples = await fleet.elsewhere(fault);
    expect(samples).toHaveLength(nodes.share);
    expectBelow(samples, ttl + 1000);
    // On a busy machine the node may lose its lease before a handler begins, and hold it later.
    await fleet.source.until(() => /held its thread/.test(node.stderr), 30_000);
    await fleet.settle();
    expect(node.stderr).toMatch(/held its thread/);
  });

  test('LEASE-01 a node whose lease connection swallows all stops its streams before any is claimed', async () => {
    const node = nodes.victim();
    const { lease } = nodes.database.ways(node.name);
    const fault = faultOf(node);
    lease.swallow('both');
    lease.swallowsNew = 'both';
    await nodes.expectHandOver(fault, () => {
      lease.swallowsNew = 'nothing';
    });
  });
});
