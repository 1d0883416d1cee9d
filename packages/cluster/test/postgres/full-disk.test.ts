import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import process from 'node:process';

import { afterAll, describe, expect, test } from '@jest/globals';

import { postgresPrograms } from '../../../../tools/postgres.ts';
import { makeFolder, own as ownByUser } from '../../../../tools/postgres/as-user.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres/server.ts';
import { never, only, own, Place, step } from './support.ts';

const folder = postgresPrograms() === undefined ? undefined : mount();

/** A file system of 4 MB; `undefined` where nobody may mount one. */
function mount(): string | undefined {
  const path = joinPath(makeFolder('small'), 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path], { stdio: 'pipe' });
    ownByUser(path);
    return path;
  } catch (error) {
    process.stderr.write(`\nNO TEST OF A FULL DISK WAS RUN: ${String(error)}\n`);
    return undefined;
  }
}

(folder === undefined ? describe.skip : describe)('a full disk', () => {
  let server: PostgresServer | undefined;
  afterAll(async () => {
    await server?.close();
    execFileSync('umount', [String(folder)]);
    rmSync(joinPath(String(folder), '..'), { recursive: true });
  });

  test('TX-17 crashes the handler in the words of the server; with space it is handled, once', async () => {
    server = await startPostgres();
    await using place = await Place.create(server.url());
    const { store } = await place.open();
    const owner = await own(store, ['eur']);
    await place.sql(`create tablespace small location '${folder}'`);
    await place.sql(`create table ${place.schema}.effect (body text) tablespace small`);
    await place.sql(`alter table ${place.schema}.effect alter column body set storage external`);
    await place.sql(`create table ${place.schema}.filler (body text) tablespace small`);
    await place.sql(`alter table ${place.schema}.filler alter column body set storage external`);
    const fill = `insert into ${place.schema}.filler select repeat('x', 500000) from generate_series(1, 6)`;
    await place.sql(fill);
    const run = () =>
      store.transact(
        owner.id,
        step(only(owner), '1'),
        (tx) =>
          tx.query(`insert into ${place.schema}.effect
            select string_agg(md5(n::text), '') from generate_series(1, 40000) n`),
        never(),
      );
    await expect(run()).rejects.toMatchObject({
      code: '53100',
      message: expect.stringContaining('No space left on device'),
    });
    expect(await place.cursor('eur')).toBe('');
    expect(await place.sql(`select from ${place.schema}.effect`)).toEqual([]);
    await place.sql(`drop table ${place.schema}.filler`);
    await run();
    expect(await place.cursor('eur')).toBe('1');
    expect(await place.sql(`select from ${place.schema}.effect`)).toHaveLength(1);
  });
});
