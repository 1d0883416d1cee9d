import type { Client, ClientBase } from 'pg';

import { grant, quoted, tables } from './schema.ts';

/** What a server says of itself, and of the connection to it. */
export interface ServerFacts {
  /** Such as `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly version: string;
  /** Such as 150018. */
  readonly versionNumber: number;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly fsync: string;
  readonly synchronousCommit: string;
  readonly hasAsynchronousStandby: boolean;
  /** `default_transaction_isolation`, such as `read committed`. */
  readonly isolation: string;
  /** Its name, and when its server was started: another one for another database. */
  readonly database: string;
  /** The process of the server for this statement. */
  readonly backend: number;
  readonly role: string;
}

export async function readFacts(client: ClientBase): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(`select
    current_setting('server_version') as version,
    current_setting('server_version_num')::int as "versionNumber",
    pg_is_in_recovery() as "isStandby",
    current_setting('transaction_read_only') = 'on' as "isReadOnly",
    current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as "synchronousCommit",
    current_setting('synchronous_standby_names') = '' and exists (select from pg_stat_replication)
      as "hasAsynchronousStandby",
    current_setting('default_transaction_isolation') as isolation,
    current_database() || ' ' || pg_postmaster_start_time() as database,
    pg_backend_pid() as backend,
    current_user as role`);
  const [facts] = rows;
  if (facts === undefined) {
    throw new Error('Expected a server that answers with its settings, got no row');
  }
  return facts;
}

/**
 * Whether the server can notice, in the middle of a statement, that its client has gone. Some
 * platforms cannot, and refuse the setting.
 */
export async function watchesClients(client: Client): Promise<boolean> {
  try {
    // Until the end of this statement only.
    await client.query("select set_config('client_connection_check_interval', '1000', true)");
    return true;
  } catch {
    return false;
  }
}

/** Why a server cannot keep leases and cursors, and how to mend that. */
export function refusalOfServer(facts: ServerFacts, allowUnsafe: boolean): string | undefined {
  if (facts.versionNumber < 140_000) {
    return `Expected PostgreSQL 14 or later, got ${facts.version}: update the server`;
  }
  if (facts.isStandby) {
    return 'Expected a primary of Postgres, got a standby, which takes no writes: name the primary in the URL';
  }
  if (facts.isReadOnly) {
    return 'Expected a database that takes writes, got one that is read-only: set default_transaction_read_only to off for it and its role';
  }
  return allowUnsafe ? undefined : refusalOfLoss(facts);
}

/** A claim that the server forgets when it crashes would have two owners. */
function refusalOfLoss({ fsync, synchronousCommit }: ServerFacts): string | undefined {
  if (fsync === 'off') {
    return 'Expected a server that keeps acknowledged writes, got fsync = off: turn it on in postgresql.conf';
  }
  return synchronousCommit === 'off'
    ? 'Expected a server that keeps acknowledged writes, got synchronous_commit = off: turn it on for this database and role'
    : undefined;
}

/** What an operator has to know, though the store works. */
export function warningsOf(facts: ServerFacts, client: Client): readonly string[] {
  const standby =
    'Postgres has a standby that is not synchronous: if it takes over, the last claims and cursors may be lost';
  const pooler =
    'The lease connection goes through a pooler: when that is busy, leases end. Give `leaseUrl` a way past it';
  const isolation = `Transactions are ${facts.isolation} by default: requests that meet fail, and are tried again on a new connection. Set default_transaction_isolation to read committed for this database and role`;
  return [
    ...(facts.hasAsynchronousStandby ? [standby] : []),
    ...(facts.isolation.startsWith('read ') ? [] : [isolation]),
    ...(isPooled(facts, client) ? [pooler] : []),
  ];
}

/** Whether a pooler is between: it answers with a process id that it made up. */
export function isPooled({ backend }: ServerFacts, client: Client): boolean {
  return Reflect.get(client, 'processID') !== backend;
}

/** The grants that the role of this connection lacks, as statements. */
export async function missingGrants(
  client: ClientBase,
  schema: string,
  role: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{
    kind: keyof typeof grant;
    table: string;
    privilege: string;
  }>(
    `select 'usage' as kind, '' as table, '' as privilege from pg_namespace
      where nspname = $1 and not has_schema_privilege(oid, 'usage')
     union all
     select 'table', c.relname, p.name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace,
       unnest(array['select', 'insert', 'update', 'delete']) p(name)
      where n.nspname = $1 and c.relname = any ($2) and not has_table_privilege(c.oid, p.name)
     union all
     select 'execute', '', '' from pg_proc f join pg_namespace n on n.oid = f.pronamespace
      where n.nspname = $1 and f.proname = 'advance' and not has_function_privilege(f.oid, 'execute')`,
    [schema, tables],
  );
  return rows.map(({ kind, table, privilege }) => grant[kind](schema, role, table, privilege));
}

/**
 * Three tries to renew have to fit into a life, each with time to spare. A disk that was held up
 * once is no reason to refuse a start, so commits that are slow are measured once more.
 */
export async function refusalOfTtl(client: ClientBase, ttl: number): Promise<string | undefined> {
  const enough = ttl / 4;
  const first = await slowestCommit(client, enough);
  const slowest = first > enough ? await slowestCommit(client, enough) : first;
  return slowest > enough
    ? `Expected a ttl of at least four times the slowest of ten commits, ${Math.ceil(slowest)} ms, got ${ttl}: choose ${Math.ceil(slowest * 4)} or more, or a database that is nearer`
    : undefined;
}

/**
 * The slowest of ten commits, in ms. Each writes to the log of the server, as a renewal does, but
 * to no table: nodes that start together do not wait for each other.
 */
async function slowestCommit(client: ClientBase, enough: number): Promise<number> {
  let slowest = 0;
  for (let tries = 0; tries < 10 && slowest <= enough; tries += 1) {
    const start = performance.now();
    await client.query("select pg_logical_emit_message(true, 'reprise', '')");
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}

/** The command that prints the statements for an owner of the database. */
export function commandFor(schema: string, role: string): string {
  const options = JSON.stringify({ schema, role });
  return `node -e 'import("@reprise/cluster/postgres").then((m) => console.log(m.postgresSql(${options})))'`;
}

export function nameOfTables(schema: string): string {
  return `the tables of the schema ${quoted(schema)}`;
}
