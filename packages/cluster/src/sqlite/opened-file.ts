import { statSync } from 'node:fs';

import { MissingTablesError } from '../store.ts';

/**
 * The file that a connection has opened. When somebody removes it, or puts another one in its
 * place, SQLite goes on with it, while processes that start meet in a new one: each stream would
 * have an owner in both.
 */
export class OpenedFile {
  readonly #path: string;
  readonly #identity: string | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#identity = identityOf(path);
  }

  /** @throws MissingTablesError if the path leads to another file by now, or to none. */
  assertInPlace(): void {
    const identity = identityOf(this.#path);
    if (identity !== this.#identity) {
      const got = identity === undefined ? 'none: it was removed' : 'another one in its place';
      throw new MissingTablesError(
        `Expected ${this.#path} to be the file that this program has opened, got ${got}`,
      );
    }
  }
}

/** A file that is open keeps its number, also when it is removed. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}
