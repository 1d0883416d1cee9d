import type { Pool, PoolClient } from 'pg';

/** The use of a connection that is lent. `fail` ends it, no matter for which answer it waits. */
export type Use<Result> = (client: PoolClient, fail: (error: unknown) => void) => Promise<Result>;

/** Lends the connections of a pool. */
export class Lender {
  readonly #pool: Pool;
  /** Ends the use of the pool. */
  readonly close: () => Promise<void>;

  constructor(pool: Pool, close: () => Promise<void>) {
    this.#pool = pool;
    this.close = close;
  }

  /** Lends a connection to `use`. It waits for one that is free until `signal` aborts. */
  async lend<Result>(signal: AbortSignal, use: Use<Result>): Promise<Result> {
    return lendTo(use, await borrow(this.#pool, signal));
  }
}

/**
 * After a failure nobody knows the state of the connection: then it is destroyed, which also rolls
 * back.
 */
async function lendTo<Result>(use: Use<Result>, client: PoolClient): Promise<Result> {
  const lost = Promise.withResolvers<never>();
  // Without a listener it would be thrown. A handler that waits for something else is not told.
  client.on('error', lost.reject);
  lost.promise.catch(() => {});
  try {
    const result = await Promise.race([use(client, lost.reject), lost.promise]);
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
