import { randomUUID } from 'node:crypto';

import { expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';
import pg, { type PoolClient } from 'pg';

import type { OpenStore } from '../../src/index.ts';
import type { PostgresOptions } from '../../src/postgres.ts';
import { listed } from '../store/arrange.ts';
import { failureOf, onPostgres, only, type Opened, own, Place, until } from './support.ts';

/** By the server, for the time that it took. */
const ended = expect.objectContaining({ code: '57014' });

const idle = { owned: 0, draining: false, list: '', busy: 0 };

/** A node, and what it is to ask while somebody holds a lock. */
interface Asking {
  readonly store: OpenStore<PoolClient>;
  readonly id: string;
  readonly epoch: number;
}

interface Case {
  readonly request: string;
  /** `S` stands for the schema. */
  readonly lock: string;
  readonly ask: (asking: Asking) => Promise<unknown>;
}

const cases: readonly Case[] = [
  {
    request: 'save',
    lock: 'lock table S.owners in access exclusive mode',
    ask: ({ store, id, epoch }) => store.save(id, [{ key: 'eur', epoch, cursor: '1' }]),
  },
  {
    request: 'declare',
    lock: 'lock table S.owners in access exclusive mode',
    ask: ({ store }) => store.declare(listed(['eur'])),
  },
  {
    request: 'list',
    lock: 'lock table S.streams in access exclusive mode',
    ask: ({ store }) => store.list(undefined),
  },
  {
    request: 'renew',
    lock: 'select from S.nodes for update',
    ask: ({ store, id }) => store.renew(id, randomUUID(), idle),
  },
  {
    request: 'watch',
    lock: 'lock table S.nodes in access exclusive mode',
    ask: ({ store }) => store.watch(),
  },
];

/** Begins a transaction that holds a lock; the server ends it if the test has failed. */
async function lockOf(place: Place, lock: string): Promise<pg.Client> {
  const locker = await place.client();
  await locker.query("set idle_in_transaction_session_timeout to '30 s'");
  await locker.query('begin');
  await locker.query(lock.replace('S', place.schema));
  return locker;
}

/** How many sessions wait for a lock of this place. */
async function waiting(place: Place): Promise<number> {
  const rows = await place.sql(
    `select from pg_locks l join pg_stat_activity a using (pid)
      where a.datname = current_database() and not l.granted and a.query like $1`,
    [`%${place.schema}%`],
  );
  return rows.length;
}

/** For the server a request has 250 ms, or a second; the client never gives up. */
function openHasty(place: Place, options: Partial<PostgresOptions> = {}): Promise<Opened> {
  return place.open(options, 2000, virtualClock());
}

onPostgres('a lock that somebody holds', () => {
  test.each(cases)(
    'PGC-19 holds $request up as long as that may take, and no session at the server longer',
    async ({ lock, ask }) => {
      await using place = await Place.create();
      const patient = await place.open({}, 60_000);
      const owner = await own(patient.store, ['eur']);
      const { store } = await openHasty(place);
      const locker = await lockOf(place, lock);
      const asking = { id: owner.id, epoch: only(owner).epoch };
      const failures = [failureOf(ask({ store, ...asking })), failureOf(ask({ store, ...asking }))];
      expect(await Promise.all(failures)).toEqual([ended, ended]);
      await until(async () => (await waiting(place)) === 0);
      await locker.query('rollback');
      await ask({ store: patient.store, ...asking });
    },
  );

  test('a pool of the user whose clients are not those of pg has no limit at the server', async () => {
    await using place = await Place.create();
    class OtherClient extends pg.Client {
      static readonly Query = undefined;
    }
    const pool = new pg.Pool({ connectionString: place.url, max: 2, Client: OtherClient });
    const { store } = await place.open({ pool, leaseUrl: place.url });
    const owner = await own(store, ['eur']);
    await store.save(owner.id, [{ key: 'eur', epoch: only(owner).epoch, cursor: '1' }]);
    expect(await place.cursor('eur')).toBe('1');
    await pool.end();
  });

  test('PGC-19 holds up no session of a pool of the user that has no pipeline, nor changes one', async () => {
    await using place = await Place.create();
    const patient = await place.open({}, 60_000);
    const owner = await own(patient.store, ['eur']);
    const pool = new pg.Pool({ connectionString: place.url, max: 1 });
    const { store } = await openHasty(place, { pool, leaseUrl: place.url });
    const rows = [{ key: 'eur', epoch: only(owner).epoch, cursor: '1' }];
    const locker = await lockOf(place, 'lock table S.owners in access exclusive mode');
    expect(await failureOf(store.save(owner.id, rows))).toEqual(ended);
    await locker.query('rollback');
    const { store: slow } = await place.open({ pool, leaseUrl: place.url }, 60_000);
    expect(await slow.save(owner.id, rows)).toEqual(['eur']);
    const { rows: settings } = await pool.query('show statement_timeout');
    expect(settings).toEqual([{ statement_timeout: '0' }]);
    await pool.end();
  });

  test('keeps no node from declaring the other streams, nor the same', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 60_000);
    await own(store, ['eur', 'usd']);
    const locker = await lockOf(place, `select from S.owners where key = 'eur' for update`);
    expect(await store.declare(listed(['eur', 'jpy', 'usd']))).toBe(true);
    const changed = ['eur', 'jpy', 'usd'].map((key) => ({ key, spec: 'new' }));
    expect(await store.declare(changed)).toBe(false);
    const specs = `select key, spec from ${place.schema}.owners order by key`;
    expect(await place.sql(specs)).toEqual([
      { key: 'eur', spec: '' },
      { key: 'jpy', spec: 'new' },
      { key: 'usd', spec: 'new' },
    ]);
    await locker.query('rollback');
    expect(await store.declare(changed)).toBe(true);
    expect(await place.sql(specs)).toEqual(changed);
  });

  test('keeps no node from declaring streams that another declares at this time', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 60_000);
    const other = await lockOf(place, `insert into S.owners (key, spec) values ('eur', 'old')`);
    const declaring = store.declare([{ key: 'eur', spec: 'new' }]);
    await until(async () => (await waiting(place)) > 0);
    await other.query('commit');
    expect(await declaring).toBe(false);
    expect(await store.declare([{ key: 'eur', spec: 'new' }])).toBe(true);
  });

  test('PGC-19 keeps no other stream from being saved and released, and is told', async () => {
    await using place = await Place.create();
    const { store, warnings } = await place.open({}, 30_000);
    const { id, claims } = await own(store, ['eur', 'jpy', 'usd']);
    const rows = claims.map(({ key, epoch }) => ({ key, epoch, cursor: '1' }));
    const released = rows.map((row) =>
      row.key === 'usd' ? { ...row, outcome: 'moved' as const } : row,
    );
    const locker = await lockOf(place, `select from S.owners where key = 'eur' for update`);
    expect(await failureOf(store.save(id, released))).toEqual(
      new Error('Expected to write eur, got a row that another transaction has locked'),
    );
    expect(warnings).toEqual([expect.stringContaining('look for a transaction that is open')]);
    const found = `select key, cursor, owner from ${place.schema}.owners order by key`;
    expect(await place.sql(found)).toEqual([
      { key: 'eur', cursor: '', owner: id },
      { key: 'jpy', cursor: '1', owner: id },
      { key: 'usd', cursor: '1', owner: null },
    ]);
    await locker.query('rollback');
    expect((await store.save(id, rows)).toSorted()).toEqual(['eur', 'jpy']);
  });
});
