import { resolve } from 'node:path';

import { assertKnownKeys, assertOneOf, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import { Rows } from '../rows.ts';
import type { OpenOptions, Store } from '../store.ts';
import { connect, type Tables } from './connect.ts';
import { isBusy, stillBusy } from './errors.ts';
import { OpenSqliteStore } from './open-store.ts';
import type { SqliteTransaction } from './transaction.ts';
import { pauseAfter, sleep } from './turns.ts';

/**
 * A store in an SQLite file, through Node's own `node:sqlite` (Node 22.13 or later). Any number of
 * processes of one machine share the file; it has to be on a local disk. Effects live in the same
 * file: a handler writes them through `tx`, and is synchronous.
 *
 * A `kill -9` loses nothing. After a loss of power the last transactions may be missing, effects
 * and cursors together.
 * @example
 * ```ts
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { systemClock } from '@reprise/actor';
 * import { sqlite } from '@reprise/cluster/sqlite';
 *
 * const store = sqlite(join(mkdtempSync(join(tmpdir(), 'cluster-')), 'cluster.db'));
 * const open = await store.open({
 *   ttl: 10_000,
 *   clock: systemClock(),
 *   onError: console.error,
 *   onWarning: console.warn,
 * });
 * await open.declare([{ key: 'eur', spec: '' }, { key: 'usd', spec: '' }]);
 * console.log((await open.watch()).length); // 0
 * await open.close();
 * ```
 * @throws TypeError if `file` is not the path of a file, and for a wrong option.
 * @see https://www.sqlite.org/wal.html
 */
export function sqlite(
  file: string,
  options: SqliteOptions = {},
): Store<SqliteTransaction, 'sync'> {
  if (typeof file !== 'string' || file === '' || file === ':memory:') {
    throw new TypeError(`Expected the path of a file, got ${describe(file)}`);
  }
  assertKnownKeys('sqlite', options, keys);
  const { migrate = 'auto' } = options;
  assertOneOf('Expected the option `migrate` of sqlite to be', migrate, ['auto', 'check']);
  return new SqliteStore(resolve(file), migrate);
}

/** How the tables of a file come to be. */
export interface SqliteOptions {
  /**
   * `auto` makes the tables, or brings them to this version; `check` only looks, and makes neither
   * a file nor tables. Default: `auto`.
   */
  readonly migrate?: 'auto' | 'check';
}

const keys: KeysOf<SqliteOptions> = { migrate: true };

class SqliteStore implements Store<SqliteTransaction, 'sync'> {
  readonly kind = 'sync';
  readonly #path: string;
  /** Once a start of this program has made or found the tables, no other makes them. */
  #tables: Tables;

  constructor(path: string, migrate: 'auto' | 'check') {
    this.#path = path;
    this.#tables = migrate === 'auto' ? 'made' : 'checked';
  }

  rows<Data>(schema: StandardSchemaV1<unknown, Data>): Rows<Data> {
    return new Rows(schema);
  }

  async open(options: OpenOptions): Promise<OpenSqliteStore> {
    const { clock, ttl } = options;
    const end = clock.now() + ttl;
    for (;;) {
      try {
        const connected = connect(this.#path, this.#tables);
        this.#tables = this.#tables === 'made' ? 'kept' : this.#tables;
        return new OpenSqliteStore(this.#path, connected, options);
      } catch (error) {
        // Other processes that start make the tables, or a log is read after a kill.
        if (!isBusy(error)) {
          throw error;
        }
        if (clock.now() >= end) {
          throw stillBusy(this.#path, ttl);
        }
      }
      await sleep(clock, pauseAfter(0));
    }
  }
}
