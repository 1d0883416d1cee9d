import type { Clock } from '@reprise/actor';
import type { Client, QueryResultRow } from 'pg';

import { within } from '../within.ts';
import { limitedClient } from './limited-client.ts';
import { timedQuery } from './timed-query.ts';

/** What a connection needs to know. Times are in ms. */
export interface ConnectionOptions {
  readonly url: string;
  readonly clock: Clock;
  /** How long connecting may take, and how long a query may. */
  readonly timeout: number;
  /**
   * A pooler is between: one query is sent after the answer to the other. When a client goes after
   * the first of several answers, PgBouncer 1.18 gives its server connection to the next client,
   * with the other answers. Without a pooler all are sent at once, and a late answer to one is no
   * delay for the others.
   */
  readonly isPooled: boolean;
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

  /** Queries may be asked side by side. */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    if (this.#isClosed) {
      throw closed();
    }
    const connection = (this.#current ??= this.#connect());
    try {
      return await connection.query<Row>(text, values);
    } catch (error) {
      throw this.#drop(connection, error);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#current !== undefined) {
      this.#drop(this.#current, closed());
    }
  }

  #connect(): Connection {
    const connection = new Connection(this.#options, (error) => {
      this.#drop(connection, error);
      this.#options.onError(error);
    });
    return connection;
  }

  /** Returns the first reason for which the connection was dropped. */
  #drop(connection: Connection, reason: unknown): unknown {
    if (this.#current === connection) {
      this.#current = undefined;
    }
    return connection.destroy(reason);
  }
}

function closed(): Error {
  return new Error('Expected a store that is open, got one that was closed');
}

class Connection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  readonly #connected: Promise<unknown>;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  /** Why it is of no use any more. */
  #end: { readonly reason: unknown } | undefined = undefined;

  /** `onLost` is called with an error that no query is told of. */
  constructor(options: ConnectionOptions, onLost: (error: unknown) => void) {
    const { url, clock, timeout, isPooled } = options;
    this.#options = options;
    this.#client = new (limitedClient(clock, timeout))({
      connectionString: url,
      fallback_application_name: 'reprise lease',
      pipeline: !isPooled,
    });
    // Without a listener an idle client whose server goes away throws. Queries that wait are told
    // anyway. The reason of the server comes first, then the end of the connection.
    this.#client.on('error', (error) => {
      const isFirst = this.#end === undefined;
      this.#end ??= { reason: error };
      if (isFirst && this.#waiting === 0) {
        onLost(error);
      }
    });
    this.#connected = this.#client.connect();
  }

  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    this.#waiting += 1;
    try {
      await this.#connected;
      const { clock, timeout, isPooled } = this.#options;
      const answer = isPooled ? this.#inTurn<Row>(text, values) : this.#send<Row>(text, values);
      return await within(answer, { clock, timeout, of: 'Postgres' });
    } finally {
      this.#waiting -= 1;
    }
  }

  #inTurn<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#send<Row>(text, values));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  #send<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    return timedQuery<Row>(this.#client, { text, values, timeout: this.#options.timeout });
  }

  /**
   * Returns the first reason: queries that wait their turn are only told by pg that the client was
   * closed.
   */
  destroy(reason: unknown): unknown {
    this.#end ??= { reason };
    this.#client.connection.stream.destroy();
    return this.#end.reason;
  }
}
