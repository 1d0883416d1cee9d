import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { naming } from './errors.ts';

/** A value of SQLite. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** What a statement has changed. */
export interface SqliteChanges {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** A statement of a known file, which returns rows of the type `Row`. */
export class Statement<Row = unknown> {
  readonly #path: string;
  readonly #statement: StatementSync;

  constructor(path: string, connection: DatabaseSync, sql: string) {
    this.#path = path;
    this.#statement = connection.prepare(sql);
  }

  /** The part of the text that SQLite has taken: the first statement. */
  get text(): string {
    return this.#statement.sourceSQL;
  }

  run(...values: readonly SqliteValue[]): SqliteChanges {
    try {
      return this.#statement.run(...values);
    } catch (error) {
      throw naming(this.#path, error);
    }
  }

  get(...values: readonly SqliteValue[]): Row | undefined {
    try {
      return this.#statement.get(...values) as unknown as Row | undefined;
    } catch (error) {
      throw naming(this.#path, error);
    }
  }

  all(...values: readonly SqliteValue[]): readonly Row[] {
    try {
      return this.#statement.all(...values) as unknown as readonly Row[];
    } catch (error) {
      throw naming(this.#path, error);
    }
  }
}
