import type { PoolClient } from 'pg';

import type { OpenStore } from '../../src/index.ts';
import { postgres } from '../../src/postgres.ts';
import { Place as Database } from '../postgres/support.ts';
import { type Effects, options, type Subject } from './subject.ts';

/** A schema of its own in a real Postgres; each node has connections of its own. */
export const postgresSubject: Subject = {
  name: 'postgres',
  create: async () => {
    const database = await Database.create();
    const opened: OpenStore<PoolClient>[] = [];
    return {
      streams: {
        set: async (specs) => {
          await database.sql(
            `insert into ${database.schema}.streams select key, value from jsonb_each($1)
            on conflict (key) do update set spec = excluded.spec`,
            [JSON.stringify(specs)],
          );
        },
        delete: async (key) => {
          await database.sql(`delete from ${database.schema}.streams where key = $1`, [key]);
        },
      },
      effects: await effectsIn(database),
      open: async () => {
        const { url, schema } = database;
        const store = await postgres({ url, schema }).open(options);
        opened.push(store);
        return store as OpenStore<unknown>;
      },
      [Symbol.asyncDispose]: async () => {
        await Promise.all(opened.map((store) => store.close()));
        await database[Symbol.asyncDispose]();
      },
    };
  },
};

async function effectsIn(database: Database): Promise<Effects> {
  const table = `effect_${database.schema}`;
  await database.sql(`create table ${table} (id serial, text text not null)`);
  return {
    write: (tx, text) =>
      (tx as PoolClient).query(`insert into ${table} (text) values ($1)`, [text]),
    read: async () => {
      const rows = await database.sql<{ text: string }>(`select text from ${table} order by id`);
      return rows.map((row) => row.text);
    },
  };
}
