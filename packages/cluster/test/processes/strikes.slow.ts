import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';

import { Fleet } from '../../../../bench/torture/fleet.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres/server.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectCleanAndSingle } from './rows.ts';

jest.setTimeout(10 * 60_000);

/** Notes each write that gives a stream a strike: it may be cleared two seconds later. */
const noting = `create table struck (key text, strikes int);
create function note_strike() returns trigger language plpgsql as $$ begin
  insert into struck values (new.key, new.strikes);
  return null;
end $$;
create trigger note_strike after update on reprise.owners
  for each row when (new.strikes > 0) execute function note_strike();`;

onPostgres('nodes with 60 streams under load', () => {
  // A busy machine costs no lease: a node that lost its own would be buried, with a strike.
  const ttl = 10_000;

  let server: PostgresServer;
  let database: PostgresDatabase;
  let fleet: Fleet;

  beforeAll(async () => {
    server = await startPostgres();
    database = new PostgresDatabase(server.url());
    fleet = await Fleet.start({ database, ttl, streams: 60, rate: 2 });
    await Promise.all(['a', 'b', 'c'].map((name) => fleet.add(name)));
    await fleet.settle();
    await database.query(noting);
  });

  beforeEach(async () => {
    await fleet.settle();
    await database.query('delete from struck');
  });

  afterEach(async () => {
    await expectCleanAndSingle(fleet);
    expect(await database.parked()).toEqual(new Map());
    expect([...fleet.nodes.values()].filter(({ hasEnded }) => hasEnded)).toEqual([]);
  });

  afterAll(async () => {
    await fleet.close();
    await server.close();
  });

  /** The most strikes that a stream has had. */
  async function mostStrikes(): Promise<number> {
    const [row] = await database.query<{ most: number }>(
      'select coalesce(max(strikes), 0) as most from struck',
    );
    return row?.most ?? NaN;
  }

  test('a restart of Postgres makes no strike', async () => {
    await server.stop('SIGKILL');
    await server.start();
    await fleet.settle();
    expect(await mostStrikes()).toBe(0);
  });

  test('a Postgres that has no connections but those of the leases, for 40 s, makes no strike', async () => {
    const pools = ['a', 'b', 'c'].map((name) => database.ways(name).pool);
    await Promise.all(pools.map((pool) => pool.refuse()));
    await delay(40_000);
    await Promise.all(pools.map((pool) => pool.listen()));
    await fleet.settle();
    expect(await mostStrikes()).toBe(0);
  });

  // The first node that is back buries what the others were, and a claim from the dead counts.
  test('an outage of Postgres for 2 T makes one strike at most, and parks nothing', async () => {
    await server.stop('SIGKILL');
    await delay(2 * ttl);
    await server.start();
    await fleet.settle();
    expect(await mostStrikes()).toBeLessThanOrEqual(1);
  });
});
