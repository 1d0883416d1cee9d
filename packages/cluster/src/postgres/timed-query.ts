import type { ClientBase, Connection, Query, QueryResult, QueryResultRow } from 'pg';

/** A statement with the time that the server has for it. */
export interface TimedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** In ms. */
  readonly timeout: number;
}

/**
 * Asks a statement that the server ends by itself after its time. A client that gives up only
 * closes its socket, which a session that waits for a lock does not see: each try would leave one
 * more behind, until the server has no connections left.
 *
 * The limit is sent in one flight with the statement, before one and the same `sync`. So it costs
 * no round trip, both are one transaction, and the session is left as it was: the next statement
 * may be that of another client of PgBouncer. Sent before, it also counts while the statement waits
 * for a table.
 */
export function timedQuery<Row extends QueryResultRow>(
  client: ClientBase,
  { text, values, timeout }: TimedStatement,
): Promise<readonly Row[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Row[]>();
  const config = { text, values: [...values], queryMode: 'extended' };
  const query = new (queryClassOf(client))(config, (error: unknown, results: unknown) => {
    if (error !== null && error !== undefined) {
      reject(error);
    } else {
      resolve(rowsOfLast<Row>(results));
    }
  });
  const { submit } = query;
  query.submit = (connection) => {
    // Two packets would be two round trips on some networks.
    connection.stream.cork();
    try {
      sendLimit(connection, timeout);
      return submit.call(query, connection);
    } finally {
      connection.stream.uncork();
    }
  };
  client.query(query);
  return promise;
}

/** It has no row as its answer. */
function sendLimit(connection: Connection, timeout: number): void {
  const text = `select where set_config('statement_timeout', '${Math.ceil(timeout)}', true) is null`;
  connection.parse({ name: '', text, types: [] }, true);
  connection.bind({}, true);
  connection.execute({}, true);
}

/** That of the copy of pg that has made the client: in pipeline mode it takes no other. */
function queryClassOf(client: ClientBase): typeof Query {
  return Reflect.get(client.constructor, 'Query') as typeof Query;
}

function rowsOfLast<Row extends QueryResultRow>(results: unknown): readonly Row[] {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  return (last as QueryResult<Row>).rows;
}
