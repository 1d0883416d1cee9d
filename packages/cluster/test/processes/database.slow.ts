import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres/server.ts';
import { onPostgres } from '../postgres/support.ts';
import { Outage } from './outage.ts';
import { Progress } from './progress.ts';
import { expectBelow } from './rows.ts';
import { faultOf, streams, TestNodes } from './test-nodes.ts';

onPostgres('nodes whose database fails, for long or in its own ways', () => {
  const maxConnections = 40;

  let server: PostgresServer;
  const nodes = new TestNodes(async () => {
    const settings = { max_connections: maxConnections, superuser_reserved_connections: 0 };
    server = await startPostgres({ settings });
    return new PostgresDatabase(server.url());
  });

  // After the nodes.
  afterAll(() => server.close());

  test('PGC-02 while all connections are ended each second for 20 s, streams go on in between', async () => {
    const { database } = nodes;
    for (let second = 0; second < 20; second += 1) {
      await database.terminateAll();
      const before = sum(await database.reached());
      await delay(1000);
      expect(sum(await database.reached())).toBeGreaterThan(before);
    }
  });

  test('PGC-07 a closed port stops all streams, and status says so', async () => {
    const { fleet, database } = nodes;
    const outage = new Outage(fleet);
    await Promise.all(database.proxies().map((proxy) => proxy.refuse()));
    await outage.expectAllStop();
    await untilTold('ECONNREFUSED');
    await Promise.all(database.proxies().map((proxy) => proxy.listen()));
    await outage.expectBack();
  });

  test('PGC-07 a server with too many clients stops all streams, and status has its words', async () => {
    const crowd = await takeAll();
    const outage = new Outage(nodes.fleet);
    await outage.expectAllStop();
    await untilTold('too many clients');
    await Promise.all(crowd.map((client) => client.end()));
    await outage.expectBack();
  });

  /** Takes all connections of the server; the nodes lose theirs meanwhile. */
  async function takeAll(): Promise<readonly pg.Client[]> {
    const crowd: pg.Client[] = [];
    while (crowd.length < maxConnections) {
      for (const proxy of nodes.database.proxies()) {
        proxy.cut();
      }
      const client = new pg.Client({ connectionString: server.url() });
      client.on('error', () => undefined);
      await client.connect().then(
        () => crowd.push(client),
        () => undefined,
      );
    }
    return crowd;
  }

  test('PGC-07 a server that starts up and takes no connections yet stops all streams, and status has its words', async () => {
    const { fleet, database } = nodes;
    // A standby that answers no queries: it starts up until it is promoted.
    await database.query('alter system set hot_standby = off');
    const [place] = await database.query<{ data_directory: string }>('show data_directory');
    const outage = new Outage(fleet);
    await server.stop('SIGKILL');
    writeFileSync(join(place?.data_directory ?? '', 'standby.signal'), '');
    const started = server.start();
    await outage.expectAllStop();
    // Before that it recovers from the crash, and cannot be promoted.
    await untilTold('not accepting connections');
    server.promote();
    await started;
    await outage.expectBack();
  });

  test('PGC-16 a server that becomes read-only stops all streams, and they resume when it ends', async () => {
    const { fleet, database } = nodes;
    await database.query('alter system set default_transaction_read_only = on');
    const outage = new Outage(fleet);
    server.reload();
    await outage.expectAllStop();
    await untilTold('read-only transaction');
    await writing('alter system reset default_transaction_read_only');
    server.reload();
    await outage.expectBack();
  });

  /** Runs a statement though the server is read-only. */
  async function writing(text: string): Promise<void> {
    const options = encodeURIComponent('-c default_transaction_read_only=off');
    const client = new pg.Client({ connectionString: `${server.url()}?options=${options}` });
    await client.connect();
    await client.query(text);
    await client.end();
  }

  test('PGC-11 a lease connection that hangs while a renewal is under way ends the lease in time', async () => {
    const { database } = nodes;
    const node = nodes.victim();
    const { lease } = database.ways(node.name);
    const isWaiting = `select from pg_stat_activity
      where client_port = any($1::int[]) and wait_event_type = 'Lock'`;
    const row = `select from reprise.nodes where name = '${node.name}' for update`;
    const fault = await database.locked(row, async () => {
      while ((await database.query(isWaiting, [lease.ports])).length === 0) {
        await delay(5);
      }
      lease.swallow('both');
      lease.swallowsNew = 'both';
      return faultOf(node);
    });
    await nodes.expectHandOver(fault, () => {
      lease.swallowsNew = 'nothing';
    });
  });

  test('PGC-12 while all nodes are deployed anew, each stream progresses within 5 s', async () => {
    const { fleet, database } = nodes;
    const progress = Progress.watch(() => database.reached());
    for (const name of nodes.names) {
      await fleet.node(name).stop();
      await fleet.add(name);
      await fleet.settle();
    }
    const pauses = await progress.end();
    expect(pauses).toHaveLength(streams);
    expectBelow(
      pauses.map(({ from, to }) => nodes.since(from, to)),
      5000,
    );
  });

  /** The last failure in the status of a node has these words: one of them may be a timeout. */
  async function untilTold(words: string): Promise<void> {
    for (let text = ''; !text.includes(words); await delay(20)) {
      const { store } = await nodes.fleet.node('a').status();
      text = store.lastFailure?.text ?? '';
    }
  }
});

function sum(reached: ReadonlyMap<string, number>): number {
  return [...reached.values()].reduce((total, number) => total + number, 0);
}
