import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GenServer } from '@reprise/actor';

import { sqlite } from '../../src/index.ts';
import { run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'reprise-')));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a cursor file', () => {
  test('is made, written, and read by the next client', async () => {
    await using stage = await openStage();
    const cursor = sqlite(join(folder, 'c.db'));
    const first = await run(stage, { cursor });
    expect(await first.until('fresh')).toEqual({ type: 'fresh' });
    (await stage.next()).stream('id: 1\ndata: a\n\n');
    await first.handled.next();
    await GenServer.stop(first.pid);
    const second = await run(stage, { cursor });
    expect(await second.until('resumed')).toEqual({ type: 'resumed', lastEventId: '1' });
    await GenServer.stop(second.pid);
    // Only the file itself is left.
    expect(await readdir(folder)).toEqual(['c.db']);
  });

  test('has its owner in a file beside it, written without following a symbolic link', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    const victim = join(folder, 'victim');
    await writeFile(victim, 'precious');
    await symlink(victim, `${file}-owner`);
    const { pid } = await run(stage, { cursor: sqlite(file) });
    expect(await readFile(`${file}-owner`, 'utf8')).toContain(String(process.pid));
    await GenServer.stop(pid);
    expect(await readFile(victim, 'utf8')).toBe('precious');
  });

  test('holds the cursors of several clients of one program', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    const first = await run(stage, { id: 'a', cursor: sqlite(file) });
    const second = await run(stage, { id: 'b', cursor: sqlite(file) });
    for (const client of [first, second]) {
      (await stage.next()).stream('id: 1\ndata: x\n\n');
      await client.handled.next();
    }
    await expect(run(stage, { id: 'b', cursor: sqlite(file) })).rejects.toThrow(
      'Expected the cursor b to be free, got one that another client uses',
    );
  });

  test('of another process is refused, with its name, and is free once that is killed', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    const holder = fileURLToPath(new URL('../support/holder.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@reprise/source', holder, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(run(stage, { cursor: sqlite(file) })).rejects.toThrow(
      `Expected the cursor file ${file} to be free, got one that process ${child.pid} on ${hostname()} has open`,
    );
    child.kill('SIGKILL');
    await once(child, 'close');
    const client = await run(stage, { cursor: sqlite(file) });
    expect(await client.until('resumed')).toEqual({ type: 'resumed', lastEventId: '7' });
  });

  test('is waited for as long as the timeout that one of its callers gives', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    sqlite(file);
    const holder = fileURLToPath(new URL('../support/holder.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@reprise/source', holder, file, '500'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    // The thread is blocked until the child ends by itself.
    const closed = once(child, 'close');
    const client = await run(stage, { cursor: sqlite(file, { timeout: 60_000 }) });
    await closed;
    expect(await client.until('resumed')).toEqual({ type: 'resumed', lastEventId: '7' });
  });

  test('has one timeout in a program: another one is refused, and so is a value that is no time', () => {
    const file = join(folder, 'c.db');
    const store = sqlite(file, { timeout: 100 });
    expect(sqlite(file)).toBe(store);
    expect(sqlite(file, { timeout: 100 })).toBe(store);
    expect(() => sqlite(file, { timeout: 9000 })).toThrow(
      new RangeError(`Expected one timeout for ${file} in the whole program, got 100 and 9000`),
    );
    expect(() => sqlite(file, { timeout: -1 })).toThrow(
      'Expected timeout to be a number from 0 on',
    );
  });

  test('is the same one by every path to it', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'linked'));
    await symlink(join(folder, 'real', 'c.db'), file);
    const first = await run(stage, { id: 'a', cursor: sqlite(join(folder, 'linked', 'c.db')) });
    await expect(run(stage, { id: 'a', cursor: sqlite(file) })).rejects.toThrow(
      'Expected the cursor a to be free, got one that another client uses',
    );
    const second = await run(stage, { id: 'b', cursor: sqlite(file) });
    await GenServer.stop(first.pid);
    await GenServer.stop(second.pid);
    expect(await readdir(join(folder, 'real'))).toEqual(['c.db']);
  });

  test('keeps the position that another client writes during the handling of an event that fails', () => {
    const store = sqlite(join(folder, 'c.db'));
    store.open();
    const fail = (): never => {
      store.set('b', '2');
      throw new Error('no');
    };
    expect(() => store.transaction('a', '1', fail)).toThrow('no');
    expect([store.get('a'), store.get('b')]).toEqual([undefined, '2']);
    store.close();
  });

  test('is unchanged after a write that failed half-way, and takes the next', () => {
    const store = sqlite(join(folder, 'c.db'));
    store.open();
    // A value that SQLite refuses, in place of a disk that becomes full.
    expect(() => store.transaction('a', null as never, () => undefined)).toThrow(
      'to be writable, got: NOT NULL',
    );
    store.set('b', '2');
    store.close();
    store.open();
    expect(store.get('b')).toBe('2');
    store.close();
  });

  test('that is a folder fails the start', async () => {
    await using stage = await openStage();
    await expect(run(stage, { cursor: sqlite(folder) })).rejects.toThrow(
      `Expected ${folder} to be a cursor file that can be written, got: unable to open database file`,
    );
  });

  test('whose file is no database fails the start', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    await writeFile(file, 'a text that is needed, and is certainly no database at all');
    await expect(run(stage, { cursor: sqlite(file) })).rejects.toThrow(
      `Expected ${file} to be a cursor file that can be written, got: file is not a database`,
    );
  });

  test('that another program has a table of this name in fails the start, and is left free', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    const execute = (sql: string): void => {
      const database = new DatabaseSync(file);
      database.exec(sql);
      database.close();
    };
    execute('CREATE TABLE cursor (id INTEGER, position TEXT)');
    await expect(run(stage, { cursor: sqlite(file) })).rejects.toThrow(
      `Expected ${file} to be a cursor file that can be written, got: no such column: value`,
    );
    execute('BEGIN EXCLUSIVE; COMMIT');
    expect(await readdir(folder)).not.toContain('c.db-owner');
  });

  test('that is damaged fails the start', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    const client = await run(stage, { cursor: sqlite(file) });
    await GenServer.stop(client.pid);
    const handle = await open(file, 'r+');
    // The second page has the table; the first, with the schema, stays.
    await handle.write(Buffer.alloc(4096, 0xff), 0, 4096, 4096);
    await handle.close();
    await expect(run(stage, { cursor: sqlite(file) })).rejects.toThrow(
      `Expected ${file} to be a cursor file that can be written, got: `,
    );
  });

  test('in a folder that does not exist fails the start', async () => {
    await using stage = await openStage();
    const file = join(folder, 'nowhere', 'c.db');
    await expect(run(stage, { cursor: sqlite(file) })).rejects.toThrow(
      `Expected ${file} to be a cursor file that can be written, got: `,
    );
  });

  test('that is read-only fails the start', async () => {
    await using stage = await openStage();
    const file = join(folder, 'c.db');
    const client = await run(stage, { cursor: sqlite(file) });
    await GenServer.stop(client.pid);
    // File modes do not stop root. SQLite only reads a file of a later version (format, 1.3.3).
    const handle = await open(file, 'r+');
    await handle.write(Buffer.of(9), 0, 1, 18);
    await handle.close();
    await expect(run(stage, { cursor: sqlite(file) })).rejects.toThrow(
      `Expected ${file} to be a cursor file that can be written, got: attempt to write a readonly database`,
    );
  });

  // A limit of the shell for file sizes, in place of a full disk; Windows has none.
  const limited = process.platform === 'win32' ? test.skip : test;
  limited('that cannot grow any more is an error of the writing, which names it', async () => {
    const filler = fileURLToPath(new URL('../support/filler.ts', import.meta.url));
    const command = 'ulimit -f 200; exec "$0" --conditions=@reprise/source "$@"';
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      command,
      process.execPath,
      filler,
      join(folder, 'c.db'),
    ]);
    expect(stdout).toMatch(/^Expected the cursor file .*c\.db to be writable, got: .*disk/);
  });
});
