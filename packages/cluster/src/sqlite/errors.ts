import { MissingTablesError } from '../store.ts';

/**
 * Result codes that speak of the file and not of a statement: no permission, I/O error, corrupt,
 * full, cannot open, no database (https://www.sqlite.org/rescode.html).
 */
const codesOfFiles: readonly number[] = [3, 8, 10, 11, 13, 14, 26];

const SQLITE_BUSY = 5;

/** Whether another connection has the lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === SQLITE_BUSY;
}

/** A table of the cluster, which somebody has dropped. */
const missingTable = /^no such table: (?:main\.)?reprise_/;

/** SQLite's message about a full disk, a broken file, or a table, names no file; this one does. */
export function naming(path: string, error: unknown): unknown {
  const { message = '' } = (error ?? {}) as Partial<Error>;
  if (missingTable.test(message)) {
    return new MissingTablesError(`Expected the tables of a cluster in ${path}, got: ${message}`, {
      cause: error,
    });
  }
  return codesOfFiles.includes(codeOf(error))
    ? new Error(
        `Expected the file ${path} to be readable and writable, got: ${(error as Error).message}`,
        { cause: error },
      )
    : error;
}

/** The error of a request that has waited for `within` ms. */
export function stillBusy(path: string, within: number): Error {
  return new Error(
    `Expected the file ${path} to be free within ${within} ms, got one that other processes write to`,
  );
}

/** The lowest byte of an extended result code is the primary one. 0 if it is no error of SQLite. */
function codeOf(error: unknown): number {
  const { errcode = 0 } = (error ?? {}) as { readonly errcode?: number };
  return errcode & 0xff;
}
