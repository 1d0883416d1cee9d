import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { onPgBouncer } from '../../../../tools/postgres/describe.ts';
import { type PgBouncer, startPgBouncer } from '../../../../tools/postgres/pgbouncer.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { Outage } from './outage.ts';
import { TestNodes } from './test-nodes.ts';

onPgBouncer('nodes behind PgBouncer in transaction mode', () => {
  let pooler: PgBouncer;
  let pooledUrl: string;
  const nodes = new TestNodes(async () => {
    const url = await testDatabase();
    const { port, pathname } = new URL(url);
    pooler = await startPgBouncer({ port: Number(port) }, { default_pool_size: 2 });
    pooledUrl = pooler.url(pathname.slice(1));
    return new PostgresDatabase(url, { pooler: pooledUrl });
  });
  const { ttl } = nodes;

  // After the nodes.
  afterAll(() => pooler.close());

  test('PGC-08 all nodes work over its two connections, and leave nothing in their sessions', async () => {
    await nodes.expectStill(async () => {
      for (const until = machineTime() + 3 * ttl; machineTime() < until;) {
        expect(await leftovers()).toEqual([]);
        await delay(100);
      }
    });
  });

  /** Prepared statements, settings and advisory locks: of one of the sessions, which alternate. */
  async function leftovers(): Promise<readonly unknown[]> {
    const { rows } = await query(
      pooledUrl,
      `select name from pg_prepared_statements
       union all select locktype from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())
       union all select name from pg_settings where source = 'session'
         and name not in ('application_name', 'client_encoding')`,
    );
    return rows;
  }

  test('PGC-09 PgBouncer is restarted: all connect again, and no stream moves', async () => {
    const { fleet } = nodes;
    const at = machineTime();
    await pooler.restart();
    const away = machineTime() - at;
    await delay(ttl);
    const stalled = fleet.stalledIn({ from: at, to: machineTime() });
    await fleet.settle();
    // On a machine that kept them waiting for longer leases end, as they may.
    expect(away + stalled < ttl / 2 ? fleet.movedSince(at) : []).toEqual([]);
  });

  test('PGC-09 PgBouncer is paused for T/4: no lease ends, and status has told of it', async () => {
    await nodes.expectStill(async () => {
      await admin('pause');
      await delay(ttl / 4);
      await admin('resume');
    });
    const { store } = await nodes.victim().status();
    expect(store.lastFailure).toBeDefined();
  });

  test('PGC-09 PgBouncer is paused for 2 T: all streams stop, and run again after it', async () => {
    const outage = new Outage(nodes.fleet);
    await admin('pause');
    await outage.expectAllStop();
    await delay(outage.at + 2 * ttl - machineTime());
    await admin('resume');
    await outage.expectBack();
  });

  /** Runs a command of its console, which takes no query with parameters. */
  async function admin(command: string): Promise<void> {
    await query(pooler.adminUrl, command);
  }
});

async function query(url: string, text: string): Promise<pg.QueryResult<object>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query<object>(text);
  } finally {
    await client.end();
  }
}
