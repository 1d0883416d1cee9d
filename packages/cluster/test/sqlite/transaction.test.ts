import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { OpenStore } from '../../src/index.ts';
import { sqlite, type SqliteStatement, type SqliteTransaction } from '../../src/sqlite.ts';
import { join, own } from '../store/arrange.ts';
import { options } from '../store/subject.ts';
import { temporaryFolder } from '../support/temporary.ts';

let folder: ReturnType<typeof temporaryFolder>;
let store: OpenStore<SqliteTransaction>;
let database: DatabaseSync;

beforeEach(async () => {
  folder = temporaryFolder();
  const file = joinPath(folder.path, 'cluster.db');
  store = await sqlite(file).open(options);
  database = new DatabaseSync(file);
  database.exec('create table price (id integer primary key, body text) strict');
});

afterEach(async () => {
  database.close();
  await store.close();
  folder[Symbol.dispose]();
});

/** Runs a handler for the first event of a stream; the cursor is then `1`. */
async function handle(work: (tx: SqliteTransaction) => unknown, key = 'eur'): Promise<unknown> {
  const id = await join(store as OpenStore<unknown>);
  const [claim] = await own(store as OpenStore<unknown>, id, [key]);
  const move = { key, epoch: claim?.epoch ?? 0, was: '', cursor: '1' };
  return store.transact(id, move, work, new AbortController().signal);
}

function kept() {
  return {
    prices: database.prepare('select * from price').all().length,
    cursor: database.prepare('select cursor from reprise_owners').get(),
  };
}

const nothing = { prices: 0, cursor: { cursor: '' } };
const insert = 'insert into price values (?, ?)';

describe('the transaction of a handler in an SQLite file', () => {
  test('reads and writes the tables of the file', async () => {
    const read = await handle((tx) => {
      expect(tx.prepare(insert).run(1, 'a')).toEqual({ changes: 1, lastInsertRowid: 1 });
      const price = tx.prepare('select body from price where id = ?');
      return [price.get(1), price.get(2), price.all(1)];
    });
    expect(read).toEqual([{ body: 'a' }, undefined, [{ body: 'a' }]]);
    expect(kept()).toEqual({ prices: 1, cursor: { cursor: '1' } });
  });

  test('SQL-06 is rolled back if the handler returns a promise, which is a TypeError', async () => {
    let late: Promise<unknown> = Promise.resolve();
    const handled = handle((tx) => {
      tx.prepare(insert).run(1, 'a');
      late = Promise.resolve().then(() => tx.prepare(insert).run(2, 'b'));
      return late;
    });
    await expect(handled).rejects.toThrow(
      new TypeError(
        'Expected a handler that is synchronous, as an SQLite store is, got one that returns a promise',
      ),
    );
    // What the handler does after its first await is an error, and changes nothing.
    await expect(late).rejects.toThrow(
      'Expected a statement before the handler returns, got one after it',
    );
    expect(kept()).toEqual(nothing);
  });

  test.each([
    'commit',
    'COMMIT;',
    'end',
    'begin immediate',
    'rollback',
    'rollback transaction',
    ' /* x */ commit',
    '-- x\n\tEnd;',
    '/* to */ rollback -- to here',
  ])('TX-07 is not ended by the handler: %j is a TypeError before it is run', async (sql) => {
    const refused = handle((tx) => {
      tx.prepare(insert).run(1, 'a');
      tx.prepare(sql).run();
    });
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(
      `Expected a statement that leaves the transaction open until the handler returns, got ${JSON.stringify(sql)}`,
    );
    expect(kept()).toEqual(nothing);
  });

  test('TX-07 does not take two statements in one text: SQLite would forget the second', async () => {
    const refused = handle((tx) => tx.prepare("insert into price values (1, ';'); commit").run());
    await expect(refused).rejects.toThrow('Expected one statement, got more than one in "insert');
    await handle(
      (tx) => tx.prepare("insert into price values (1, ';'); -- the price\n").run(),
      'usd',
    );
    expect(kept().prices).toBe(1);
  });

  test('TX-07 has savepoints', async () => {
    await handle((tx) => {
      tx.prepare('savepoint one').run();
      tx.prepare(insert).run(1, 'a');
      tx.prepare('ROLLBACK /* all */ TO one').run();
      tx.prepare('rollback transaction to savepoint one').run();
      tx.prepare(insert).run(2, 'b');
      tx.prepare('release one').run();
    });
    expect(kept()).toEqual({ prices: 1, cursor: { cursor: '1' } });
  });

  test('is lost whole when SQLite rolls it back, also if the handler catches that', async () => {
    const handled = handle((tx) => {
      tx.prepare(insert).run(1, 'a');
      try {
        tx.prepare('insert or rollback into price values (?, ?)').run(1, 'b');
      } catch {
        // And goes on.
      }
    });
    await expect(handled).rejects.toThrow(
      'Expected the transaction to last until the handler returns, got one that SQLite has rolled back: UNIQUE constraint failed: price.id',
    );
    expect(kept()).toEqual(nothing);
  });

  test('takes no statement any more after SQLite has rolled it back', async () => {
    const handled = handle((tx) => {
      expect(() =>
        tx.prepare('insert or rollback into price values (1, null), (1, null)').run(),
      ).toThrow('UNIQUE');
      tx.prepare(insert).run(2, 'b');
    });
    await expect(handled).rejects.toThrow('got one that SQLite has rolled back');
    expect(kept()).toEqual(nothing);
    // The next one is not concerned.
    await handle((tx) => tx.prepare(insert).run(3, 'c'), 'usd');
    expect(kept().prices).toBe(1);
  });

  test('goes on after an error of one statement that the handler catches', async () => {
    await handle((tx) => {
      tx.prepare(insert).run(1, 'a');
      expect(() => tx.prepare(insert).run(1, 'b')).toThrow('UNIQUE constraint failed');
    });
    expect(kept()).toEqual({ prices: 1, cursor: { cursor: '1' } });
  });

  test('TX-10 takes nothing after its handler has returned', async () => {
    const stolen: { tx?: SqliteTransaction; statement?: SqliteStatement } = {};
    await handle((tx) => {
      stolen.tx = tx;
      stolen.statement = tx.prepare(insert);
    });
    const tooLate = 'Expected a statement before the handler returns, got one after it';
    expect(() => stolen.tx?.prepare(insert)).toThrow(tooLate);
    expect(() => stolen.statement?.run(1, 'a')).toThrow(tooLate);
    expect(kept().prices).toBe(0);
  });

  test('keeps a statement for the next transaction, and forgets texts of which there are too many', async () => {
    const statements = new Set<SqliteStatement>();
    const text = (id: number): string => `insert into price values (${id}, 'a')`;
    await handle((tx) => {
      statements.add(tx.prepare(insert)).add(tx.prepare(insert));
      for (let id = 0; id < 250; id += 1) {
        tx.prepare(text(id)).run();
      }
      statements.add(tx.prepare(insert));
    });
    expect(statements.size).toBe(2);
    expect(kept().prices).toBe(250);
  });
});
