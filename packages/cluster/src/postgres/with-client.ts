import type { Client } from 'pg';

import { timeLimitOf } from '../limits.ts';
import type { OpenOptions } from '../store.ts';
import { within } from '../within.ts';
import { codeOf, messageOf } from './errors.ts';
import { limitedClient } from './limited-client.ts';

/** A connection for the start: it may wait for the tables, which another node makes. */
export async function withClient<Result>(
  url: string,
  options: OpenOptions,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(url, options);
  try {
    return await use(client);
  } finally {
    await end(client, options);
  }
}

/** A server that is silent by now is not waited for. */
async function end(client: Client, { clock, ttl }: OpenOptions): Promise<void> {
  try {
    await within(client.end(), { clock, timeout: timeLimitOf('leave', ttl), of: 'Postgres' });
  } catch {
    client.connection.stream.destroy();
  }
}

/** How long a start may wait for the server, in ms. */
export function timeLimitOfStart(ttl: number): number {
  return Math.max(ttl, 10_000);
}

async function connect(url: string, { clock, ttl }: OpenOptions): Promise<Client> {
  const timeout = timeLimitOfStart(ttl);
  try {
    const client = new (limitedClient(clock, timeout))({
      connectionString: url,
      fallback_application_name: 'reprise start',
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

/** In the words of the server, which have no password, with a remedy. */
export function refusalOfConnection(error: unknown): string {
  const remedies: Readonly<Record<string, string>> = {
    '3D000': 'create the database, or mend the URL',
    '28000': 'create the role, or mend the URL',
    '28P01': 'mend the password in the URL',
    '53300': 'close other connections, or raise max_connections',
    '57P03': 'wait until it has started',
    ECONNREFUSED: 'start it, or mend the URL',
    ENOTFOUND: 'mend the host in the URL',
    ERR_INVALID_URL: 'encode user and password in it, as encodeURIComponent does',
  };
  const remedy = remedies[String(codeOf(error))] ?? 'mend the URL, or the server';
  return `Expected a connection to Postgres, got: ${messageOf(error)}: ${remedy}`;
}
