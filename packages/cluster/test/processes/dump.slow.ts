import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { Fleet } from '../../../../bench/torture/fleet.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { dumpDatabase, restoreDatabase } from '../../../../tools/postgres/dump.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';

onPostgres('a database that is put back', () => {
  test('OWN-14 after an older dump is put back under running nodes all run, at epochs above all that were given, and the sink is clean', async () => {
    const url = await testDatabase();
    const database = new PostgresDatabase(url);
    const fleet = await Fleet.start({ database, ttl: 2000, streams: 60, rate: 2 });
    await Promise.all(['a', 'b', 'c'].map((name) => fleet.add(name)));
    await fleet.settle();
    await delay(1000);
    const dump = dumpDatabase(url);
    const before = await database.epochs();

    // A life that the dump does not know, with streams at epochs that it does not know.
    await fleet.node('c').kill();
    await fleet.settle(['a', 'b']);
    await fleet.add('c');
    await fleet.settle();
    const given = await database.epochs();
    const moved = [...given].filter(([key, epoch]) => epoch > (before.get(key) ?? 0));
    expect(moved.length).toBeGreaterThanOrEqual(20);

    // Handlers lock the table of the effects first: without a deadlock.
    restoreDatabase(url, `lock table effects;\n${dump}`);
    const restored = await database.epochs();
    expect([...given].filter(([key, epoch]) => epoch > (restored.get(key) ?? 0))).not.toEqual([]);
    // Each stream has an event meanwhile, and each node a look.
    await delay(2 * fleet.ttl);
    await fleet.settle();
    const { clean, problems } = await fleet.verdict();
    expect(problems).toEqual([]);
    expect(clean).toEqual({ lost: 0, twice: 0, outOfOrder: 0, fallen: 0 });
    const epochs = await database.epochs();
    expect([...given].filter(([key, epoch]) => (epochs.get(key) ?? 0) <= epoch)).toEqual([]);
    await fleet.close();
  }, 120_000);
});
