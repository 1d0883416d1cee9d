import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '@reprise/actor';

import { isBusy, naming, stillBusy } from './errors.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

/**
 * Transactions of one connection. Only one process at a time can write to the file. A connection
 * that finds it busy asks again after a random time, so that the thread is free meanwhile. One that
 * writes without a pause rests now and then: the others would hardly ever find the file free.
 */
export class Turns {
  /** Whether other processes write, too. */
  isShared = false;
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #clock: Clock;
  readonly #log: WriteAheadLog;
  /** When the turn began: there was no rest since then. */
  #since = -Infinity;
  /** When the last transaction ended. */
  #endedAt = -Infinity;

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
    return this.#isOthersTurn()
      ? this.#later(beginToWrite, work, within, { pause: rest, signal })
      : this.#nowOrLater(beginToWrite, work, within, signal);
  }

  /** The same for a transaction that only reads, and sees one state of the file. */
  read<Result>(work: () => Result, within: number): Result | Promise<Result> {
    return this.#nowOrLater(beginToRead, work, within);
  }

  #isOthersTurn(): boolean {
    const now = this.#clock.now();
    return this.isShared && now - this.#endedAt < rest && now - this.#since >= longestTurn;
  }

  #nowOrLater<Result>(
    begin: string,
    work: () => Result,
    within: number,
    signal?: AbortSignal,
  ): Result | Promise<Result> {
    return this.#begins(begin)
      ? this.#complete(begin, work)
      : this.#later(begin, work, within, { pause: pauseAfter(0), signal });
  }

  async #later<Result>(
    begin: string,
    work: () => Result,
    within: number,
    { pause, signal }: { readonly pause: number; readonly signal: AbortSignal | undefined },
  ): Promise<Result> {
    const from = this.#clock.now();
    let waited = 0;
    for (let next = pause; waited < within; next = pauseAfter(waited)) {
      await sleep(this.#clock, next);
      signal?.throwIfAborted();
      if (this.#begins(begin)) {
        return this.#complete(begin, work);
      }
      waited = this.#clock.now() - from;
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

  #complete<Result>(begin: string, work: () => Result): Result {
    const from = this.#clock.now();
    try {
      const result = work();
      this.#commit();
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    } finally {
      if (begin === beginToWrite) {
        this.#noteWrite(from);
      }
    }
  }

  #noteWrite(from: number): void {
    if (from - this.#endedAt >= rest) {
      this.#since = from;
    }
    this.#endedAt = this.#clock.now();
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

/** How long a process writes before it rests, and how long it rests, in ms. */
const longestTurn = 16;
const rest = 4;

/** The longest time between two attempts, at first and later on, in ms. */
const longestPause = 32;
const longestPauseLater = 8;

/**
 * For how long to wait before the file is tried again, in ms, after so many ms in vain: at random,
 * and the shorter the longer it has been, so that the oldest request has the best chance.
 */
export function pauseAfter(waited: number): number {
  const longest = longestPause / (1 + waited / longestPause);
  return Math.random() * Math.max(longest, longestPauseLater);
}

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, ms);
  });
}
