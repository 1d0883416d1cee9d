import type { Pool, PoolClient } from 'pg';

/**
 * Lends a connection of a pool to `use`. It waits for one until `signal` aborts. After a failure
 * nobody knows the state of the connection: then it is destroyed, which also rolls back.
 */
export async function lend<Result>(
  pool: Pool,
  signal: AbortSignal,
  use: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await borrow(pool, signal);
  const lost = Promise.withResolvers<never>();
  // Without a listener it would be thrown. A handler that waits for something else is not told.
  client.on('error', lost.reject);
  lost.promise.catch(() => {});
  try {
    const result = await Promise.race([use(client), lost.promise]);
    client.off('error', lost.reject);
    client.release();
    return result;
  } catch (error) {
    client.connection.stream.destroy();
    client.release(true);
    throw error;
  }
}

async function borrow(pool: Pool, signal: AbortSignal): Promise<PoolClient> {
  signal.throwIfAborted();
  const connecting = pool.connect();
  try {
    return await untilAborted(connecting, signal);
  } catch (error) {
    connecting.then(
      (client) => client.release(),
      () => {},
    );
    throw error;
  }
}

/** What `work` comes to, or the reason of `signal` as soon as it aborts. */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) {
    abort();
  }
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
