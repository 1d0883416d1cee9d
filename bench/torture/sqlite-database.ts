import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { OwnedStream } from '@reprise/cluster';
import type { SqliteTransaction } from '@reprise/cluster/sqlite';

import type { Effect, EffectBatch } from './clean.ts';
import {
  batches,
  type Batches,
  type Database,
  newest,
  type OwnerWrite,
  paged,
  pageSize,
  type StoredEffect,
} from './database.ts';
import type { RowData } from './node-options.ts';
import type { StorePlace } from './node-options.ts';

const table = `create table effects (
  id integer primary key autoincrement,
  stream text not null,
  number int not null,
  epoch int not null,
  node text not null,
  first int not null,
  last int not null)`;

/**
 * The connection by which a node inserts: a transaction of the store, or a connection of its own.
 */
export type Inserting = Pick<SqliteTransaction, 'prepare'> | DatabaseSync;

/** The effects of the events of one transaction. */
export function insert(tx: Inserting, { stream, first, last, epoch, node }: EffectBatch): void {
  const text =
    'insert into effects (stream, number, epoch, node, first, last) values (?, ?, ?, ?, ?, ?)';
  const statement = tx.prepare(text);
  for (let number = first; number <= last; number += 1) {
    statement.run(stream, number, epoch, node, first, last);
  }
}

const recording = `create table owner_writes (
  id integer primary key autoincrement, key text not null, owner text, epoch int not null);
create trigger record_write after update on reprise_owners begin
  insert into owner_writes (key, owner, epoch) values (new.key, new.owner, new.epoch);
end;`;

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

  /** A writer has its turn within a few ms, unless its process was stopped. */
  async isLocked(): Promise<boolean> {
    const other = new DatabaseSync(this.#file);
    try {
      other.exec('pragma busy_timeout = 200; begin immediate; rollback');
      return false;
    } catch {
      return true;
    } finally {
      other.close();
    }
  }

  async batches(): Promise<Batches> {
    const [row] = this.#all(batches) as [Batches];
    return row;
  }

  async recordWrites(): Promise<void> {
    this.#database.exec(recording);
  }

  async writes(): Promise<readonly OwnerWrite[]> {
    return this.#all('select key, owner, epoch from owner_writes order by id') as OwnerWrite[];
  }

  async strikes(): Promise<ReadonlyMap<string, number>> {
    return this.#strikesWhere('strikes > 0 and parked is null');
  }

  async parked(): Promise<ReadonlyMap<string, number>> {
    return this.#strikesWhere('parked is not null');
  }

  #strikesWhere(condition: string): ReadonlyMap<string, number> {
    const rows = this.#all(`select key, strikes from reprise_owners where ${condition}`) as {
      key: string;
      strikes: number;
    }[];
    return new Map(rows.map(({ key, strikes }) => [key, strikes]));
  }

  async changeRows(rows: ReadonlyMap<string, RowData | undefined>): Promise<void> {
    const set = this.#database.prepare('insert or replace into reprise_streams values (?, ?)');
    const remove = this.#database.prepare('delete from reprise_streams where key = ?');
    this.#database.exec('begin immediate');
    for (const [key, data] of rows) {
      if (data === undefined) {
        remove.run(key);
      } else {
        set.run(key, JSON.stringify(data));
      }
    }
    this.#database.exec('commit');
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
