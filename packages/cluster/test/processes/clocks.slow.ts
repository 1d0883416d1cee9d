import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import type { Database } from '../../../../bench/torture/database.ts';
import { Fleet } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { SqliteDatabase } from '../../../../bench/torture/sqlite-database.ts';
import { faketimeLibrary, SteppedClock } from '../../../../tools/faketime.ts';
import { type Environment, makeFolder } from '../../../../tools/postgres/as-user.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres/server.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectCleanAndSingle, newEpochs } from './rows.ts';
import { streams } from './test-nodes.ts';

jest.setTimeout(5 * 60_000);

const ttl = 2000;
const names = ['a', 'b', 'c'];
const library = faketimeLibrary();

(library === undefined ? describe.skip : onPostgres)('wall clocks that step', () => {
  let folder: string;
  let clock: SteppedClock;
  let database: Database;
  let fleet: Fleet;

  beforeEach(() => {
    // Postgres runs as another user, who reads the file.
    folder = makeFolder('clock');
    clock = new SteppedClock(library ?? '', join(folder, 'offset'));
  });

  afterEach(async () => {
    await fleet.close();
    rmSync(folder, { recursive: true });
  });

  async function start(place: Database, ofFirst: Environment = {}): Promise<void> {
    database = place;
    fleet = await Fleet.start({ database, ttl, streams, rate: 2 });
    await Promise.all(names.map((name, index) => fleet.add(name, index === 0 ? ofFirst : {})));
    await fleet.settle();
  }

  /** After a step nothing moves for 3 T, and no node is fenced. */
  async function expectNoMove(offset: string): Promise<void> {
    const ids = await nodeIds();
    const at = machineTime();
    clock.step(offset);
    await delay(3 * ttl);
    expect(fleet.movedSince(at)).toEqual([]);
    expect(await nodeIds()).toEqual(ids);
    await expectCleanAndSingle(fleet);
  }

  async function nodeIds(): Promise<readonly string[]> {
    const all = await Promise.all(names.map((name) => fleet.node(name).status()));
    return all.map(({ node }) => node.id);
  }

  describe.each([
    ['', async () => new PostgresDatabase(await testDatabase())],
    ['SQL-01 ', async () => new SqliteDatabase()],
  ] as const)('of a node %s', (also, open) => {
    test(`${also}LEASE-08 that of a node goes back by an hour: nothing happens`, async () => {
      await start(await open(), clock.env);
      const epochs = await database.epochs();
      await expectNoMove('-1h');
      expect(await newEpochs(database, epochs)).toEqual([]);
    });

    test(`${also}LEASE-08 that of a node goes on by an hour: it stops its streams once, before they are taken`, async () => {
      await start(await open(), clock.env);
      const node = fleet.node('a');
      const { id } = (await node.status()).node;
      const at = machineTime();
      clock.step('+1h');
      await delay(3 * ttl);
      expect(fleet.gapsSince(at).filter(({ ms }) => ms < 0)).toEqual([]);
      await fleet.settle();
      expect((await node.status()).node.id).not.toBe(id);
      expect(node.stderr.match(/stops all its streams/g)).toHaveLength(1);
      await expectCleanAndSingle(fleet);
    });
  });

  describe('of the server', () => {
    let server: PostgresServer;

    beforeEach(async () => {
      server = await startPostgres({ env: clock.env });
      await start(new PostgresDatabase(server.url()));
    });

    afterEach(() => server.close());

    test('LEASE-09 that of the server steps by 10 s, back, and by an hour: nothing moves, and no node is fenced', async () => {
      const serverTime = async (): Promise<number> => {
        const rows = await (database as PostgresDatabase).query<{ readonly now: number }>(
          'select extract(epoch from clock_timestamp())::float8 as now',
        );
        return rows[0]?.now ?? NaN;
      };
      for (const [offset, seconds] of [
        ['+10s', 10],
        ['-10s', -10],
        ['+1h', 3600],
      ] as const) {
        // A transaction that is open then seems to have been idle for long, and is ended: its
        // stream begins anew where it is.
        await expectNoMove(offset);
        expect(Math.abs((await serverTime()) - Date.now() / 1000 - seconds)).toBeLessThan(5);
      }
    });
  });
});
