import type { ClientBase, Connection, Query, QueryResult, QueryResultRow } from 'pg';

/** A statement with the time that the server has for it. */
export interface TimedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** In ms. */
  readonly timeout: number;
  /** How much of it may pass for one lock, in ms. Default: all. */
  readonly lockTimeout?: number;
}

/**
 * Asks a statement that the server ends by itself after its time. A client that gives up only
 * closes its socket, which a session that waits for a lock does not see: each try would leave one
 * more behind, until the server has no connections left.
 *
 * The limit is sent in one flight with the statement, before one and the same `sync`. So it costs
 * no round trip, both are one transaction, and the session is left as it was: the next statement
 * may be that of another client of PgBouncer. Sent before, it also counts while the statement waits
 * for a table. A client that speaks to the server in its own way, such as pg's native one, sends
 * the statement alone.
 */
export async function timedQuery<Row extends QueryResultRow>(
  client: ClientBase,
  statement: TimedStatement,
): Promise<readonly Row[]> {
  const queryClass = queryClassOf(client);
  if (queryClass === undefined) {
    const { rows } = await client.query<Row>(statement.text, [...statement.values]);
    return rows;
  }
  return sendTimed(client, queryClass, statement);
}

function sendTimed<Row extends QueryResultRow>(
  client: ClientBase,
  queryClass: typeof Query,
  { text, values, ...limits }: TimedStatement,
): Promise<readonly Row[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Row[]>();
  const config = { text, values: [...values], queryMode: 'extended' };
  const query = new queryClass(config, (error: unknown, results: unknown) => {
    if (error !== null && error !== undefined) {
      reject(error);
    } else {
      resolve(lastOf(results).rows as Row[]);
    }
  });
  const { submit } = query;
  query.submit = (connection) => {
    // Two packets would be two round trips on some networks.
    connection.stream.cork();
    try {
      sendLimits(connection, limits);
      return submit.call(query, connection);
    } finally {
      connection.stream.uncork();
    }
  };
  client.query(query);
  return promise;
}

/** The answer has no row. */
function sendLimits(
  connection: Connection,
  { timeout, lockTimeout = 0 }: Pick<TimedStatement, 'timeout' | 'lockTimeout'>,
): void {
  const [all, lock] = [Math.ceil(timeout), Math.ceil(lockTimeout)];
  const text = `select where set_config('statement_timeout', '${all}', true) is null
    or set_config('lock_timeout', '${lock}', true) is null`;
  connection.parse({ name: '', text, types: [] }, true);
  connection.bind({}, true);
  connection.execute({}, true);
}

/**
 * That of the copy of pg that has made the client: in pipeline mode it takes no other. `undefined`
 * if the client has no connection of pg.
 */
function queryClassOf(client: ClientBase): typeof Query | undefined {
  const { connection } = client as { readonly connection?: Partial<Connection> };
  return typeof connection?.parse === 'function'
    ? (Reflect.get(client.constructor, 'Query') as typeof Query | undefined)
    : undefined;
}

/** A query of several statements has as many results. */
function lastOf(results: unknown): QueryResult {
  return (Array.isArray(results) ? results.at(-1) : results) as QueryResult;
}
