import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { SqliteFile } from './sqlite-file.ts';
import type { CursorStore } from './store.ts';

export interface SqliteOptions {
  /**
   * How long the start of a client waits for another process to close the file, in ms; the thread
   * is blocked meanwhile. Default: 0.
   */
  readonly timeout?: number;
}

const sqliteKeys: KeysOf<SqliteOptions> = { timeout: true };

/**
 * A store in an SQLite file, through Node's own `node:sqlite` (Node 22.13 or later). All clients of
 * a program share one connection to a file, and can use as many keys in it as they like.
 *
 * The file belongs to one process at a time: while one has it open, the start of a client in
 * another fails with an error that names the first. A `kill -9` leaves the file sound; after a loss
 * of power the last writes may be missing, and their events come again.
 *
 * The file is opened when a client starts. That start fails with an `Error` if another process has
 * the file, if it cannot be written, or if it is not a cursor file. A client that can no longer
 * write its cursor, since the disk is full, crashes.
 * @example
 * ```ts no-run
 * import { createSystem, Supervisor } from '@reprise/actor';
 * import { SseClient, sqlite } from '@reprise/sse';
 *
 * const prices = SseClient.resilient({
 *   id: 'prices',
 *   url: 'https://example.com/prices',
 *   cursor: sqlite('cursors.db', { timeout: 2000 }),
 *   handle: (event) => console.log(event.data),
 * });
 * await Supervisor.startLink(createSystem(), { strategy: 'oneForOne', children: [prices] });
 * ```
 * @throws RangeError if `timeout` is not a number from 0 on, or not the one that this program has
 * given for this file before.
 * @see https://www.sqlite.org/wal.html
 */
export function sqlite(
  file: string,
  options: SqliteOptions = {},
): Required<Omit<CursorStore, 'setWithRecent'>> {
  assertKnownKeys('sqlite', options, sqliteKeys);
  if (typeof file !== 'string' || file === '') {
    throw new TypeError(`Expected the path of a file, got ${describe(file)}`);
  }
  const { timeout } = options;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
    throw new RangeError(`Expected timeout to be a number from 0 on, got ${describe(timeout)}`);
  }
  const path = realPath(resolve(file));
  const store = stores.get(path) ?? new SqliteStore(path);
  stores.set(path, store);
  store.setTimeout(timeout);
  return store;
}

/**
 * The path without symbolic links, as far as it exists: one file has one connection and one owner,
 * whatever path leads to it.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), basename(path));
  }
}

/** By path. */
const stores = new Map<string, SqliteStore>();

class SqliteStore implements Required<Omit<CursorStore, 'setWithRecent'>> {
  readonly #path: string;
  #timeout: number | undefined = undefined;
  #users = 0;
  #file: SqliteFile | undefined = undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The store is shared, so only one caller can choose; a caller without a timeout agrees to any.
   */
  setTimeout(ms: number | undefined): void {
    if (ms !== undefined && ms !== (this.#timeout ?? ms)) {
      throw new RangeError(
        `Expected one timeout for ${this.#path} in the whole program, got ${this.#timeout} and ${ms}`,
      );
    }
    this.#timeout ??= ms;
  }

  open(): void {
    const timeout = Math.min(Math.ceil(this.#timeout ?? 0), longestTimeout);
    this.#file ??= new SqliteFile(this.#path, timeout);
    this.#users += 1;
  }

  close(): void {
    this.#users -= 1;
    if (this.#users === 0) {
      this.#file?.close();
      this.#file = undefined;
    }
  }

  get(key: string): string | undefined {
    return this.#opened.get(key);
  }

  set(key: string, value: string): void {
    this.#opened.set(key, value);
  }

  transaction(key: string, value: string | undefined, work: () => unknown): unknown {
    return this.#opened.transaction(key, value, work);
  }

  get #opened(): SqliteFile {
    if (this.#file === undefined) {
      throw new Error(`Expected the cursor file ${this.#path} to be open, got a closed one`);
    }
    return this.#file;
  }
}

/** SQLite takes a 32-bit integer, and ignores a larger one. */
const longestTimeout = 2 ** 31 - 1;
