import { Client, type PoolClient } from 'pg';

import { timeLimitOf } from '../limits.ts';
import type { OpenOptions, OpenStore } from '../store.ts';
import {
  commandFor,
  missingGrants,
  nameOfTables,
  readFacts,
  refusalOfServer,
  type ServerFacts,
  slowestCommit,
  warningsOf,
  watchesClients,
} from './check.ts';
import { codeOf, messageOf } from './errors.ts';
import { LeaseConnection } from './lease-connection.ts';
import { hasTables, isUsable, migrate, missingTables, readMeta } from './migrate.ts';
import type { Settings } from './options.ts';
import { lenderFor } from './pool.ts';
import { version } from './schema.ts';
import { statementsFor } from './statements.ts';
import { PostgresStore } from './store.ts';

/** Checks the server, makes or checks the tables, and opens the connections. */
export async function open(
  settings: Settings,
  options: OpenOptions,
): Promise<OpenStore<PoolClient>> {
  const { ttl, onError, onWarning } = options;
  const found = await withClient(settings.leaseUrl, ttl, (client) =>
    prepare(client, settings, options),
  );
  const [engine = ''] = found.facts.version.split(' ');
  return new PostgresStore({
    engine: `PostgreSQL ${engine}`,
    ttl,
    schema: settings.schema,
    statements: statementsFor({ ...found, schema: settings.schema, ttl }),
    lease: new LeaseConnection({
      url: settings.leaseUrl,
      clock: options.clock,
      timeout: timeLimitOf('renew', ttl),
      onError,
    }),
    lender: lenderFor(settings.pool, options),
    onWarning,
  });
}

/** A connection for the start: it may wait for the tables, which another node makes. */
async function withClient<Result>(
  url: string,
  ttl: number,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(url, Math.max(ttl, 10_000));
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function connect(url: string, timeout: number): Promise<Client> {
  try {
    const client = new Client({
      connectionString: url,
      fallback_application_name: 'reprise start',
      connectionTimeoutMillis: timeout,
      query_timeout: 3 * timeout,
    });
    // Its queries are told of an error; an error event without a listener would be thrown.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw new Error(refusalOfConnection(error), { cause: error });
  }
}

/** @throws Error with one sentence: what was expected, what was found, how to mend it */
async function prepare(
  client: Client,
  settings: Settings,
  { ttl, onWarning }: OpenOptions,
): Promise<{ readonly facts: ServerFacts; readonly watchesClients: boolean }> {
  const facts = await readFacts(client);
  const refusal =
    refusalOfServer(facts, settings.allowUnsafe) ??
    (await refusalOfTables(client, settings, facts.role)) ??
    (await refusalOfTtl(client, ttl));
  if (refusal !== undefined) {
    throw new Error(refusal);
  }
  for (const warning of warningsOf(facts, client)) {
    onWarning(warning);
  }
  return { facts, watchesClients: await watchesClients(client) };
}

async function refusalOfTables(
  client: Client,
  { schema, migrate: how }: Settings,
  role: string,
): Promise<string | undefined> {
  const remedy = `let an owner of the database run what this prints: ${commandFor(schema, role)}`;
  if (!(await hasTables(client, schema))) {
    const expected = `Expected ${nameOfTables(schema)}, got none`;
    return how === 'check'
      ? `${expected}: ${remedy}`
      : makeTables(client, schema, expected, remedy);
  }
  const missing = await missingGrants(client, schema, role);
  if (missing.length > 0) {
    return `Expected all privileges on ${nameOfTables(schema)}, got a role without some: ${missing.join('; ')}`;
  }
  return (await refusalOfVersion(client, schema, how)) ?? refusalOfParts(client, schema);
}

/** Somebody has dropped some of the tables: those of this version are not made again. */
async function refusalOfParts(client: Client, schema: string): Promise<string | undefined> {
  const missing = await missingTables(client, schema);
  return missing.length === 0
    ? undefined
    : `Expected ${nameOfTables(schema)}, got some without ${missing.join(', ')}: restore them from a backup, or drop the schema to begin anew`;
}

async function makeTables(
  client: Client,
  schema: string,
  expected: string,
  remedy: string,
): Promise<string | undefined> {
  try {
    await migrate(client, schema);
    return undefined;
  } catch (error) {
    if (codeOf(error) === '42501') {
      return `${expected}, and a role that may not make them: ${remedy}`;
    }
    throw error;
  }
}

async function refusalOfVersion(
  client: Client,
  schema: string,
  how: Settings['migrate'],
): Promise<string | undefined> {
  if (how === 'auto') {
    await migrate(client, schema);
  }
  const meta = await readMeta(client, schema);
  if (meta !== undefined && isUsable(meta)) {
    return undefined;
  }
  const found = meta === undefined ? 'no version' : `version ${meta.version}`;
  const mend =
    meta !== undefined && meta.version > version
      ? `which needs a release that makes version ${meta.compatible} or later: update @reprise/cluster`
      : "let one node start with `migrate: 'auto'`, as an owner of them";
  return `Expected ${nameOfTables(schema)} in version ${version}, got ${found}, ${mend}`;
}

/** Three tries to renew have to fit into a life, each with time to spare. */
async function refusalOfTtl(client: Client, ttl: number): Promise<string | undefined> {
  const slowest = await slowestCommit(client, ttl / 4);
  return slowest > ttl / 4
    ? `Expected a ttl of at least four times the slowest of ten commits, ${Math.ceil(slowest)} ms, got ${ttl}: choose ${Math.ceil(slowest * 4)} or more, or a database that is nearer`
    : undefined;
}

/** In the words of the server: they have no password. */
function refusalOfConnection(error: unknown): string {
  const remedies: Readonly<Record<string, string>> = {
    '3D000': 'create the database, or mend the URL',
    '28000': 'create the role, or mend the URL',
    '28P01': 'mend the password in the URL',
    '53300': 'close other connections, or raise max_connections',
    '57P03': 'wait until it has started',
    ECONNREFUSED: 'start it, or mend the URL',
    ENOTFOUND: 'mend the host in the URL',
  };
  const remedy = remedies[String(codeOf(error))] ?? 'mend the URL, or the server';
  return `Expected a connection to Postgres, got: ${messageOf(error)}: ${remedy}`;
}
