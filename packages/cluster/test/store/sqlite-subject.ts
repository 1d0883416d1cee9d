import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { OpenStore } from '../../src/index.ts';
import { sqlite, type SqliteTransaction } from '../../src/sqlite.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type Effects, options, type Place, type Subject } from './subject.ts';

/** An SQLite file in a folder of its own; each node has a connection of its own. */
export const sqliteSubject: Subject = {
  name: 'sqlite',
  create: async () => createPlace(),
};

function createPlace(): Place {
  const folder = temporaryFolder();
  const file = join(folder.path, 'cluster.db');
  const opened: OpenStore<SqliteTransaction>[] = [];
  createTable(file);
  return {
    streams: {
      set: async (specs) => {
        const sql = `insert into reprise_streams select key, json(value) from
          (select key, value -> '$' as value from json_each(?)) where true
          on conflict do update set spec = excluded.spec`;
        write(file, sql, JSON.stringify(specs));
      },
      delete: async (key) => {
        write(file, 'delete from reprise_streams where key = ?', key);
      },
    },
    effects: effectsIn(file),
    open: async () => {
      const store = await sqlite(file).open(options);
      opened.push(store);
      return store as OpenStore<unknown>;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((store) => store.close()));
      folder[Symbol.dispose]();
    },
  };
}

function write(file: string, sql: string, value: string): void {
  const database = new DatabaseSync(file);
  database.prepare(sql).run(value);
  database.close();
}

function createTable(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('create table effect (text text not null) strict');
  database.close();
}

function effectsIn(file: string): Effects {
  return {
    write: (tx, text) =>
      (tx as SqliteTransaction).prepare('insert into effect values (?)').run(text),
    read: async () => {
      const database = new DatabaseSync(file);
      const rows = database.prepare('select text from effect order by rowid').all();
      database.close();
      return rows.map((row) => (row as { readonly text: string }).text);
    },
  };
}
