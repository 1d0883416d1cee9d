import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { OwnedStream } from '@reprise/cluster';
import type { SqliteTransaction } from '@reprise/cluster/sqlite';

import type { Effect } from './clean.ts';
import { type Database, newest, paged, pageSize, type StoredEffect } from './database.ts';
import type { StorePlace } from './node-options.ts';

const table = `create table effects (
  id integer primary key autoincrement,
  stream text not null,
  number int not null,
  epoch int not null,
  node text not null)`;

/** The effect of an event. */
export function insert(tx: SqliteTransaction, { stream, number, epoch, node }: Effect): void {
  const text = 'insert into effects (stream, number, epoch, node) values (?, ?, ?, ?)';
  tx.prepare(text).run(stream, number, epoch, node);
}

/** A file that all nodes of a machine share. */
export class SqliteDatabase implements Database {
  readonly #folder = mkdtempSync(join(tmpdir(), 'reprise-sqlite-'));
  readonly #file = join(this.#folder, 'cluster.db');
  readonly #database = new DatabaseSync(this.#file);

  async create(): Promise<void> {
    this.#database.exec(`pragma busy_timeout = 10000; pragma journal_mode = wal; ${table}`);
  }

  async place(): Promise<StorePlace> {
    return { file: this.#file };
  }

  async reached(): Promise<ReadonlyMap<string, number>> {
    const rows = this.#all(
      `select stream, max(number) as number from effects
       where id > (select max(id) - ${newest} from effects) group by stream`,
    ) as Pick<Effect, 'stream' | 'number'>[];
    return new Map(rows.map(({ stream, number }) => [stream, number]));
  }

  effects(): AsyncIterable<Effect> {
    const text = `select * from effects where id > ? order by id limit ${pageSize}`;
    return paged(async (after) => this.#all(text, after) as StoredEffect[]);
  }

  async epochs(): Promise<ReadonlyMap<string, number>> {
    const rows = this.#all('select key, epoch from reprise_owners') as OwnedStream[];
    return new Map(rows.map(({ key, epoch }) => [key, epoch]));
  }

  async close(): Promise<void> {
    this.#database.close();
    rmSync(this.#folder, { recursive: true });
  }

  #all(text: string, ...values: readonly number[]): unknown[] {
    return this.#database.prepare(text).all(...values);
  }
}
