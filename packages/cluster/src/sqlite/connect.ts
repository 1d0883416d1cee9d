import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as sqliteModule from 'node:sqlite';

import { isBusy } from './errors.ts';
import { Statement } from './statement.ts';
import { prepareAll, type Statements } from './statements.ts';
import { createTables } from './tables.ts';

/** A connection, and its statements. */
export interface Connected {
  readonly connection: sqliteModule.DatabaseSync;
  readonly statements: Statements;
}

/**
 * Opens the file, and checks that several processes can use it. `isFirst`: it may make the tables.
 * Later on, tables that are gone have taken all cursors along.
 * @throws Error if another connection has the lock, which `isBusy` tells.
 * @throws Error in one sentence that names the file if it cannot be used.
 */
export function connect(path: string, isFirst: boolean): Connected {
  const { DatabaseSync } = sqliteOfNode();
  if (!isFirst && !existsSync(path)) {
    throw gone(path);
  }
  try {
    return prepare(new DatabaseSync(path), path, isFirst);
  } catch (error) {
    throw isBusy(error) ? error : unusable(path, error);
  }
}

function prepare(connection: sqliteModule.DatabaseSync, path: string, isFirst: boolean): Connected {
  try {
    // SQLite's own waiting holds the thread, and is not fair: a busy file is tried again by timers.
    connection.exec('pragma busy_timeout = 0');
    useWal(connection, path);
    // After a loss of power the last transactions may be missing, effects and cursors together.
    connection.exec('pragma synchronous = normal');
    connection.exec('begin immediate');
    if (!isFirst && !hasTables(connection)) {
      throw gone(path);
    }
    createTables(connection, path);
    connection.exec('commit');
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

function gone(path: string): Error {
  return new Error(
    `Expected the tables of a cluster in ${path}, got none: restore the file from a backup, or start the program again to begin anew`,
  );
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
