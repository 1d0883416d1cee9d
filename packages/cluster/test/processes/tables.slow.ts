import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { Fleet } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { Outage } from './outage.ts';
import { expectBelow, expectCleanAndSingle } from './rows.ts';

onPostgres('nodes whose tables are removed', () => {
  const ttl = 3000;
  const names = ['a', 'b', 'c'];

  let database: PostgresDatabase;
  let fleet: Fleet;

  beforeEach(async () => {
    database = new PostgresDatabase(await testDatabase());
    fleet = await Fleet.start({ database, ttl, streams: 30, rate: 2 });
    await Promise.all(names.map((name) => fleet.add(name)));
    await fleet.settle();
  });

  afterEach(() => fleet.close());

  test('PGC-17 all stop before T, say what is missing, and end with status 3 after T, for good', async () => {
    const nodes = names.map((name) => fleet.node(name));
    const at = machineTime();
    const open = fleet.source.openAt(at);
    await database.query('drop schema reprise cascade');
    const ends = await Promise.all(nodes.map(({ ended }) => ended));
    const to = machineTime();
    expect(to - at).toBeGreaterThan(ttl);
    expect(ends.map(({ status }) => status)).toEqual([3, 3, 3]);
    const missing =
      'Expected the tables of the schema reprise, got: relation "reprise.nodes" does not exist';
    expect(nodes.filter(({ stderr }) => !stderr.includes(missing))).toEqual([]);
    expectBelow(
      open.map((stop) => ({ ms: stop.to - at, stalled: fleet.stalledIn({ from: at, to }) })),
      ttl,
    );
    // No node has made the tables anew: the cursors would begin at nothing.
    expect(await database.query("select to_regnamespace('reprise') as name")).toEqual([
      { name: null },
    ]);
  });

  test('PGC-17 all go on with tables that are back before T', async () => {
    const outage = new Outage(fleet);
    await database.query('alter schema reprise rename to kept');
    // Longer than any lease: a node that kept its own would take the streams of the others.
    await delay(0.9 * ttl);
    await database.query('alter schema kept rename to reprise');
    await outage.expectBack();
    await expectCleanAndSingle(fleet);
  });
});
