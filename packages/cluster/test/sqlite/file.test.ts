import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';

import { MissingTablesError, type OpenStore } from '../../src/index.ts';
import { sqlite, sqliteSql } from '../../src/sqlite.ts';
import { useWal } from '../../src/sqlite/connect.ts';
import { idle, join, nothing, own } from '../store/arrange.ts';
import { options } from '../store/subject.ts';
import { temporaryFolder } from '../support/temporary.ts';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;

beforeEach(() => {
  folder = temporaryFolder();
  file = joinPath(folder.path, 'cluster.db');
});

afterEach(() => {
  folder[Symbol.dispose]();
});

describe('an SQLite file', () => {
  test('is made by the first node, and kept for the next, with its version', async () => {
    const first = await sqlite(file).open(options);
    expect(first.engine).toMatch(/^SQLite 3\.\d+\.\d+$/);
    await own(first, await join(first), ['eur']);
    await first.close();
    const second = await sqlite(file).open(options);
    expect(await second.watch()).toHaveLength(1);
    await second.close();
  });

  test('CFG-01 is made by eight nodes that start at once', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => sqlite(file).open(options)));
    await Promise.all(stores.map(join));
    expect(await stores[7]?.watch()).toHaveLength(8);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('has the tables of sqliteSql, and is used as one that was made by it', async () => {
    await (await sqlite(file).open(options)).close();
    const byStart = tablesIn(file);
    file = joinPath(folder.path, 'by-hand.db');
    execute(sqliteSql());
    expect(tablesIn(file)).toEqual(byStart);
    const store = await sqlite(file).open(options);
    await own(store, await join(store), ['eur']);
    await store.close();
    expect(tablesIn(file)).toEqual(byStart);
  });

  test.each(['owners', 'streams', 'list'])(
    'that has lost its table of %s is refused: the cursors are gone, or the list',
    async (name) => {
      await (await sqlite(file).open(options)).close();
      execute(`drop table reprise_${name}`);
      expect(await refusalOf(file)).toBe(`got: no such table: reprise_${name}`);
    },
  );

  test('has no rows of nodes that are dead for an hour and own nothing', async () => {
    const clock = virtualClock();
    const store = await sqlite(file).open({ ...options, clock });
    const [dead, owner] = [await join(store), await join(store)];
    await own(store, owner, ['eur']);
    await store.observe('watcher', await store.watch(), { count: 0, epochs: 0 });
    const late = await join(store);
    const before = new Set(idsIn(file));
    await clock.advance(3_600_001);
    const next = await join(store);
    await store.close();
    expect(before).toEqual(new Set([dead, owner, late]));
    expect(new Set(idsIn(file))).toEqual(new Set([owner, late, next]));
  });

  test.each(['', ':memory:', undefined, 7])('is not %j', (given) => {
    expect(() => sqlite(given as string)).toThrow(
      new TypeError(`Expected the path of a file, got ${JSON.stringify(given)}`),
    );
  });

  test('SQL-05 whose folder does not exist is refused', async () => {
    expect(await refusalOf(joinPath(folder.path, 'nowhere', 'cluster.db'))).toBe(
      `got: no folder ${joinPath(folder.path, 'nowhere')}`,
    );
  });

  test('SQL-05 that is a folder is refused', async () => {
    expect(await refusalOf(folder.path)).toBe('got: unable to open database file');
  });

  test('SQL-05 that is no database is refused, and is not changed', async () => {
    writeFileSync(file, 'a text that is needed, and is certainly no database at all');
    expect(await refusalOf(file)).toBe('got: file is not a database');
  });

  test('SQL-05 that is read-only is refused', async () => {
    await (await sqlite(file).open(options)).close();
    // File modes do not stop root. SQLite only reads a file of a later version (format, 1.3.3).
    const handle = await open(file, 'r+');
    await handle.write(Buffer.of(9), 0, 1, 18);
    await handle.close();
    expect(await refusalOf(file)).toBe('got: attempt to write a readonly database');
  });

  test('SQL-05 on a file system without shared memory is refused', () => {
    // A mode of SQLite for such file systems, since a test cannot mount one.
    const connection = new DatabaseSync(`file:${file}?vfs=unix-none`);
    expect(() => {
      useWal(connection, file);
    }).toThrow(
      `Expected ${file} to be on a local disk, where processes can share memory, got a file system on which SQLite stays in the journal mode delete`,
    );
    connection.close();
  });

  test('with tables of another program by these names is refused, and left free', async () => {
    execute('create table reprise_owners (id integer)');
    expect(await refusalOf(file)).toBe('got: table reprise_owners already exists');
    execute('begin exclusive; commit');
  });

  test('CFG-05 of a later release is refused, unless that is compatible', async () => {
    await (await sqlite(file).open(options)).close();
    execute('update reprise_meta set version = 3');
    await (await sqlite(file).open(options)).close();
    execute('update reprise_meta set version = 4, compatible = 3');
    await expect(sqlite(file).open(options)).rejects.toThrow(
      `Expected tables of version 2 in ${file}, got version 4: a later release of @reprise/cluster has made them`,
    );
  });

  test('CFG-05 of the release before is brought to this version, with its rows', async () => {
    const store = await sqlite(file).open(options);
    await own(store, await join(store), ['eur']);
    await store.close();
    execute(`
      drop index reprise_owners_parked;
      alter table reprise_owners drop column parked;
      alter table reprise_owners drop column retry_at;
      alter table reprise_owners drop column spec;
      alter table reprise_nodes drop column busy;
      alter table reprise_nodes drop column list;
      update reprise_meta set version = 1;
    `);
    const next = await sqlite(file).open(options);
    expect(await next.retry('eur')).toBe(true);
    expect((await next.survey(9)).rows).toMatchObject([{ key: 'eur', strikes: 0 }]);
    await next.close();
    await (await sqlite(file).open(options)).close();
  });

  test.each<[what: string, change: () => void, got: string]>([
    ['is removed', () => rmSync(file), 'none: it was removed'],
    [
      'is replaced',
      () => {
        rmSync(file);
        execute('create table other (id integer)');
      },
      'another one in its place',
    ],
  ])(
    'that %s fails each request of a lease: another program would meet nobody there',
    async (_, change, got) => {
      const store = await sqlite(file).open(options);
      const id = await join(store);
      change();
      for (const request of requestsOf(store, id)) {
        expect(await failureOf(request)).toEqual(
          new MissingTablesError(
            `Expected ${file} to be the file that this program has opened, got ${got}`,
          ),
        );
      }
      await store.close();
    },
  );

  test("CFG-02 with `migrate: 'check'` is used as it is, and nothing is made", async () => {
    const check = (): Promise<OpenStore<unknown>> =>
      sqlite(file, { migrate: 'check' }).open(options);
    const none = `Expected the tables of a cluster in ${file}, got none: a node that starts makes them`;
    await expect(check()).rejects.toThrow(none);
    expect(existsSync(file)).toBe(false);
    execute('create table price (body)');
    const before = readFileSync(file);
    await expect(check()).rejects.toThrow(none);
    expect(readFileSync(file)).toEqual(before);
    execute(sqliteSql());
    const store = await check();
    await own(store, await join(store), ['eur']);
    await store.close();
    execute('update reprise_meta set version = 1');
    await expect(check()).rejects.toThrow(
      `Expected tables of version 2 in ${file}, got version 1: a node of this release that starts brings them up to date`,
    );
    execute('update reprise_meta set version = 4, compatible = 3');
    await expect(check()).rejects.toThrow('got version 4: a later release');
  });

  test('has only options that it knows', () => {
    expect(() => sqlite(file, { migrat: 'check' } as object)).toThrow('did you mean `migrate`?');
    expect(() => sqlite(file, { migrate: 'never' as 'check' })).toThrow(
      'Expected the option `migrate` of sqlite to be',
    );
  });

  test('PGC-17 whose tables are dropped says so', async () => {
    const store = await sqlite(file).open(options);
    const id = await join(store);
    execute('drop table reprise_nodes; drop table reprise_owners');
    for (const request of requestsOf(store, id)) {
      expect(await failureOf(request)).toMatchObject({
        name: 'MissingTablesError',
        message: expect.stringContaining(`the tables of a cluster in ${file}, got: no such table`),
      });
    }
    await store.close();
  });

  test.each([
    ['without triggers', 'create table reprise_streams (key text primary key, spec text);'],
    ['not', ''],
  ])('LIST-04 whose table of streams is dropped and made anew %s says so', async (_, made) => {
    const store = await sqlite(file).open(options);
    const table = await store.list(undefined);
    expect(table).toMatchObject({ rows: [] });
    expect(await store.list(table?.version)).toBeUndefined();
    execute(`drop table reprise_streams; ${made}`);
    await expect(store.list(table?.version)).rejects.toThrow(
      made === '' ? 'no such table: reprise_streams' : 'Expected the table reprise_streams with',
    );
    await store.close();
  });

  test('LIST-04 whose count of changes is gone says so, and goes on once it is back', async () => {
    const store = await sqlite(file).open(options);
    const version = (await store.list(undefined))?.version;
    execute('delete from reprise_list');
    await expect(store.list(version)).rejects.toThrow('a row in reprise_list');
    execute(
      "insert into reprise_streams values ('eur', '{}'); insert into reprise_list values (7)",
    );
    expect(await store.list(version)).toMatchObject({ rows: [{ key: 'eur', spec: {} }] });
    await store.close();
  });

  test('PGC-17 is not made anew by a program that has opened it before', async () => {
    const store = sqlite(file);
    await (await store.open(options)).close();
    await (await store.open(options)).close();
    const refusal = `Expected the tables of a cluster in ${file}, got none: restore the file`;
    rmSync(file);
    await expect(store.open(options)).rejects.toThrow(refusal);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, '');
    await expect(store.open(options)).rejects.toThrow(refusal);
    await (await sqlite(file).open(options)).close();
    await (await store.open(options)).close();
  });

  // A limit of the shell for file sizes, in place of a full disk; Windows has none.
  const limited = process.platform === 'win32' ? test.skip : test;
  limited(
    'SQL-05 that cannot grow any more fails handlers and requests with its name',
    async () => {
      const program = fileURLToPath(new URL('../programs/fill-disk.ts', import.meta.url));
      const command = 'ulimit -f 400; exec "$0" --conditions=@reprise/source "$@"';
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        command,
        process.execPath,
        program,
        file,
      ]);
      const message = new RegExp(
        `^Expected the file ${file} to be readable and writable, got: .*disk`,
      );
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toEqual([expect.stringMatching(message), expect.stringMatching(message)]);
    },
  );
});

/** Why a file is refused, without its name, which the message begins with. */
async function refusalOf(path: string): Promise<string> {
  const [outcome] = await Promise.allSettled([sqlite(path).open(options)]);
  const message = outcome.status === 'rejected' ? (outcome.reason as Error).message : '';
  return message.replace(`Expected ${path} to be a file of a cluster that can be written, `, '');
}

/** Those by which a node keeps its lease, and its streams. */
function* requestsOf(store: OpenStore<unknown>, id: string): Iterable<Promise<unknown>> {
  yield store.renew(id, 'r2', idle);
  yield store.watch();
  yield store.observe(id, [], nothing);
  yield store.claim(id, []);
  yield store.leave(id);
}

function idsIn(path: string): readonly string[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('select id from reprise_nodes').all();
  database.close();
  return rows.map((row) => (row as { readonly id: string }).id);
}

/** The statements of the tables, and the versions. */
function tablesIn(path: string): readonly unknown[] {
  const database = new DatabaseSync(path);
  const made = database.prepare('select name, sql from sqlite_schema order by name').all();
  const versions = database.prepare('select * from reprise_meta').all();
  database.close();
  return [...made, ...versions];
}

/** Why a request fails. */
async function failureOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function execute(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}
