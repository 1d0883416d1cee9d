import { Pool, type PoolClient } from 'pg';

import { timeLimitOf } from '../limits.ts';
import type { OpenOptions } from '../store.ts';
import { Lender } from './lend.ts';
import { limitedClient } from './limited-client.ts';

/** The user's pool, or one of the store's own, which ends with the store. */
export function lenderFor(given: Pool | string, options: OpenOptions): Lender {
  const { onError } = options;
  const pool = typeof given === 'string' ? makePool(given, options) : given;
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
  return new Lender(pool, close);
}

/**
 * More than four are slower on few cores. Waiting for one has no limit: a stream whose turn has not
 * come is held back, and so is its source.
 */
function makePool(url: string, { clock, ttl }: OpenOptions): Pool {
  return new Pool({
    connectionString: url,
    fallback_application_name: 'reprise',
    max: 4,
    pipeline: true,
    keepAlive: true,
    // The pool's own limit would also count the time until a connection is free.
    Client: limitedClient(clock, timeLimitOf('renew', ttl)),
  });
}

/**
 * Ends the clients that are lent, too, for which the pool alone would wait, and the sockets, which
 * would wait for the server.
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
