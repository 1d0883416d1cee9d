import { existsSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { onPgBouncer, onPostgres } from './describe.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { type PostgresServer, startPostgres } from './server.ts';
import { testDatabase } from './shared.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ value: unknown }>(text);
    return rows.map(({ value }) => value);
  } finally {
    await client.end();
  }
}

onPostgres('the shared server', () => {
  test('each test file has an empty database of its own on the same server', async () => {
    const urls = [await testDatabase(), await testDatabase()];
    const [first = '', second = ''] = urls;
    await query(first, 'create table t as select 1 as value');
    expect(await query(second, "select to_regclass('t') as value")).toEqual([null]);
    expect(new URL(first).port).toBe(new URL(second).port);
  });

  test('commits are flushed, as in production', async () => {
    const values = await query(await testDatabase(), "select current_setting('fsync') as value");
    expect(values).toEqual(['on']);
  });
});

onPostgres('a private server', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ settings: { work_mem: '5MB' } });
  });
  afterAll(() => server.close());

  test('takes settings', async () => {
    expect(await query(server.url(), 'show work_mem')).toHaveLength(1);
    expect(await query(server.url(), "select current_setting('work_mem') as value")).toEqual([
      '5MB',
    ]);
  });

  test('starts again at the same address, with its data, after a kill', async () => {
    await query(server.url(), 'create table kept as select 7 as value');
    const url = server.url();
    await server.stop('SIGKILL');
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(await query(url, 'select value from kept')).toEqual([7]);
  });

  test('has a standby that follows it, and takes its place at its address', async () => {
    const primary = await startPostgres();
    await query(primary.url(), 'create table seen as select 8 as value');
    const standby = await primary.standby();
    const standing = 'select pg_is_in_recovery() as value';
    expect(await query(standby.url(), standing)).toEqual([true]);
    expect(await query(standby.url(), 'select value from seen')).toEqual([8]);
    await primary.close();
    await standby.stop();
    await standby.start({ port: primary.port });
    standby.promote();
    expect(await query(primary.url(), standing)).toEqual([false]);
    await standby.close();
  });

  test('asks one role for its password', async () => {
    await query(server.url(), "create role guarded login password 'right'");
    const url = (password: string) => server.url('postgres', `guarded:${password}`);
    await expect(query(url('wrong'), 'select 1')).rejects.toThrow('password authentication failed');
    expect(await query(url('right'), 'select 1 as value')).toEqual([1]);
  });

  test('leaves no folder behind', async () => {
    const other = await startPostgres();
    const [data] = await query(other.url(), "select current_setting('data_directory') as value");
    expect(existsSync(String(data))).toBe(true);
    await other.close();
    expect(existsSync(String(data))).toBe(false);
  });
});

onPgBouncer('PgBouncer', () => {
  test('is before a server, in transaction mode', async () => {
    const server = await startPostgres();
    const pgBouncer = await startPgBouncer(server, { default_pool_size: 2 });
    expect(await query(pgBouncer.url(), 'select 9 as value')).toEqual([9]);
    const [pool] = await query(pgBouncer.adminUrl, 'show config');
    expect(pool).toBeDefined();
    await pgBouncer.close();
    await server.close();
  });
});
