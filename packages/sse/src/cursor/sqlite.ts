import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type * as sqliteModule from 'node:sqlite';

import type { CursorStore, StagedWrite } from './store.ts';

export interface SqliteOptions {
  /**
   * How long to wait for another process to let go of the file, in ms; meanwhile the program stands
   * still. Default: 0.
   */
  readonly patience?: number;
}

/**
 * Cursors in a file of SQLite's, by Node's own `node:sqlite` (Node 22.13 or later). It belongs to
 * one process at a time: while one has it open, the next is refused, with an error that names the
 * first. It survives a `kill -9` of the program as it is; after a loss of power the last writes may
 * be missing, and their events come again.
 *
 * Throws nothing itself. The start of a client that uses it fails with an `Error` if the file is
 * another process's, is read-only, or is no such file; a client that cannot write it, because the
 * disk is full, crashes.
 * @see https://www.sqlite.org/wal.html
 */
export function sqlite(file: string, { patience = 0 }: SqliteOptions = {}): Required<CursorStore> {
  const path = realPath(resolve(file));
  const store = stores.get(path) ?? new SqliteStore(path, patience);
  stores.set(path, store);
  return store;
}

/**
 * Without links, as far as there is something already: one file has one connection and one owner,
 * whatever it is called.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), basename(path));
  }
}

/** By path: all clients of a program share one connection. */
const stores = new Map<string, SqliteStore>();

class SqliteStore implements Required<CursorStore> {
  readonly #path: string;
  readonly #patience: number;
  #users = 0;
  #database: Database | undefined = undefined;

  constructor(path: string, patience: number) {
    this.#path = path;
    this.#patience = patience;
  }

  open(): void {
    this.#database ??= openDatabase(this.#path, this.#patience);
    this.#users += 1;
  }

  close(): void {
    this.#users -= 1;
    if (this.#users === 0) {
      this.#database?.close();
      this.#database = undefined;
    }
  }

  get(key: string): string | undefined {
    return this.#opened.get(key);
  }

  set(key: string, value: string): void {
    this.#opened.set(key, value);
  }

  stage(key: string, value: string): StagedWrite {
    return this.#opened.stage(key, value);
  }

  get #opened(): Database {
    if (this.#database === undefined) {
      throw new Error(`Expected the cursor file ${this.#path} to be open, got a closed one`);
    }
    return this.#database;
  }
}

interface Database {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  stage(key: string, value: string): StagedWrite;
  close(): void;
}

/**
 * What SQLite answers when another process has the file; it lies in the lowest byte
 * (https://www.sqlite.org/rescode.html).
 */
const SQLITE_BUSY = 5;

function openDatabase(path: string, patience: number): Database {
  try {
    return open(path, patience);
  } catch (error) {
    const { message, errcode = 0 } = error as Error & { readonly errcode?: number };
    const isTaken = (errcode & 0xff) === SQLITE_BUSY;
    throw new Error(
      isTaken
        ? `Expected the cursor file ${path} to be free, got one that ${owner(path)} has open`
        : `Expected ${path} to be a cursor file that can be written, got: ${message}`,
      { cause: error },
    );
  }
}

function open(path: string, patience: number): Database {
  const database = new (sqliteOfNode().DatabaseSync)(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${Math.round(patience)}`);
    // Set before the first access, it keeps the lock until the file is closed; the system lets go
    // of it when the process dies.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    // With its row ids: without them, a value of more than a quarter of a page spills over to
    // another, and each write is four pages in place of one.
    database.exec(
      'CREATE TABLE IF NOT EXISTS cursor (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    );
    // Takes the lock, and finds out whether the file can be written, before anything depends on it.
    database.exec('BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT');
    const found = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (found.quick_check !== 'ok') {
      throw new Error(found.quick_check);
    }
    const select = database.prepare('SELECT value FROM cursor WHERE key = ?');
    signIn(path);
    return {
      get: (key) => (select.get(key) as { readonly value: string } | undefined)?.value,
      ...writerOf(database, path),
      close: () => {
        rmSync(ownerFile(path), { force: true });
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** All that is written, in transactions that are over whatever happens. */
function writerOf(
  database: sqliteModule.DatabaseSync,
  path: string,
): Pick<Database, 'set' | 'stage'> {
  const upsert = database.prepare(
    'INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  const [begin, commit, rollback] = ['BEGIN', 'COMMIT', 'ROLLBACK'].map((sql) =>
    database.prepare(sql),
  );
  const undo = (): void => {
    try {
      rollback?.run();
    } catch {
      // SQLite has done it itself.
    }
  };
  // A transaction that stayed open after an error would swallow, unseen, all that other clients
  // write.
  const whole = (statement: sqliteModule.StatementSync | undefined, ...values: string[]): void => {
    try {
      written(path, statement, ...values);
    } catch (error) {
      undo();
      throw error;
    }
  };
  // A handler can end other clients, which write then: that is not to go with what was staged for
  // its event.
  const besides = new Map<string, string>();
  let isStaged = false;
  const staged = {
    commit: () => {
      isStaged = false;
      besides.clear();
      whole(commit);
    },
    rollback: () => {
      isStaged = false;
      rollback?.run();
      for (const [key, value] of besides) {
        written(path, upsert, key, value);
      }
      besides.clear();
    },
  };
  return {
    set: (key, value) => {
      if (isStaged) {
        besides.set(key, value);
      }
      written(path, upsert, key, value);
    },
    stage: (key, value) => {
      written(path, begin);
      whole(upsert, key, value);
      isStaged = true;
      return staged;
    },
  };
}

/** SQLite's own words for a full disk name no file. */
function written(
  path: string,
  statement: sqliteModule.StatementSync | undefined,
  ...values: readonly string[]
): void {
  try {
    statement?.run(...values);
  } catch (error) {
    throw new Error(
      `Expected the cursor file ${path} to be writable, got: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Not imported: it costs a start that needs it not, and there is none before Node 22.13. */
function sqliteOfNode(): typeof sqliteModule {
  const found = process.getBuiltinModule?.('node:sqlite');
  if (found === undefined) {
    throw new Error(`node:sqlite, which is in Node 22.13 and later, is not in ${process.version}`);
  }
  return found;
}

// The lock shuts out readers too, so who holds it is written beside the file. The lock decides;
// this is only for people.

function ownerFile(path: string): string {
  return `${path}-owner`;
}

function signIn(path: string): void {
  // What a dead owner left is taken away and not written over: it could be a link to a file of
  // somebody else's.
  rmSync(ownerFile(path), { force: true });
  writeFileSync(ownerFile(path), `process ${process.pid} on ${hostname()}`, { flag: 'wx' });
}

function owner(path: string): string {
  try {
    return readFileSync(ownerFile(path), 'utf8');
  } catch {
    return 'another process';
  }
}
