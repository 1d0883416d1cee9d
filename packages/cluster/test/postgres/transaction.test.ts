import { expect, test } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect } from 'kysely';
import pg, { type PoolClient } from 'pg';

import { NotOwnerError } from '../../src/index.ts';
import {
  failureOf,
  free,
  gate,
  never,
  onPostgres,
  only,
  type Opened,
  own,
  type Owner,
  Place,
  step,
  until,
} from './support.ts';

interface Arranged extends AsyncDisposable {
  readonly place: Place;
  readonly opened: Opened;
  readonly owner: Owner;
  readonly table: string;
  /** Runs a handler for the event that moves the cursor from none to `1`. */
  run(work: (tx: PoolClient) => unknown, signal?: AbortSignal): Promise<unknown>;
  effects(): Promise<readonly string[]>;
}

/** A node that owns the stream `eur`, and a table for effects. */
async function arrange(options?: Parameters<Place['open']>[0], ttl?: number): Promise<Arranged> {
  const place = await Place.create();
  const opened = await place.open(options, ttl);
  const owner = await own(opened.store, ['eur']);
  const table = `${place.schema}.effect`;
  await place.sql(`create table ${table} (body text primary key)`);
  return {
    place,
    opened,
    owner,
    table,
    run: async (work, signal = never()) =>
      opened.store.transact(owner.id, step(only(owner), '1'), work, signal),
    effects: async () => {
      const rows = await place.sql<{ body: string }>(`select body from ${table} order by body`);
      return rows.map(({ body }) => body);
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

onPostgres('a transaction of a handler', () => {
  test('is committed with its cursor, and has the result of the handler', async () => {
    await using world = await arrange();
    const result = await world.run(async (tx) => {
      await tx.query(`insert into ${world.table} values ('a')`);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await world.effects()).toEqual(['a']);
    expect(await world.place.cursor('eur')).toBe('1');
  });

  test('moves the cursor also if the handler asks nothing', async () => {
    await using world = await arrange();
    await world.run(() => 7);
    expect(await world.place.cursor('eur')).toBe('1');
  });

  test('has its beginning, the first statement, and all that follow in order, not awaited', async () => {
    await using world = await arrange();
    await world.run(async (tx) => {
      await Promise.all(
        ['a', 'b', 'c'].map((body) => tx.query(`insert into ${world.table} values ($1)`, [body])),
      );
      // Not awaited: it is before the commit all the same.
      void tx.query(`insert into ${world.table} values ('d')`);
    });
    expect(await world.effects()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('works in a pool of the user, without pipelining, which stays open', async () => {
    const place = await Place.create();
    await using _ = place;
    const pool = new pg.Pool({ connectionString: place.url, max: 2 });
    await using world = await arrange({ pool, leaseUrl: place.url });
    await world.run((tx) => tx.query(`insert into ${world.table} values ('a')`));
    expect(await world.effects()).toEqual(['a']);
    await world.opened.store.close();
    expect((await pool.query('select 7 as value')).rows).toEqual([{ value: 7 }]);
    expect(pool.listenerCount('error')).toBe(0);
    await pool.end();
  });

  test('TX-05 that throws leaves nothing, and the cursor where it was', async () => {
    await using world = await arrange();
    const boom = new Error('boom');
    const run = world.run(async (tx) => {
      await tx.query(`insert into ${world.table} values ('a')`);
      throw boom;
    });
    await expect(run).rejects.toBe(boom);
    const thrown = world.run(() => {
      throw boom;
    });
    await expect(thrown).rejects.toBe(boom);
    expect(await world.effects()).toEqual([]);
    expect(await world.place.cursor('eur')).toBe('');
    // Each locked row is free again: the next attempt does not wait.
    await world.run((tx) => tx.query(`insert into ${world.table} values ('a')`));
    expect(await world.effects()).toEqual(['a']);
  });

  test('TX-06 whose failed statement is hidden by the handler crashes with that first error', async () => {
    await using world = await arrange();
    const run = world.run(async (tx) => {
      await tx.query(`insert into ${world.table} values ('a')`);
      await tx.query('select from missing_first').catch(() => {});
      await tx.query('select from missing_second').catch(() => {});
    });
    await expect(run).rejects.toMatchObject({
      message: expect.stringContaining('relation "missing_first" does not exist'),
      cause: { code: '42P01' },
    });
    expect(await world.effects()).toEqual([]);
    expect(await world.place.cursor('eur')).toBe('');
  });

  test('TX-06 goes on after a failed statement behind a savepoint', async () => {
    await using world = await arrange();
    await world.run(async (tx) => {
      await tx.query('savepoint here');
      await tx.query('select from missing').catch(() => {});
      await tx.query('rollback to savepoint here');
      await tx.query(`insert into ${world.table} values ('a')`);
    });
    expect(await world.effects()).toEqual(['a']);
  });

  test('that violates a deferred constraint crashes with the words of the server', async () => {
    await using world = await arrange();
    await world.place.sql(`alter table ${world.table} drop constraint effect_pkey`);
    await world.place.sql(
      `alter table ${world.table} add constraint once unique (body) deferrable initially deferred`,
    );
    const run = world.run(async (tx) => {
      await tx.query(`insert into ${world.table} values ('a')`);
      await tx.query(`insert into ${world.table} values ('a')`);
    });
    await expect(run).rejects.toThrow('duplicate key value violates unique constraint "once"');
    expect(await world.effects()).toEqual([]);
    expect(await world.place.cursor('eur')).toBe('');
  });

  test.each([
    'begin',
    'commit',
    'rollback',
    'END;',
    '/* x */ commit',
    'select 1; select 2',
    'savepoint a; commit',
  ])('TX-07 does not send %j: a TypeError', async (statement) => {
    await using world = await arrange();
    const refused: unknown[] = [];
    await world.run(async (tx) => {
      await tx.query(`insert into ${world.table} values ('a')`);
      const forms: readonly (string | pg.QueryConfig)[] = [statement, { text: statement }];
      for (const form of forms) {
        await tx.query(form).catch((error: unknown) => refused.push(error));
      }
      const { promise, resolve } = Promise.withResolvers();
      tx.query(statement, resolve);
      refused.push(await promise);
    });
    expect(refused).toEqual([expect.any(TypeError), expect.any(TypeError), expect.any(TypeError)]);
    // Nothing was sent: the transaction was whole, and is committed.
    expect(await world.effects()).toEqual(['a']);
    expect(await world.place.cursor('eur')).toBe('1');
  });

  test('does not give its connection away', async () => {
    await using world = await arrange();
    await world.run(async (tx) => {
      expect(() => tx.end()).toThrow(TypeError);
      expect(() => tx.connect()).toThrow(TypeError);
      // Kysely calls it after each statement.
      tx.release();
      await tx.query(`insert into ${world.table} values ('a')`);
    });
    expect(await world.effects()).toEqual(['a']);
  });

  test('TX-08 that was ended behind the check crashes, and says that an effect may have stayed', async () => {
    await using world = await arrange();
    const run = world.run(async (tx) => {
      await tx.query(`insert into ${world.table} values ('a')`);
      await new Promise((resolve) => {
        tx.query(new Hidden('commit', resolve));
      });
      await tx.query(`insert into ${world.table} values ('b')`);
    });
    await expect(run).rejects.toMatchObject({
      message: expect.stringMatching(/handler of eur .* an effect may have stayed/),
      cause: { code: 'RP002' },
    });
    expect(await world.place.cursor('eur')).toBe('');
  });

  test('TX-09 takes inserts by Drizzle and Kysely', async () => {
    await using world = await arrange();
    const effect = pgTable('effect', { body: text('body') });
    await world.run(async (tx) => {
      await tx.query(`set local search_path to ${world.place.schema}`);
      await drizzle(tx).insert(effect).values({ body: 'by drizzle' });
      const pool = { connect: async () => tx, end: async () => {}, options: {} };
      const kysely = new Kysely<{ effect: { body: string } }>({
        dialect: new PostgresDialect({ pool }),
      });
      await kysely.insertInto('effect').values({ body: 'by kysely' }).execute();
      expect(await drizzle(tx).select().from(effect)).toHaveLength(2);
    });
    expect(await world.effects()).toEqual(['by drizzle', 'by kysely']);
    const boom = new Error('boom');
    const move = { ...step(only(world.owner), '2'), was: '1' };
    const failed = world.opened.store.transact(
      world.owner.id,
      move,
      async (tx: PoolClient) => {
        await tx.query(`set local search_path to ${world.place.schema}`);
        await drizzle(tx).insert(effect).values({ body: 'dropped' });
        throw boom;
      },
      never(),
    );
    await expect(failed).rejects.toBe(boom);
    expect(await world.effects()).toEqual(['by drizzle', 'by kysely']);
  });

  test('TX-09 refuses the transaction of Drizzle and of Kysely: a TypeError, and nothing stays', async () => {
    await using world = await arrange();
    const byDrizzle = world.run((tx) =>
      drizzle(tx).transaction((inner) =>
        inner.execute(sql.raw(`insert into ${world.table} values ('a')`)),
      ),
    );
    await expect(byDrizzle).rejects.toThrow(TypeError);
    await expect(byDrizzle).rejects.toThrow(/"begin"/);
    const byKysely = world.run((tx) => {
      const pool = { connect: async () => tx, end: async () => {}, options: {} };
      const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
      return kysely.transaction().execute(async () => {});
    });
    await expect(byKysely).rejects.toThrow(TypeError);
    expect(await world.effects()).toEqual([]);
    expect(await world.place.cursor('eur')).toBe('');
  });

  test('TX-10 is over when its handler has returned: tx sends nothing any more', async () => {
    await using world = await arrange();
    const kept: PoolClient[] = [];
    await world.run(async (tx) => {
      kept.push(tx);
      await tx.query(`insert into ${world.table} values ('a')`);
    });
    const [tx] = kept;
    const late = tx?.query(`insert into ${world.table} values ('late')`);
    await expect(late).rejects.toThrow('before its handler has returned');
    expect(await world.effects()).toEqual(['a']);
  });

  test('TX-11 of a handler that never settles is rolled back when its signal aborts', async () => {
    await using world = await arrange();
    const controller = new AbortController();
    const inserted = gate();
    const pids: number[] = [];
    const run = world.run(async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      pids.push(rows[0]?.pid ?? 0);
      await tx.query(`insert into ${world.table} values ('a')`);
      inserted.open();
      await new Promise(() => {});
    }, controller.signal);
    const failure = failureOf(run);
    await inserted.opened;
    controller.abort(new Error('stopped'));
    expect(await failure).toMatchObject({ message: 'stopped' });
    // Its connection is given to nobody: the server has ended it.
    await until(async () => {
      const rows = await world.place.sql('select from pg_stat_activity where pid = $1', pids);
      return rows.length === 0;
    });
    await world.run((tx) => tx.query(`insert into ${world.table} values ('a')`));
    expect(await world.effects()).toEqual(['a']);
  });

  test('TX-11 whose statement runs on is ended at the server when its signal aborts, with its locks', async () => {
    await using world = await arrange(undefined, 4000);
    const controller = new AbortController();
    const sleeping = `select pg_sleep(3600) from ${world.table}`;
    const failure = failureOf(
      world.run(async (tx) => {
        await tx.query(`insert into ${world.table} values ('a')`);
        await tx.query(sleeping);
      }, controller.signal),
    );
    const isRunning = async () => {
      const rows = await world.place.sql('select from pg_stat_activity where query = $1', [
        sleeping,
      ]);
      return rows.length > 0;
    };
    await until(isRunning);
    controller.abort(new Error('stopped'));
    expect(await failure).toMatchObject({ message: 'stopped' });
    await until(async () => !(await isRunning()));
    await world.run((tx) => tx.query(`insert into ${world.table} values ('a')`));
    expect(await world.effects()).toEqual(['a']);
  });

  test('TX-11 that still waits for a connection does not begin after its signal has aborted', async () => {
    await using world = await arrange();
    const controller = new AbortController();
    const full = gate();
    const blocked = gate();
    let holding = 0;
    const { store } = world.opened;
    const others = await own(store, ['a', 'b', 'c', 'd'], world.owner.id);
    const holders = others.claims.map((claim) =>
      Promise.resolve(
        store.transact(
          world.owner.id,
          step(claim, '1'),
          async () => {
            holding += 1;
            if (holding === 4) {
              full.open();
            }
            await blocked.opened;
          },
          never(),
        ),
      ),
    );
    await full.opened;
    let began = false;
    const waiting = world.run(() => {
      began = true;
    }, controller.signal);
    const failure = failureOf(waiting);
    controller.abort(new Error('stopped'));
    expect(await failure).toMatchObject({ message: 'stopped' });
    blocked.open();
    await Promise.all(holders);
    expect(began).toBe(false);
    // The connection that it would have got is there for the next one.
    await world.run(() => {});
    expect(await world.place.cursor('eur')).toBe('1');
  });

  test('whose handler goes on is rolled back when the store closes', async () => {
    await using world = await arrange();
    const inserted = gate();
    const failure = failureOf(
      world.run(async (tx) => {
        await tx.query(`insert into ${world.table} values ('a')`);
        inserted.open();
        await new Promise(() => {});
      }),
    );
    await inserted.opened;
    await world.opened.store.close();
    expect(await failure).toMatchObject({ message: expect.stringMatching(/terminated/) });
    expect(world.opened.errors).toEqual([]);
    expect(await world.effects()).toEqual([]);
  });

  test('with another cursor before, another epoch or another owner is refused, whole', async () => {
    await using world = await arrange();
    const { store } = world.opened;
    const move = step(only(world.owner), '1');
    const other = await own(store, ['usd']);
    const wrong = [
      [world.owner.id, { ...move, was: '0' }],
      [world.owner.id, { ...move, epoch: move.epoch - 1 }],
      [world.owner.id, { ...move, key: 'none' }],
      [other.id, move],
    ] as const;
    for (const [id, step_] of wrong) {
      const run = store.transact(
        id,
        step_,
        (tx: PoolClient) => tx.query(`insert into ${world.table} values ('a')`),
        never(),
      );
      await expect(run).rejects.toThrow(NotOwnerError);
    }
    expect(await world.effects()).toEqual([]);
    expect(await world.place.cursor('eur')).toBe('');
    const claimed = await store.claim(other.id, [free(only(world.owner))]);
    expect(claimed).toHaveLength(1);
  });
});

/** A second driver on the same connection: nobody sees what it sends. */
class Hidden extends pg.Query {
  readonly #hidden: string;

  constructor(hidden: string, done: (value: unknown) => void) {
    super('select 1', done);
    this.#hidden = hidden;
  }

  override submit = (connection: pg.Connection): void => {
    connection.query(this.#hidden);
  };
}
