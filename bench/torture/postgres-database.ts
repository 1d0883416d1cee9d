import pg from 'pg';

import type { Effect, EffectBatch } from './clean.ts';
import {
  batches,
  type Batches,
  type Database,
  newest,
  type OwnerWrite,
  paged,
  pageSize,
  type StoredEffect,
} from './database.ts';
import type { RowData, StorePlace } from './node-options.ts';
import { type Address, Proxy } from './proxy.ts';

/** The proxies of a node before the server: one for its lease, one for its pool. */
export interface Ways {
  readonly lease: Proxy;
  readonly pool: Proxy;
}

/** The connection by which a node inserts: a client, or a pool. */
export interface Inserting {
  query(text: string, values: unknown[]): Promise<unknown>;
}

const table = `create table effects (
  id bigserial primary key,
  stream text not null,
  number int not null,
  epoch bigint not null,
  node text not null,
  first int not null,
  last int not null)`;

/** So many rows of a batch are one statement: most batches are several. */
const rowsAtOnce = 100;

/** The effects of the events of one transaction. */
export async function insert(
  tx: Inserting,
  { stream, first, last, epoch, node }: EffectBatch,
): Promise<void> {
  const text = `insert into effects (stream, number, epoch, node, first, last)
    select $1, generate_series($2::int, $3::int), $4, $5, $6, $7`;
  for (let from = first; from <= last; from += rowsAtOnce) {
    const to = Math.min(last, from + rowsAtOnce - 1);
    await tx.query(text, [stream, from, to, epoch, node, first, last]);
  }
}

const recording = `create table owner_writes (
  id bigserial primary key, key text not null, owner uuid, epoch bigint not null);
create function record_write() returns trigger language plpgsql as $$ begin
  insert into owner_writes (key, owner, epoch) values (new.key, new.owner, new.epoch);
  return null;
end $$;
create trigger record_write after update on reprise.owners
  for each row execute function record_write();`;

/** A database on a server of Postgres, which each node reaches by proxies of its own. */
export class PostgresDatabase implements Database {
  #url: string;
  /** Where the proxies lead to. */
  #target: Address;
  readonly #ways = new Map<string, Ways>();

  /** `url` is that of an empty database; `pooler` that of a pooler before it, for the nodes. */
  constructor(url: string, { pooler = url }: { readonly pooler?: string } = {}) {
    this.#url = url;
    this.#target = addressOf(pooler);
  }

  async create(): Promise<void> {
    await this.query(table);
  }

  async place(node: string): Promise<StorePlace> {
    const { lease, pool } = this.#ways.get(node) ?? (await this.#open(node));
    return { url: through(pool, this.#url), leaseUrl: through(lease, this.#url) };
  }

  ways(node: string): Ways {
    const ways = this.#ways.get(node);
    if (ways === undefined) {
      throw new Error(`Expected one of ${[...this.#ways.keys()].join(', ')}, got ${node}`);
    }
    return ways;
  }

  /** The proxies of all nodes. */
  proxies(): readonly Proxy[] {
    return [...this.#ways.values()].flatMap(({ lease, pool }) => [lease, pool]);
  }

  /** From now on another server has its address. */
  redirect(url: string): void {
    this.#url = url;
    this.#target = addressOf(url);
    for (const proxy of this.proxies()) {
      proxy.target = this.#target;
    }
  }

  async reached(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.query<{ stream: string; number: number }>(
      `select stream, max(number) as number from effects
       where id > (select max(id) - ${newest} from effects) group by stream`,
    );
    return new Map(rows.map(({ stream, number }) => [stream, number]));
  }

  effects(): AsyncIterable<Effect> {
    return paged((after) =>
      this.query<StoredEffect>(
        `select id::float8 as id, stream, number, epoch::float8 as epoch, node from effects
         where id > $1 order by id limit ${pageSize}`,
        [after],
      ),
    );
  }

  /** One writer does not hold up another one. */
  async isLocked(): Promise<boolean> {
    return false;
  }

  async batches(): Promise<Batches> {
    const [row] = await this.query<Batches>(batches);
    return { torn: Number(row?.torn), longest: Number(row?.longest) };
  }

  async recordWrites(): Promise<void> {
    await this.query(recording);
  }

  writes(): Promise<readonly OwnerWrite[]> {
    return this.query('select key, owner, epoch::float8 as epoch from owner_writes order by id');
  }

  strikes(): Promise<ReadonlyMap<string, number>> {
    return this.#strikesWhere('strikes > 0 and parked is null');
  }

  parked(): Promise<ReadonlyMap<string, number>> {
    return this.#strikesWhere('parked is not null');
  }

  async #strikesWhere(condition: string): Promise<ReadonlyMap<string, number>> {
    const rows = await this.query<{ key: string; strikes: number }>(
      `select key, strikes from reprise.owners where ${condition}`,
    );
    return new Map(rows.map(({ key, strikes }) => [key, strikes]));
  }

  async changeRows(rows: ReadonlyMap<string, RowData | undefined>): Promise<void> {
    await this.query(
      `with row as (select * from unnest($1::text[], $2::jsonb[]) r(key, spec)),
       gone as (delete from reprise.streams s using row where s.key = row.key and row.spec is null)
       insert into reprise.streams select key, spec from row where spec is not null
       on conflict (key) do update set spec = excluded.spec`,
      [[...rows.keys()], [...rows.values()]],
    );
  }

  async epochs(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.query<{ key: string; epoch: number }>(
      'select key, epoch::float8 as epoch from reprise.owners',
    );
    return new Map(rows.map(({ key, epoch }) => [key, epoch]));
  }

  /** Runs a statement, on a connection of its own: the server may have been away meanwhile. */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return connected(
      this.#url,
      async (client) => (await client.query<Row>(text, [...values])).rows,
    );
  }

  /** Acts while a transaction holds the locks of a statement. */
  locked<Result>(text: string, act: () => Promise<Result>): Promise<Result> {
    return connected(this.#url, async (client) => {
      await client.query('begin');
      await client.query(text);
      const result = await act();
      await client.query('commit');
      return result;
    });
  }

  /** Ends all connections to the database but that of the statement. */
  async terminateAll(): Promise<void> {
    await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies().map((proxy) => proxy.close()));
  }

  async #open(node: string): Promise<Ways> {
    const ways = { lease: await Proxy.start(this.#target), pool: await Proxy.start(this.#target) };
    this.#ways.set(node, ways);
    return ways;
  }
}

/** Acts with a connection. */
async function connected<Result>(
  url: string,
  act: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

function through({ host, port }: Proxy, url: string): string {
  const way = new URL(url);
  way.hostname = host;
  way.port = `${port}`;
  return way.href;
}
