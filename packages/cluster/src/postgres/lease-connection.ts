import { Client, type QueryResultRow } from 'pg';

import { messageOf } from './errors.ts';

/** What a connection needs to know. Times are in ms. */
export interface ConnectionOptions {
  readonly url: string;
  /** How long connecting may take, and how long a query may. */
  readonly timeout: number;
  /** An error of a connection while no query waits. */
  readonly onError: (error: unknown) => void;
}

/**
 * The connection of its own for leases. No handler's query is ever before a renewal, and one that
 * hangs is destroyed: TCP alone would wait for ever, since a proxy answers its keepalives. After
 * any error the next query has a new connection, which may lead to another server by then.
 */
export class LeaseConnection {
  readonly #options: ConnectionOptions;
  #current: Connection | undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Queries may be asked side by side: they are sent at once, and answered in order. */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    if (this.#isClosed) {
      throw new Error('Expected a store that is open, got one that was closed');
    }
    const connection = (this.#current ??= this.#connect());
    try {
      return await connection.query<Row>(text, values);
    } catch (error) {
      this.#drop(connection);
      throw timely(error, this.#options.timeout);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#current !== undefined) {
      this.#drop(this.#current);
    }
  }

  #connect(): Connection {
    const connection = new Connection(this.#options, (error) => {
      this.#drop(connection);
      this.#options.onError(error);
    });
    return connection;
  }

  #drop(connection: Connection): void {
    connection.destroy();
    if (this.#current === connection) {
      this.#current = undefined;
    }
  }
}

class Connection {
  readonly #client: Client;
  readonly #connected: Promise<Client>;
  #waiting = 0;

  /** `onLost` is called with an error that no query is told of. */
  constructor({ url, timeout }: ConnectionOptions, onLost: (error: unknown) => void) {
    this.#client = new Client({
      connectionString: url,
      fallback_application_name: 'reprise lease',
      connectionTimeoutMillis: timeout,
      query_timeout: timeout,
      // Without it a query that has timed out leaves the client waiting for its answer for ever.
      pipeline: true,
    });
    // Without a listener an idle client whose server goes away throws. Queries that wait are told
    // anyway. The reason of the server comes first, then the end of the connection.
    this.#client.on('error', (error) => {
      if (this.#waiting === 0) {
        onLost(error);
      }
    });
    this.#connected = this.#client.connect();
  }

  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    this.#waiting += 1;
    try {
      const client = await this.#connected;
      const { rows } = await client.query<Row>(text, [...values]);
      return rows;
    } finally {
      this.#waiting -= 1;
    }
  }

  destroy(): void {
    // From now on its errors are of no use to anybody.
    this.#waiting = Infinity;
    this.#client.connection.stream.destroy();
  }
}

/** The errors by which pg says that the time is over, in words that say which time. */
function timely(error: unknown, timeout: number): unknown {
  const isLate = ['Query read timeout', 'timeout expired'].includes(messageOf(error));
  return isLate
    ? new Error(`Expected an answer of Postgres within ${timeout} ms, got none`, { cause: error })
    : error;
}
