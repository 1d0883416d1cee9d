import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { systemClock } from '@reprise/actor';
import { sqlite } from '@reprise/cluster/sqlite';

import { cursorText, type Effect, effects, keysOf, type Side, timed } from './side.ts';
import { StoreSide } from './store-side.ts';

const insertEffect = 'insert into effect values (?, ?)';

/** Each side in a file of its own, with a log and `synchronous = normal`. */
export async function openSqlite(streams: number): Promise<Readonly<Record<string, Side>>> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'reprise.db');
  new DatabaseSync(file).exec('create table effect (id integer primary key, body text not null)');
  const store = await sqlite(file).open({
    ttl: 10_000,
    clock: systemClock(),
    onError: console.error,
    onWarning: console.error,
  });
  const side = await StoreSide.create(
    store,
    (tx, rows) => {
      const statement = tx.prepare(insertEffect);
      for (const { id, body } of rows) {
        statement.run(id, body);
      }
    },
    streams,
  );
  return { 'by hand': new ByHand(join(folder, 'hand.db'), streams), reprise: side };
}

/** Prepared statements of node:sqlite, without anything that fences. */
class ByHand implements Side {
  readonly #database: DatabaseSync;
  readonly #streams: readonly string[];

  constructor(file: string, streams: number) {
    this.#database = new DatabaseSync(file);
    this.#streams = keysOf(streams);
    this.#database.exec(tables);
    this.#database
      .prepare('insert into stream (key) select value from json_each(?)')
      .run(JSON.stringify(this.#streams));
  }

  claim(count: number): Promise<number> {
    const claim = this.#database.prepare(
      'update stream set owner = ? where key in (select value from json_each(?)) returning key, cursor',
    );
    return timed(() => claim.all(randomUUID(), JSON.stringify(this.#streams.slice(0, count))));
  }

  renew(times: number): Promise<number> {
    const renew = this.#database.prepare('update node set renewal = ?, renewed_at = ?');
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        await Promise.resolve(renew.run(randomUUID(), Date.now()));
      }
    });
  }

  save(cursors: number, times: number): Promise<number> {
    const save = this.#database.prepare(saveAll);
    const keys = this.#streams.slice(0, cursors);
    return timed(() => {
      for (let time = 0; time < times; time += 1) {
        save.all(JSON.stringify(keys.map((key) => ({ key, cursor: cursorText() }))));
      }
    });
  }

  transact(count: number, times: number): Promise<number> {
    const insert = this.#database.prepare(insertEffect);
    const advance = this.#database.prepare('update stream set cursor = ? where key = ?');
    return timed(async () => {
      for (let time = 0; time < times; time += 1) {
        await Promise.resolve(this.#transaction(insert, advance, effects(count)));
      }
    });
  }

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }

  #transaction(
    insert: ReturnType<DatabaseSync['prepare']>,
    advance: ReturnType<DatabaseSync['prepare']>,
    rows: readonly Effect[],
  ): void {
    this.#database.exec('begin immediate');
    for (const { id, body } of rows) {
      insert.run(id, body);
    }
    advance.run(cursorText(), 'stream-0');
    this.#database.exec('commit');
  }
}

const tables = `
pragma journal_mode = wal;
pragma synchronous = normal;
create table effect (id integer primary key, body text not null);
create table node (id text primary key, renewal text, renewed_at integer);
insert into node (id) values ('one');
create table stream (key text primary key, owner text, cursor text not null default '') strict;
create index stream_owner on stream (owner);`;

const saveAll = `
update stream set cursor = row.cursor
from (select value ->> 'key' as key, value ->> 'cursor' as cursor from json_each(?)) as row
where stream.key = row.key returning key`;
