import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '@reprise/actor';

import { isBusy, naming, stillBusy } from './errors.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

/**
 * Transactions of one connection. Only one process at a time can write to the file. A connection
 * that finds it busy asks again after a random time, so that the thread is free meanwhile, and no
 * process has the better of the others.
 */
export class Turns {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #clock: Clock;
  readonly #log: WriteAheadLog;

  constructor(path: string, connection: DatabaseSync, clock: Clock, log: WriteAheadLog) {
    this.#path = path;
    this.#connection = connection;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Runs `work` in a transaction that can write: at once if the file is free, or else later, by a
   * promise. It rejects if the file was not free for `within` ms, or with the reason of `signal`.
   */
  write<Result>(
    work: () => Result,
    within: number,
    signal?: AbortSignal,
  ): Result | Promise<Result> {
    return this.#begins(beginToWrite)
      ? this.#complete(work)
      : this.#later(beginToWrite, work, within, signal);
  }

  /** The same for a transaction that only reads, and sees one state of the file. */
  read<Result>(work: () => Result, within: number): Result | Promise<Result> {
    return this.#begins(beginToRead)
      ? this.#complete(work)
      : this.#later(beginToRead, work, within);
  }

  async #later<Result>(
    begin: string,
    work: () => Result,
    within: number,
    signal?: AbortSignal,
  ): Promise<Result> {
    const end = this.#clock.now() + within;
    while (this.#clock.now() < end) {
      await pause(this.#clock);
      signal?.throwIfAborted();
      if (this.#begins(begin)) {
        return this.#complete(work);
      }
    }
    throw stillBusy(this.#path, within);
  }

  #begins(begin: string): boolean {
    try {
      this.#connection.exec(begin);
      return true;
    } catch (error) {
      this.#rollback();
      if (isBusy(error)) {
        return false;
      }
      throw naming(this.#path, error);
    }
  }

  #complete<Result>(work: () => Result): Result {
    try {
      const result = work();
      this.#commit();
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #commit(): void {
    try {
      this.#connection.exec('commit');
    } catch (error) {
      throw naming(this.#path, error);
    }
    this.#log.afterCommit();
  }

  #rollback(): void {
    try {
      this.#connection.exec('rollback');
    } catch {
      // There is none: SQLite has rolled back by itself, or the begin has failed.
    }
  }
}

const beginToWrite = 'begin immediate';

/** The select takes the snapshot: after it, no other process can be in the way. */
const beginToRead = 'begin; select version from reprise_meta';

/** The longest time between two attempts to write, in ms. */
const longestPause = 32;

/** Waits for a random time before the file is tried again. */
export function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, Math.random() * longestPause);
  });
}
