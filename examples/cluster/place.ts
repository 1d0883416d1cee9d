import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import pg from 'pg';

import { startPostgres } from '../../tools/postgres/server.ts';

/** Where the replicas meet, and where the prices are kept. */
export interface Place {
  /** A file, or the URL of a Postgres. */
  readonly store: string;
  /** How many prices there are so far. */
  count(): Promise<Count>;
  close(): Promise<void>;
}

interface Count {
  readonly prices: number;
  readonly twice: number;
  /** Up to the last price of each stream. */
  readonly missing: number;
}

/**
 * Without a primary key on purpose: nothing but the transaction keeps a price from coming twice.
 */
const table = 'create table price (stream text, number integer, price text)';

const count = `select coalesce(sum(prices), 0) as prices,
  coalesce(sum(prices - different), 0) as twice, coalesce(sum(last - different), 0) as missing
from (
  select count(*) as prices, count(distinct number) as different, max(number) as last
  from price group by stream
) as streams`;

/** Nothing has to be installed for it. */
export async function openFile(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-cluster-'));
  const store = join(folder, 'cluster.db');
  const database = new DatabaseSync(store);
  database.exec(table);
  return {
    store,
    count: async () => database.prepare(count).get() as unknown as Count,
    close: async () => {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A server of its own, by the programs of Postgres of this machine. */
export async function openPostgres(): Promise<Place> {
  const server = await startPostgres();
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(table);
  return {
    store: server.url(),
    count: async () => {
      const { rows } = await client.query<Record<keyof Count, string>>(count);
      const [row] = rows;
      // Postgres sums to a type without bounds, which pg leaves as a text.
      return {
        prices: Number(row?.prices),
        twice: Number(row?.twice),
        missing: Number(row?.missing),
      };
    },
    close: async () => {
      await client.end();
      await server.close();
    },
  };
}
