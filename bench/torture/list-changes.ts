import { setTimeout as delay } from 'node:timers/promises';

import type { Random } from '@reprise/sse/testing';

import type { Database } from './database.ts';
import type { RowData } from './node-options.ts';

export interface ListOptions {
  readonly database: Database;
  readonly names: readonly string[];
  readonly random: Random;
  /** Gets the streams whose rows change. */
  readonly changed: Set<string>;
}

type Rows = ReadonlyMap<string, RowData | undefined>;

/** The longest time between two changes, in ms. */
const longestPause = 1000;
/** How long the database may be away, or without its tables, in ms. */
const longestOutage = 60_000;
/** How many rows of each kind a change has at most. */
const most = 3;

/**
 * The rows of the streams of a fleet. Some go, come back or get other data, again and again, but
 * while the list rests it has all of them.
 */
export class ListChanges {
  /** How many changes were made. */
  count = 0;
  readonly #changed: Set<string>;
  readonly #database: Database;
  readonly #names: readonly string[];
  readonly #random: Random;
  /** The streams that may have no row. */
  readonly #away: Set<string>;
  readonly #end = new AbortController();
  #version = 0;
  #rests = 1;
  /** The change that is being made. */
  #change: Promise<void> = Promise.resolve();

  constructor({ database, names, random, changed }: ListOptions) {
    this.#changed = changed;
    this.#database = database;
    this.#names = names;
    this.#random = random;
    this.#away = new Set(names);
  }

  /** Changes rows until `stop`, whenever the list does not rest. */
  async run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await delay(this.#random() * longestPause);
      if (this.#rests === 0) {
        // The database may be away.
        this.#change = this.#changeSome().catch(() => undefined);
        await this.#change;
      }
    }
  }

  stop(): void {
    this.#end.abort();
  }

  /** From now on, until `resume`, each stream has a row. */
  async rest(): Promise<void> {
    this.#rests += 1;
    await this.#change;
    const until = performance.now() + longestOutage;
    while (this.#away.size > 0) {
      await this.#write(this.#rowsOf(this.#away)).catch((error: unknown) => {
        if (performance.now() > until) {
          throw error;
        }
        return delay(100);
      });
    }
  }

  resume(): void {
    this.#rests -= 1;
  }

  /** Streams that kill the processes of their handlers appear. */
  async poison(names: readonly string[]): Promise<void> {
    const data = { version: 0, fault: 'kills' } as const;
    await this.#database.changeRows(new Map(names.map((name) => [name, data])));
  }

  async #changeSome(): Promise<void> {
    const present = this.#names.filter((name) => !this.#away.has(name));
    const gone = this.#some(present).map((name) => [name, undefined] as const);
    const back = this.#some([...this.#away]);
    this.count += 1;
    await this.#write(new Map([...this.#rowsOf([...back, ...this.#some(present)]), ...gone]));
  }

  #rowsOf(names: Iterable<string>): Rows {
    this.#version += 1;
    const data = { version: this.#version };
    return new Map(Array.from(names, (name) => [name, data]));
  }

  async #write(rows: Rows): Promise<void> {
    for (const [name, data] of rows) {
      this.#changed.add(name);
      // Without an answer, it is unknown whether the change was written.
      if (data === undefined) {
        this.#away.add(name);
      }
    }
    await this.#database.changeRows(rows);
    for (const [name, data] of rows) {
      if (data !== undefined) {
        this.#away.delete(name);
      }
    }
  }

  #some(names: readonly string[]): readonly string[] {
    const count = Math.min(names.length, Math.floor(this.#random() * (most + 1)));
    const from = Math.floor(this.#random() * (names.length - count + 1));
    return names.slice(from, from + count);
  }
}
