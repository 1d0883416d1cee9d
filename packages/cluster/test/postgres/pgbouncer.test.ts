import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';

import { onPgBouncer } from '../../../../tools/postgres/describe.ts';
import { type PgBouncer, startPgBouncer } from '../../../../tools/postgres/pgbouncer.ts';
import { failureOf, join, never, only, own, Place, step, until } from './support.ts';

onPgBouncer('behind PgBouncer in transaction mode, with two connections', () => {
  let pgBouncer: PgBouncer;
  let direct: Place;
  let place: Place;
  beforeAll(async () => {
    direct = await Place.create();
    const { port, pathname } = new URL(direct.url);
    pgBouncer = await startPgBouncer({ port: Number(port) }, { default_pool_size: 2 });
    place = await Place.create(pgBouncer.url(pathname.slice(1)));
  });
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    await direct[Symbol.asyncDispose]();
    await pgBouncer.close();
  });

  test('PGC-08 three nodes commit each effect once, and leave nothing in the sessions of the server', async () => {
    const nodes = await Promise.all([place.open(), place.open(), place.open()]);
    await place.sql(`create table ${place.schema}.effect (key text, number int)`);
    const owners = await Promise.all(
      nodes.map(({ store }, node) => own(store, [`${node}-a`, `${node}-b`, `${node}-c`])),
    );
    const events = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(
      owners.flatMap(({ id, claims }, node) =>
        claims.map(async (claim) => {
          for (const number of events) {
            const was = number === 1 ? '' : `${number - 1}`;
            const insert = `insert into ${place.schema}.effect values ($1, $2)`;
            await nodes[node]?.store.transact(
              id,
              { ...claim, was, cursor: `${number}` },
              (tx) => tx.query(insert, [claim.key, number]),
              never(),
            );
            await nodes[node]?.store.renew(id, randomUUID(), {
              owned: 3,
              draining: false,
              list: '',
              busy: 0,
            });
          }
        }),
      ),
    );
    const effects = await place.sql<{ key: string; numbers: number[] }>(
      `select key, array_agg(number order by number) as numbers from ${place.schema}.effect group by key`,
    );
    expect(effects).toHaveLength(9);
    expect(effects.map(({ numbers }) => numbers)).toEqual(effects.map(() => events));
    expect(nodes.flatMap(({ errors }) => errors)).toEqual([]);
    expect(await leftovers(place)).toEqual([]);
  });

  test('PGC-10 a start warns that the leases go through a pooler, unless they have a way past it', async () => {
    const { warnings } = await place.open();
    expect(warnings).toEqual([
      'The lease connection goes through a pooler: when that is busy, leases end. Give `leaseUrl` a way past it',
    ]);
    expect((await place.open({ leaseUrl: direct.url })).warnings).toEqual([]);
  });

  test('PGC-10 a pool that others use up fails a renewal after an eighth of T, not one past it', async () => {
    const through = await place.open({}, 8000);
    const past = await place.open({ leaseUrl: direct.url }, 8000);
    const ids = [await join(through.store), await join(past.store)] as const;
    const others = [await place.client(), await place.client()];
    await Promise.all(others.map((client) => client.query('begin')));
    const idle = { owned: 0, draining: false, list: '', busy: 0 };
    expect(await failureOf(through.store.renew(ids[0], randomUUID(), idle))).toMatchObject({
      message: 'Expected an answer of Postgres within 1000 ms, got none',
    });
    expect(await past.store.renew(ids[1], randomUUID(), idle)).toBe(true);
    await Promise.all(others.map((client) => client.query('rollback')));
    await until(async () => through.store.renew(ids[0], randomUUID(), idle).catch(() => false));
  });

  test('PGC-08 a lease connection that is given up leaves no answer to the next client', async () => {
    const { store } = await place.open({}, 8000);
    const id = await join(store);
    const [other, next] = [await place.client(), await place.client()];
    const locking = await direct.client();
    await other.query('begin');
    await locking.query('begin');
    await locking.query(`select from ${place.schema}.nodes for update`);
    const watched = store.watch();
    const idle = { owned: 0, draining: false, list: '', busy: 0 };
    const renewed = failureOf(store.renew(id, randomUUID(), idle));
    // The first answer arrives. While the second is awaited, the next client waits for its turn.
    await watched;
    const answer = next.query("select 'its own' as answer");
    await renewed;
    await locking.query('rollback');
    expect((await answer).rows).toEqual([{ answer: 'its own' }]);
    await other.query('rollback');
  });

  test('PGC-19 a cursor that waits for a lock takes a connection as long as that may take', async () => {
    const { store } = await place.open({}, 60_000);
    const owner = await own(store, ['eur']);
    const rows = [{ key: 'eur', epoch: only(owner).epoch, cursor: '1' }];
    // Its client never gives up.
    const hasty = await place.open({}, 2000, virtualClock());
    const locking = await direct.client();
    // The server ends it if the test has failed.
    await locking.query("set idle_in_transaction_session_timeout to '30 s'");
    await locking.query('begin');
    await locking.query(`lock table ${place.schema}.owners in access exclusive mode`);
    expect(await failureOf(hasty.store.save(owner.id, rows))).toMatchObject({ code: '57014' });
    await locking.query('rollback');
    expect(await store.save(owner.id, rows)).toEqual(['eur']);
    expect(await leftovers(place)).toEqual([]);
  });

  test('PGC-08 the statements of a transaction reach one session, also beside others', async () => {
    const { store } = await place.open();
    const owner = await own(store, ['one', 'two', 'three', 'four']);
    const sessions = await Promise.all(
      owner.claims.map(async (claim) => {
        const pids = new Set<number>();
        await store.transact(
          owner.id,
          step(claim, '1'),
          async (tx) => {
            for (let count = 0; count < 5; count += 1) {
              const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
              pids.add(rows[0]?.pid ?? 0);
            }
          },
          never(),
        );
        return pids.size;
      }),
    );
    expect(sessions).toEqual([1, 1, 1, 1]);
  });
});

/** What sessions keep: prepared statements, advisory locks, and settings. Looked at in both. */
async function leftovers(place: Place): Promise<readonly unknown[]> {
  const clients = [await place.client(), await place.client()];
  const found: unknown[] = [];
  // In a transaction each has a session of its own: together they have all that there are.
  for (const client of clients) {
    await client.query('begin');
  }
  for (const client of clients) {
    const { rows } = await client.query(`select name from pg_prepared_statements
      union all select locktype from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())
      union all select name from pg_settings where source = 'session'
        and name not in ('application_name', 'client_encoding')`);
    found.push(...rows);
    await client.query('rollback');
  }
  return found;
}
