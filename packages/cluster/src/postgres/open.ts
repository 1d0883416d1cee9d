import type { Client, ClientBase, PoolClient } from 'pg';

import { timeLimitOf } from '../limits.ts';
import type { OpenOptions, OpenStore } from '../store.ts';
import { abortAfter } from '../within.ts';
import {
  isPooled,
  readFacts,
  refusalOfServer,
  refusalOfTtl,
  type ServerFacts,
  warningsOf,
  watchesClients,
} from './check.ts';
import { LeaseConnection } from './lease-connection.ts';
import { type Lender, untilAborted } from './lend.ts';
import type { Settings } from './options.ts';
import { lenderFor } from './pool.ts';
import { refusalOfPrivileges, refusalOfTables } from './refusal-of-tables.ts';
import { statementsFor } from './statements.ts';
import { PostgresStore } from './store.ts';
import { refusalOfConnection, timeLimitOfStart, withClient } from './with-client.ts';

/** Checks the server, makes or checks the tables, and opens the connections. */
export async function open(
  settings: Settings,
  options: OpenOptions,
): Promise<OpenStore<PoolClient>> {
  const { clock, ttl, onError, onWarning } = options;
  const { leaseUrl: url, schema } = settings;
  const found = await withClient(url, options, (client) => prepare(client, settings, options));
  const lender = lenderFor(settings.pool, options);
  if (settings.pool !== url) {
    await checkPool(lender, { settings, lease: found.facts, options });
  }
  const [engine = ''] = found.facts.version.split(' ');
  return new PostgresStore({
    engine: `PostgreSQL ${engine}`,
    clock,
    ttl,
    schema,
    statements: statementsFor({ ...found, schema, ttl }),
    lease: new LeaseConnection({
      url,
      clock,
      timeout: timeLimitOf('renew', ttl),
      isPooled: found.isPooled,
      onError,
    }),
    lender,
    onWarning,
  });
}

/** @throws Error with one sentence: the expectation, the finding, and the remedy */
async function prepare(
  client: Client,
  settings: Settings,
  { ttl, onWarning }: OpenOptions,
): Promise<{
  readonly facts: ServerFacts;
  readonly isPooled: boolean;
  readonly watchesClients: boolean;
}> {
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
  return {
    facts,
    isPooled: isPooled(facts, client),
    watchesClients: await watchesClients(client),
  };
}

interface PoolCheck {
  readonly settings: Settings;
  /** What the server says to the lease connection. */
  readonly lease: ServerFacts;
  readonly options: OpenOptions;
}

/**
 * The pool may lead another way than the lease connection, and as another role.
 * @throws Error as `prepare` does
 */
async function checkPool(lender: Lender, check: PoolCheck): Promise<void> {
  const { clock, ttl } = check.options;
  const { signal, stop } = abortAfter({ clock, timeout: timeLimitOfStart(ttl), of: 'Postgres' });
  const refusal = await lender
    .lend(signal, (client) => untilAborted(refusalOfPool(client, check), signal))
    .catch(refusalOfConnection);
  stop();
  if (refusal !== undefined) {
    await lender.close();
    throw new Error(refusal);
  }
}

async function refusalOfPool(
  client: ClientBase,
  { settings, lease }: PoolCheck,
): Promise<string | undefined> {
  const facts = await readFacts(client);
  return facts.database === lease.database
    ? (refusalOfServer(facts, settings.allowUnsafe) ??
        refusalOfPrivileges(client, settings.schema, facts.role))
    : 'Expected `leaseUrl` and the pool to lead to one database, got two: mend one of them';
}
