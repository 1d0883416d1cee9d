import type { PoolClient } from 'pg';

import { open } from './postgres/open.ts';
import { type PostgresOptions, settingsOf } from './postgres/options.ts';
import { Rows } from './rows.ts';
import type { Store } from './store.ts';

export { postgresSql } from './postgres/schema.ts';
export type { SqlOptions } from './postgres/schema.ts';
export type { PostgresOptions, PostgresSettings } from './postgres/options.ts';

/**
 * A store in a database of Postgres, 14 or later, for nodes on any number of machines. `tx` of a
 * sink is pg's client inside of the transaction; Drizzle takes it as it is, Kysely as a pool of
 * one. A start makes the tables, in the schema `reprise`, and refuses a server that may lose
 * acknowledged writes.
 * @throws TypeError for options that cannot be meant, such as a URL that is `undefined`
 * @example
 * ```ts
 * import { postgres } from '@reprise/cluster/postgres';
 *
 * const store = postgres('postgres://app@db.example.com/shop');
 * console.log(store.kind); // async
 * ```
 */
export function postgres(where: string | undefined | PostgresOptions): Store<PoolClient, 'async'> {
  const settings = settingsOf(where);
  let { migrate } = settings;
  return {
    kind: 'async',
    rows: (schema) => new Rows(schema),
    open: async (options) => {
      const store = await open({ ...settings, migrate }, options);
      // Tables that are gone later took all cursors along: a restart does not begin anew.
      migrate = 'check';
      return store;
    },
  };
}
