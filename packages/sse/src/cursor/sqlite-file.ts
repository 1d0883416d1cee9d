import type * as sqliteModule from 'node:sqlite';

import { isThenable } from '../maybe-promise.ts';
import { readOwner, removeOwner, writeOwner } from './owner-file.ts';

type Connection = sqliteModule.DatabaseSync;
type Statement = sqliteModule.StatementSync;

/** An open cursor file: one connection, which has the lock of the file until it is closed. */
export class SqliteFile {
  readonly #path: string;
  readonly #connection: Connection;
  readonly #select: Statement;
  readonly #upsert: Statement;
  readonly #transaction: Transaction;

  /**
   * @param timeout how long to wait for the lock, in ms.
   * @throws Error if another process has the file, if it cannot be written, or if it is not a
   * cursor file.
   */
  constructor(path: string, timeout: number) {
    const { connection, select, upsert } = connect(path, timeout);
    this.#path = path;
    this.#connection = connection;
    this.#select = select;
    this.#upsert = upsert;
    this.#transaction = new Transaction(connection, path, upsert);
  }

  get(key: string): string | undefined {
    return (this.#select.get(key) as { readonly value: string } | undefined)?.value;
  }

  set(key: string, value: string): void {
    this.#transaction.remember(key, value);
    write(this.#path, this.#upsert, key, value);
  }

  /**
   * Only the commit lies between the end of a synchronous handler and the kept position: a kill in
   * that moment makes the event come twice. The position after an asynchronous handler is written
   * once it has settled, since all clients share the connection.
   */
  transaction(key: string, value: string | undefined, work: () => unknown): unknown {
    if (value === undefined) {
      return work();
    }
    const result = this.#transaction.run(key, value, work);
    return isThenable(result) ? this.#setAfter(result, key, value) : undefined;
  }

  async #setAfter(result: Promise<unknown>, key: string, value: string): Promise<void> {
    await result;
    this.set(key, value);
  }

  close(): void {
    removeOwner(this.#path);
    this.#connection.close();
  }
}

/**
 * The one transaction of a connection, used again and again. It is over after `run`: an open one
 * would swallow, unseen, all that other clients write.
 */
class Transaction {
  readonly #path: string;
  readonly #upsert: Statement;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  /**
   * The writes of other clients while the transaction is open: a handler can end them. A rollback
   * must not undo these writes, so it repeats them.
   */
  readonly #others = new Map<string, string>();
  #isOpen = false;

  constructor(connection: Connection, path: string, upsert: Statement) {
    this.#path = path;
    this.#upsert = upsert;
    this.#begin = connection.prepare('BEGIN');
    this.#commit = connection.prepare('COMMIT');
    this.#rollback = connection.prepare('ROLLBACK');
  }

  /** Writes the value if the work is done when it returns. */
  run(key: string, value: string, work: () => unknown): unknown {
    this.#start(key, value);
    let result: unknown;
    try {
      result = work();
    } catch (error) {
      this.#undo();
      throw error;
    }
    if (isThenable(result)) {
      this.#undo();
    } else {
      this.#end();
    }
    return result;
  }

  #start(key: string, value: string): void {
    write(this.#path, this.#begin);
    this.#runOrUndo(this.#upsert, key, value);
    this.#isOpen = true;
  }

  /** Notes the write of another client, if the transaction is open. */
  remember(key: string, value: string): void {
    if (this.#isOpen) {
      this.#others.set(key, value);
    }
  }

  #end(): void {
    this.#isOpen = false;
    this.#others.clear();
    this.#runOrUndo(this.#commit);
  }

  #undo(): void {
    this.#isOpen = false;
    this.#rollback.run();
    for (const [key, value] of this.#others) {
      write(this.#path, this.#upsert, key, value);
    }
    this.#others.clear();
  }

  #runOrUndo(statement: Statement, ...values: string[]): void {
    try {
      write(this.#path, statement, ...values);
    } catch (error) {
      try {
        this.#rollback.run();
      } catch {
        // SQLite has rolled back by itself.
      }
      throw error;
    }
  }
}

/** SQLite's message about a full disk names no file; this one does. */
function write(path: string, statement: Statement, ...values: readonly string[]): void {
  try {
    statement.run(...values);
  } catch (error) {
    throw new Error(
      `Expected the cursor file ${path} to be writable, got: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * The result code for a file that another process has locked (https://www.sqlite.org/rescode.html).
 */
const SQLITE_BUSY = 5;

/** A connection that has the lock, and its statements. */
interface Prepared {
  readonly connection: Connection;
  readonly select: Statement;
  readonly upsert: Statement;
}

function connect(path: string, timeout: number): Prepared {
  try {
    return prepare(new (sqliteOfNode().DatabaseSync)(path), path, timeout);
  } catch (error) {
    const { message, errcode = 0 } = error as Error & { readonly errcode?: number };
    // The lowest byte of an extended result code is the primary one.
    const isTaken = (errcode & 0xff) === SQLITE_BUSY;
    throw new Error(
      isTaken
        ? `Expected the cursor file ${path} to be free, got one that ${readOwner(path)} has open`
        : `Expected ${path} to be a cursor file that can be written, got: ${message}`,
      { cause: error },
    );
  }
}

/** Locks the file, makes the table if there is none, and checks that the file is sound. */
function prepare(connection: Connection, path: string, timeout: number): Prepared {
  try {
    connection.exec(`PRAGMA busy_timeout = ${timeout}`);
    // Before the first access: then the lock is kept until the file is closed. The operating system
    // frees it when the process dies.
    connection.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
    connection.exec('PRAGMA synchronous = NORMAL');
    // Not WITHOUT ROWID: there, a value above a quarter of a page goes to an overflow page, and
    // each write is four pages instead of one.
    connection.exec(
      'CREATE TABLE IF NOT EXISTS cursor (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    );
    // Takes the lock and shows whether the file can be written, before anything depends on it.
    connection.exec('BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT');
    const found = connection.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (found.quick_check !== 'ok') {
      throw new Error(found.quick_check);
    }
    // They fail if the table has other columns: it belongs to another program.
    const select = connection.prepare('SELECT value FROM cursor WHERE key = ?');
    const upsert = connection.prepare(
      'INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
    writeOwner(path);
    return { connection, select, upsert };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Not an import: that would slow the start of programs without it, and Node 22.12 has no such
 * module.
 */
function sqliteOfNode(): typeof sqliteModule {
  const found = process.getBuiltinModule?.('node:sqlite');
  if (found === undefined) {
    throw new Error(`Expected Node 22.13 or later, which has node:sqlite, got ${process.version}`);
  }
  return found;
}
