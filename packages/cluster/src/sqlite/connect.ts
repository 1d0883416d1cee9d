import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as sqliteModule from 'node:sqlite';

import { isBusy } from './errors.ts';
import { Statement } from './statement.ts';
import { prepareAll, type Statements } from './statements.ts';
import { checkTables, createTables } from './tables.ts';

/** A connection, and its statements. */
export interface Connected {
  readonly connection: sqliteModule.DatabaseSync;
  readonly statements: Statements;
}

/**
 * `made`: they are made, or brought to the version of this release. `kept`: they were there, and
 * have taken all cursors along if they are gone. `checked`: this program only looks.
 */
export type Tables = 'made' | 'kept' | 'checked';

/**
 * Opens the file, and checks that several processes can use it.
 * @throws Error if another connection has the lock, which `isBusy` tells.
 * @throws Error in one sentence that names the file if it cannot be used.
 */
export function connect(path: string, tables: Tables): Connected {
  const { DatabaseSync } = sqliteOfNode();
  if (tables !== 'made' && !existsSync(path)) {
    throw none(path, tables);
  }
  try {
    return prepare(new DatabaseSync(path), path, tables);
  } catch (error) {
    throw isBusy(error) ? error : unusable(path, error);
  }
}

function prepare(connection: sqliteModule.DatabaseSync, path: string, tables: Tables): Connected {
  try {
    // SQLite's own waiting holds the thread, and is not fair: a busy file is tried again by timers.
    connection.exec('pragma busy_timeout = 0');
    // Before the log: a database of another program stays as it is.
    if (tables !== 'made' && !hasTables(connection)) {
      throw none(path, tables);
    }
    useWal(connection, path);
    // After a loss of power the last transactions may be missing, effects and cursors together.
    connection.exec('pragma synchronous = normal');
    if (tables === 'checked') {
      checkTables(connection, path);
    } else {
      connection.exec('begin immediate');
      createTables(connection, path);
      connection.exec('commit');
    }
    return { connection, statements: prepareAll(connection, path) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

function hasTables(connection: sqliteModule.DatabaseSync): boolean {
  const found = connection.prepare("select 1 from sqlite_schema where name = 'reprise_meta'").get();
  return found !== undefined;
}

function none(path: string, tables: 'kept' | 'checked'): Error {
  const remedy =
    tables === 'kept'
      ? 'restore the file from a backup, or start the program again to begin anew'
      : 'a node that starts makes them';
  return new Error(`Expected the tables of a cluster in ${path}, got none: ${remedy}`);
}

/**
 * With the log, readers do not wait for the writer. It needs memory that processes share, so it
 * needs one machine: SQLite stays in another mode on file systems of a network.
 */
export function useWal(connection: sqliteModule.DatabaseSync, path: string): void {
  const found = new Statement<{ readonly journal_mode: string }>(
    path,
    connection,
    'pragma journal_mode = wal',
  ).get();
  if (found?.journal_mode !== 'wal') {
    throw new Error(
      `Expected ${path} to be on a local disk, where processes can share memory, got a file system on which SQLite stays in the journal mode ${String(found?.journal_mode)}`,
    );
  }
}

function unusable(path: string, error: unknown): unknown {
  const { code, message } = error as Error & { readonly code?: string };
  if (code !== 'ERR_SQLITE_ERROR') {
    return error;
  }
  const folder = dirname(path);
  const got = existsSync(folder) ? message : `no folder ${folder}`;
  return new Error(`Expected ${path} to be a file of a cluster that can be written, got: ${got}`, {
    cause: error,
  });
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
