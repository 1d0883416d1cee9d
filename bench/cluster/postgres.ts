import { randomUUID } from 'node:crypto';

import { systemClock } from '@reprise/actor';
import { postgres } from '@reprise/cluster/postgres';
import { Pool, type PoolClient } from 'pg';

import { startPostgres } from '../../tools/postgres/server.ts';
import { cursorText, type Effect, effects, keysOf, type Side, timed } from './side.ts';
import { StoreSide } from './store-side.ts';

/** Both sides in databases of one server, with `fsync` on. */
export async function openPostgres(streams: number): Promise<Readonly<Record<string, Side>>> {
  const server = await startPostgres();
  const pool = new Pool({ connectionString: server.url(), max: 4, pipeline: true });
  await pool.query('create table effect (id bigint primary key, body text not null)');
  await pool.query('create table reprise_effect (id bigint primary key, body text not null)');
  const store = await postgres(server.url()).open({
    ttl: 10_000,
    clock: systemClock(),
    onError: console.error,
    onWarning: console.error,
  });
  const byHand = await ByHand.create(pool, streams);
  const side = await StoreSide.create(
    store,
    (tx, rows) => insert(tx, 'reprise_effect', rows),
    streams,
  );
  return {
    'by hand': byHand,
    reprise: {
      claim: (count) => side.claim(count),
      renew: (times) => side.renew(times),
      save: (cursors, times) => side.save(cursors, times),
      transact: (count, times) => side.transact(count, times),
      close: async () => {
        await side.close();
        await server.close();
      },
    },
  };
}

/** One insert of arrays, whatever their length. */
function insert(client: PoolClient, table: string, rows: readonly Effect[]): Promise<unknown> {
  return client.query(`insert into ${table} select * from unnest($1::bigint[], $2::text[])`, [
    rows.map(({ id }) => id),
    rows.map(({ body }) => body),
  ]);
}

/** The same tables and the same flights, written with pg, without anything that fences. */
class ByHand implements Side {
  readonly #pool: Pool;
  readonly #streams: readonly string[];

  private constructor(pool: Pool, streams: readonly string[]) {
    this.#pool = pool;
    this.#streams = streams;
  }

  static async create(pool: Pool, streams: number): Promise<ByHand> {
    await pool.query(tables);
    const keys = keysOf(streams);
    await pool.query('insert into stream (key) select unnest($1::text[])', [keys]);
    await pool.query("insert into node values ('00000000-0000-0000-0000-000000000000')");
    return new ByHand(pool, keys);
  }

  claim(count: number): Promise<number> {
    return timed(() =>
      this.#pool.query(
        'update stream set owner = $1 where key = any($2::text[]) returning key, cursor',
        [randomUUID(), this.#streams.slice(0, count)],
      ),
    );
  }

  renew(times: number): Promise<number> {
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        await this.#pool.query('update node set renewal = $1, renewed_at = clock_timestamp()', [
          randomUUID(),
        ]);
      }
    });
  }

  save(cursors: number, times: number): Promise<number> {
    const keys = this.#streams.slice(0, cursors);
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        await this.#pool.query(saveAll, [keys, keys.map(() => cursorText())]);
      }
    });
  }

  transact(count: number, times: number): Promise<number> {
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        await this.#transaction(effects(count));
      }
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #transaction(rows: readonly Effect[]): Promise<void> {
    const client = await this.#pool.connect();
    await Promise.all([client.query('begin'), insert(client, 'effect', rows)]);
    await Promise.all([
      client.query('update stream set cursor = $1 where key = $2', [cursorText(), 'stream-0']),
      client.query('commit'),
    ]);
    client.release();
  }
}

/** With room for updates in place and an index of owners, as those of the store. */
const tables = `
create table node (id uuid primary key, renewal uuid, renewed_at timestamptz);
create table stream (key text primary key, owner uuid, cursor text not null default '') with (fillfactor = 50);
create index on stream (owner)`;

const saveAll = `update stream set cursor = v.cursor
from unnest($1::text[], $2::text[]) v(key, cursor) where stream.key = v.key returning stream.key`;
