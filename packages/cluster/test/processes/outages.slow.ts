import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { randomOf } from '@reprise/sse/testing';

import { Fleet } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres/server.ts';
import { onPostgres } from '../postgres/support.ts';
import { Outage } from './outage.ts';
import { expectBelow, expectCleanAndSingle, newEpochs } from './rows.ts';

onPostgres('nodes whose database fails', () => {
  const ttl = 3000;
  const streams = 60;
  const names = ['a', 'b', 'c'];
  const random = randomOf(`${jest.getSeed()}`);

  let server: PostgresServer;
  let database: PostgresDatabase;
  let fleet: Fleet;

  beforeAll(async () => {
    server = await startPostgres();
    database = new PostgresDatabase(server.url());
    fleet = await Fleet.start({ database, ttl, streams, rate: 2 });
    await Promise.all(names.map((name) => fleet.add(name)));
  });

  beforeEach(async () => {
    await fleet.settle();
    await delay((random() * ttl) / 4);
  });

  afterEach(async () => {
    await expectCleanAndSingle(fleet);
    // Whatever the database did, no node has ended.
    const { length } = [...fleet.nodes.values()].filter(({ hasEnded }) => hasEnded);
    expect(length).toBe(0);
  });

  afterAll(async () => {
    await fleet.close();
    await server.close();
  });

  test('PGC-03 connections that are all reset at once are made again, and no stream moves', async () => {
    const epochs = await database.epochs();
    const at = machineTime();
    for (const proxy of database.proxies()) {
      proxy.cut();
    }
    await delay(ttl);
    expect(fleet.gapsSince(at)).toEqual([]);
    // A stream whose commit was under way is claimed again, by the same node.
    await fleet.settle();
    expect(fleet.movedSince(at)).toEqual([]);
    await newEpochs(database, epochs);
  });

  test('PGC-04 a database that crashes and is back before T/2 costs no lease', async () => {
    const ids = await nodeIds();
    const at = machineTime();
    await server.stop('SIGKILL');
    await server.start();
    const away = machineTime() - at;
    await delay(ttl);
    await fleet.settle();
    // A start that took longer costs leases, as it may.
    expect(away < ttl / 2 ? await nodeIds() : ids).toEqual(ids);
  });

  test('PGC-05 while the database is away all streams stop before T, and they run again 3 s after it is back', async () => {
    const outage = new Outage(fleet);
    await server.stop('SIGKILL');
    await delay(3 * ttl);
    await outage.expectAllStop();
    await server.start();
    await outage.expectBack();
  });

  test('PGC-06 a database that takes connections and says nothing is as one that is away', async () => {
    const outage = new Outage(fleet);
    for (const proxy of database.proxies()) {
      proxy.swallow('both');
      proxy.swallowsNew = 'both';
    }
    await delay(2 * ttl);
    await outage.expectAllStop();
    for (const { lease, pool } of names.map((name) => database.ways(name))) {
      const attempts = [...lease.made, ...pool.made].filter((time) => time > outage.at);
      expect(attempts.length).toBeLessThanOrEqual((10 * (machineTime() - outage.at)) / 1000);
    }
    for (const proxy of database.proxies()) {
      proxy.swallowsNew = 'nothing';
    }
    await outage.expectBack();
  });

  test('OWN-15 nodes that are all killed at once run again before T + 3 s, and nothing runs twice meanwhile', async () => {
    await Promise.all(names.map((name) => fleet.node(name).kill()));
    const prepared = await Promise.all(names.map((name) => fleet.prepare(name)));
    await delay(ttl);
    const startedAt = machineTime();
    for (const node of prepared) {
      fleet.startPrepared(node);
    }
    await fleet.settle();
    const ms = fleet.lastConnectionAt() - startedAt;
    expectBelow(
      [{ ms, stalled: fleet.stalledIn({ from: startedAt, to: startedAt + ms }) }],
      ttl + 3000,
    );
    expect(fleet.gapsSince(startedAt).filter(({ ms }) => ms < 0)).toEqual([]);
  });

  async function nodeIds(): Promise<readonly string[]> {
    const nodes = [...fleet.nodes.values()];
    const all = await Promise.all(nodes.map((node) => node.status()));
    return all.map(({ node }) => node.id);
  }
});
