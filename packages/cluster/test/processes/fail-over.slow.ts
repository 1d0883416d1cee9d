import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';

import { Fleet } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres/server.ts';
import { onPostgres } from '../postgres/support.ts';
import { Outage } from './outage.ts';
import { expectBelow, expectCleanAndSingle } from './rows.ts';

onPostgres('nodes whose database is followed by its standby', () => {
  const ttl = 3000;
  const streams = 60;

  let server: PostgresServer;
  let standby: PostgresServer;
  let database: PostgresDatabase;
  let fleet: Fleet;

  beforeEach(async () => {
    server = await startPostgres();
    standby = await server.standby();
    database = new PostgresDatabase(server.url());
    fleet = await Fleet.start({ database, ttl, streams, rate: 2 });
    await Promise.all(['a', 'b', 'c'].map((name) => fleet.add(name)));
    await fleet.settle();
  });

  afterEach(async () => {
    await fleet.close();
    await Promise.all([server.close(), standby.close()]);
  });

  /** The standby takes writes, at the address that the nodes know. */
  function failOver(): void {
    standby.promote();
    database.redirect(standby.url());
  }

  test('PGC-14 a synchronous standby that takes over after T has each epoch and each effect', async () => {
    await database.query("alter system set synchronous_standby_names = '*'");
    server.reload();
    await untilSynchronous();
    const epochs = await database.epochs();
    const outage = new Outage(fleet);
    await server.stop('SIGKILL');
    await outage.expectAllStop();
    failOver();
    const kept = await database.epochs();
    expect([...epochs].filter(([key, epoch]) => (kept.get(key) ?? 0) < epoch)).toEqual([]);
    await outage.expectBack();
    await expectCleanAndSingle(fleet);
  });

  async function untilSynchronous(): Promise<void> {
    const isSynchronous = "select from pg_stat_replication where sync_state = 'sync'";
    while ((await database.query(isSynchronous)).length === 0) {
      await delay(20);
    }
  }

  test('PGC-15 an asynchronous standby that has lost claims and cursors: no effect is skipped or there twice', async () => {
    const joining = await fleet.prepare('d');
    await stopFollowing();
    const lostFrom = machineTime();
    // Claims in the lost time: a node joins, and gets streams of the others.
    fleet.startPrepared(joining);
    await fleet.source.until(() => fleet.movedSince(lostFrom).length > 0, 30_000);
    await delay(500);
    // No stream learns by a later event that its last commit was lost.
    fleet.source.rate = 0;
    const claimed = new Set(fleet.movedSince(lostFrom).map(({ stream }) => stream));
    await server.stop('SIGKILL');
    failOver();
    await fleet.settle();
    const { clean, owners } = await fleet.verdict();
    expect(clean).toEqual({ lost: 0, twice: 0, outOfOrder: 0, fallen: 0 });
    const overlaps = owners.map(overlapOf);
    expect(overlaps.filter(({ stream }) => !claimed.has(stream))).toEqual([]);
    const to = machineTime();
    const stalled = fleet.stalledIn({ from: lostFrom, to });
    expectBelow(
      overlaps.map(({ ms }) => ({ ms, stalled })),
      ttl / 4 + 1000,
    );
  });

  /** The standby gets nothing more. */
  async function stopFollowing(): Promise<void> {
    const client = new pg.Client({ connectionString: standby.url() });
    await client.connect();
    await client.query("alter system set primary_conninfo = ''");
    await client.end();
    standby.reload();
    const isFollowed = 'select from pg_stat_replication';
    while ((await database.query(isFollowed)).length > 0) {
      await delay(20);
    }
  }
});

/** How long a stream had two owners, in ms, as `Single` tells it. */
function overlapOf(problem: string): { readonly stream: string; readonly ms: number } {
  const [, stream = '', ms = 'NaN'] =
    /two owners of (\S+): .* began ([\d.]+) ms/.exec(problem) ?? [];
  return { stream, ms: Number(ms) };
}
