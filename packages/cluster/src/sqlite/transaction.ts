import type { DatabaseSync } from 'node:sqlite';

import { describe } from '@reprise/actor/text';

import { type SqliteChanges, type SqliteValue, Statement } from './statement.ts';

/** A row by the names of its columns. */
export type SqliteRow = Record<string, SqliteValue>;

/**
 * The transaction of a handler on the file of its cluster. It ends when the handler returns: after
 * that, each statement of it throws.
 */
export interface SqliteTransaction {
  /**
   * One statement. It is compiled once for all transactions, so its text should not have values in
   * it.
   * @throws TypeError if the statement would begin or end a transaction, or has another behind it.
   */
  prepare(sql: string): SqliteStatement;
}

/** A statement with `?` in place of its values. */
export interface SqliteStatement {
  run(...values: readonly SqliteValue[]): SqliteChanges;
  /** The first row. */
  get(...values: readonly SqliteValue[]): SqliteRow | undefined;
  all(...values: readonly SqliteValue[]): readonly SqliteRow[];
}

/** The transactions of a connection, one after the other; all handlers share this object. */
export class HandlerTransaction implements SqliteTransaction {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();
  #isOpen = false;
  /** The error with which SQLite has rolled the transaction back by itself. */
  #lostBy: Error | undefined = undefined;

  constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
  }

  /** Runs a handler in the transaction that is open. */
  run(work: (tx: SqliteTransaction) => unknown): unknown {
    this.#isOpen = true;
    this.#lostBy = undefined;
    try {
      const result = work(this);
      assertSynchronous(result);
      this.#assertKept();
      return result;
    } finally {
      this.#isOpen = false;
    }
  }

  prepare(sql: string): SqliteStatement {
    this.#assertOpen();
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      return known;
    }
    assertWithinTransaction(sql);
    const statement = this.#compile(sql);
    // A bound for texts with values in them.
    if (this.#statements.size === mostStatements) {
      this.#statements.clear();
    }
    this.#statements.set(sql, statement);
    return statement;
  }

  #compile(sql: string): SqliteStatement {
    const statement = new Statement<SqliteRow>(this.#path, this.#connection, sql);
    assertAlone(statement.text, sql);
    return {
      run: (...values) => this.#execute(() => statement.run(...values)),
      get: (...values) => this.#execute(() => statement.get(...values)),
      all: (...values) => this.#execute(() => statement.all(...values)),
    };
  }

  #execute<Result>(execute: () => Result): Result {
    this.#assertOpen();
    try {
      return execute();
    } catch (error) {
      this.#noteEnd(error);
      throw error;
    }
  }

  /**
   * A full disk, or a conflict in `insert or rollback`, ends the whole transaction. Whatever the
   * handler did after it would stay, without a cursor. A begin tells: inside of a transaction it is
   * an error.
   */
  #noteEnd(error: unknown): void {
    try {
      this.#connection.exec('begin');
    } catch {
      return;
    }
    this.#connection.exec('rollback');
    this.#lostBy = error as Error;
  }

  #assertOpen(): void {
    if (!this.#isOpen) {
      throw new Error('Expected a statement before the handler returns, got one after it');
    }
    this.#assertKept();
  }

  #assertKept(): void {
    if (this.#lostBy !== undefined) {
      throw new Error(
        `Expected the transaction to last until the handler returns, got one that SQLite has rolled back: ${this.#lostBy.message}`,
        { cause: this.#lostBy },
      );
    }
  }
}

const mostStatements = 100;

function assertSynchronous(result: unknown): void {
  const { then } = (result ?? {}) as { readonly then?: unknown };
  if (typeof then === 'function') {
    // Its own end is of no interest any more: its statements throw from now on.
    Promise.resolve(result).catch(() => undefined);
    throw new TypeError(
      'Expected a handler that is synchronous, as an SQLite store is, got one that returns a promise',
    );
  }
}

/** Savepoints are fine, and so is a rollback to one. */
function assertWithinTransaction(sql: string): void {
  const text = sql.replaceAll(comment, ' ').trim();
  if (/^(?:begin|commit|end|rollback)\b/i.test(text) && !rollbackToSavepoint.test(text)) {
    throw new TypeError(
      `Expected a statement that leaves the transaction open until the handler returns, got ${describe(sql)}`,
    );
  }
}

/** SQLite compiles the first statement of a text, and is silent about the others. */
function assertAlone(statement: string, sql: string): void {
  if (sql.slice(statement.length).replaceAll(comment, '').trim() !== '') {
    throw new TypeError(`Expected one statement, got more than one in ${describe(sql)}`);
  }
}

const comment = /--[^\n]*|\/\*[^]*?\*\//g;
const rollbackToSavepoint = /^rollback\s+(?:transaction\s+)?to\b/i;
