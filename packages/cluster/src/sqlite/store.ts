import { resolve } from 'node:path';

import { describe } from '@reprise/actor/text';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import { Rows } from '../rows.ts';
import type { OpenOptions, Store } from '../store.ts';
import { connect } from './connect.ts';
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
 * @throws TypeError if `file` is not the path of a file.
 * @see https://www.sqlite.org/wal.html
 */
export function sqlite(file: string): Store<SqliteTransaction, 'sync'> {
  if (typeof file !== 'string' || file === '' || file === ':memory:') {
    throw new TypeError(`Expected the path of a file, got ${describe(file)}`);
  }
  return new SqliteStore(resolve(file));
}

class SqliteStore implements Store<SqliteTransaction, 'sync'> {
  readonly kind = 'sync';
  readonly #path: string;
  /** Whether a start of this program has not made or found the tables yet. */
  #isFirst = true;

  constructor(path: string) {
    this.#path = path;
  }

  rows<Data>(schema: StandardSchemaV1<unknown, Data>): Rows<Data> {
    return new Rows(schema);
  }

  async open(options: OpenOptions): Promise<OpenSqliteStore> {
    const { clock, ttl } = options;
    const end = clock.now() + ttl;
    for (;;) {
      try {
        const connected = connect(this.#path, this.#isFirst);
        this.#isFirst = false;
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
