import { Client, type ClientConfig, Pool, type PoolClient } from 'pg';

import type { OpenOptions } from '../store.ts';

/** A pool that connections are lent from. */
export interface Lender {
  readonly pool: Pool;
  /** Closes the pool, if it is the store's own. */
  readonly close: () => Promise<void>;
}

/** The user's pool, or one of the store's own. */
export function lenderFor(given: Pool | string, { ttl, onError }: OpenOptions): Lender {
  const pool = typeof given === 'string' ? makePool(given, ttl) : given;
  const listener = (error: Error) => {
    // A pool adds the whole client to its errors.
    Reflect.deleteProperty(error, 'client');
    onError(error);
  };
  pool.on('error', listener);
  const close =
    pool === given
      ? async () => {
          pool.off('error', listener);
        }
      : closing(pool);
  return { pool, close };
}

/**
 * More than four are slower on few cores. Waiting for one has no limit: a stream whose turn has not
 * come is held back, and so is its source.
 */
function makePool(url: string, ttl: number): Pool {
  return new Pool({
    connectionString: url,
    fallback_application_name: 'reprise',
    max: 4,
    pipeline: true,
    keepAlive: true,
    Client: limitedTo(ttl / 8),
  });
}

/** The pool's own limit would also count the time until a connection is free. */
function limitedTo(connectionTimeoutMillis: number): typeof Client {
  return class Limited extends Client {
    constructor(config?: string | ClientConfig) {
      super(typeof config === 'object' ? { ...config, connectionTimeoutMillis } : config);
    }
  };
}

/**
 * Ends what is lent, too, which the pool alone would wait for, and the sockets, which would wait
 * for the server.
 */
function closing(pool: Pool): () => Promise<void> {
  const clients = new Set<PoolClient>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  return async () => {
    const ended = pool.ending ? undefined : pool.end();
    for (const client of clients) {
      client.connection.stream.destroy();
    }
    await ended;
  };
}
