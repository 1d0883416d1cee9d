import { assertKnownKeys, assertOneOf, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';
import type { Pool } from 'pg';

import { isName } from './schema.ts';

/** Where the database is, and how its tables come to be. */
export type PostgresOptions = (WithUrl | WithPool) & PostgresSettings;

interface WithUrl {
  /** Such as `postgres://user@host/database`. */
  readonly url: string | undefined;
  /** For leases, past a pooler to which `url` leads. Default: `url`. */
  readonly leaseUrl?: string | undefined;
  readonly pool?: never;
}

interface WithPool {
  /** For transactions and cursors. It stays open when the cluster ends. */
  readonly pool: Pool;
  /**
   * For leases, which have a connection of their own: no query of a handler may hold it up. It
   * leads to the same database, and past a pooler if there is one.
   */
  readonly leaseUrl: string | undefined;
  readonly url?: never;
}

export interface PostgresSettings {
  /** Default: `reprise`. */
  readonly schema?: string;
  /**
   * `auto` makes the tables, or brings them to this version; `check` only looks, and needs no
   * privilege to create anything. Default: `auto`.
   */
  readonly migrate?: 'auto' | 'check';
  /**
   * Accepts a server that loses acknowledged writes when its machine fails (`fsync` or
   * `synchronous_commit` is off). For tests. Default: false.
   */
  readonly allowUnsafe?: boolean;
}

/** The options, checked and complete. */
export interface Settings extends Required<PostgresSettings> {
  readonly leaseUrl: string;
  /** The user's pool, or the URL for one of the store's own. */
  readonly pool: Pool | string;
}

const keys: KeysOf<PostgresSettings & { url: string; pool: Pool; leaseUrl: string }> = {
  url: true,
  pool: true,
  leaseUrl: true,
  schema: true,
  migrate: true,
  allowUnsafe: true,
};

/** @throws TypeError for options that cannot be meant; it shows no URL, which has a password */
export function settingsOf(given: string | undefined | PostgresOptions): Settings {
  const options: PostgresOptions = typeof given === 'object' ? given : { url: given };
  assertKnownKeys('postgres', options, keys);
  const { schema = 'reprise', migrate = 'auto', allowUnsafe = false } = options;
  assertOneOf('Expected the option `migrate` of postgres to be', migrate, ['auto', 'check']);
  if (!isName(schema)) {
    throw new TypeError(
      `Expected the option \`schema\` of postgres to be a name of 1 to 63 bytes, got ${describe(schema)}`,
    );
  }
  return { ...connectionsOf(options), schema, migrate, allowUnsafe };
}

function connectionsOf({
  url,
  pool,
  leaseUrl,
}: PostgresOptions): Pick<Settings, 'leaseUrl' | 'pool'> {
  if (pool === undefined) {
    assertUrl('url', url);
    const urlOfLease = leaseUrl ?? url;
    assertUrl('leaseUrl', urlOfLease);
    return { pool: url, leaseUrl: urlOfLease };
  }
  if (url !== undefined) {
    throw new TypeError('Expected either `url` or `pool` in the options of postgres, got both');
  }
  assertPool(pool);
  assertUrl('leaseUrl', leaseUrl);
  return { pool, leaseUrl };
}

/** Nothing of it is shown: its options may have a password. */
function assertPool(pool: unknown): void {
  const { connect, on } = (pool ?? {}) as Partial<Pool>;
  if (typeof connect !== 'function' || typeof on !== 'function') {
    throw new TypeError(
      'Expected the option `pool` of postgres to be a Pool of pg, got something else',
    );
  }
}

/** Of a text nothing is shown: it may have a password anywhere. */
function assertUrl(name: string, value: unknown): asserts value is string {
  const isUrl = typeof value === 'string' && /^(?:postgres(?:ql)?:\/\/|socket:|\/)/.test(value);
  if (!isUrl) {
    const isText = typeof value === 'string' && value !== '';
    const got = isText ? 'another text' : describe(value);
    const hint = value === undefined || value === '' ? ': is its environment variable set?' : '';
    throw new TypeError(
      `Expected the option \`${name}\` of postgres to be a URL such as postgres://user@host/database, got ${got}${hint}`,
    );
  }
}
