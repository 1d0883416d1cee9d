import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '@reprise/actor';

import type { OpenOptions } from '../store.ts';
import { Statement } from './statement.ts';

const mebibyte = 2 ** 20;

/**
 * The file beside the database that takes all writes first. SQLite itself moves them to the
 * database, but begins the log anew only if no process is writing or reading at that moment. Under
 * load from several processes there is no such moment, and the log would grow for ever.
 */
export class WriteAheadLog {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #restart: Statement<{ readonly busy: number }>;
  readonly #clock: Clock;
  readonly #onWarning: (text: string) => void;
  #commits = 0;
  #waitedAt = -Infinity;
  #warnedAt = -Infinity;

  constructor(path: string, connection: DatabaseSync, { clock, onWarning }: OpenOptions) {
    this.#path = path;
    this.#connection = connection;
    this.#restart = new Statement(path, connection, 'pragma wal_checkpoint(truncate)');
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  /** Looks at the size now and then: that costs a few microseconds. */
  afterCommit(): void {
    this.#commits += 1;
    if (this.#commits % commitsBetweenLooks === 0) {
      this.#look();
    }
  }

  #look(): void {
    const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (size > sizeToRestart && !this.#restarts() && size > sizeToWarn) {
      this.#warn(size);
    }
  }

  /** False if another connection writes, or reads an old state: at times it is waited for. */
  #restarts(): boolean {
    if (this.#clock.now() < this.#waitedAt + pauseOfWaits) {
      return this.#restart.get()?.busy === 0;
    }
    this.#waitedAt = this.#clock.now();
    this.#connection.exec(`pragma busy_timeout = ${longestWait}`);
    try {
      return this.#restart.get()?.busy === 0;
    } finally {
      this.#connection.exec('pragma busy_timeout = 0');
    }
  }

  #warn(size: number): void {
    if (this.#clock.now() >= this.#warnedAt + pauseOfWarnings) {
      this.#warnedAt = this.#clock.now();
      this.#onWarning(
        `Expected the log ${this.#path}-wal to stay below ${sizeToWarn / mebibyte} MiB, got ${Math.round(size / mebibyte)} MiB: it begins anew only while no other connection reads or writes, and there is no such moment: a transaction has been open for long, or the processes write without a pause`,
      );
    }
  }
}

const commitsBetweenLooks = 16;
const sizeToRestart = 16 * mebibyte;
const sizeToWarn = 64 * mebibyte;

/** How long the thread waits for the others, and how often, in ms. */
const longestWait = 25;
const pauseOfWaits = 1000;

/** In ms. */
const pauseOfWarnings = 60_000;
