import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describe } from '@reprise/actor/text';
import pg from 'pg';

import { startPostgres } from '../../../../tools/postgres/server.ts';
import { postgres, postgresSql } from '../../src/postgres.ts';
import { refusalOfServer, type ServerFacts } from '../../src/postgres/check.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { quoted, steps } from '../../src/postgres/schema.ts';
import { listed } from '../store/arrange.ts';
import { failureOf, join, never, onPostgres, only, own, Place, step } from './support.ts';

/** A new role that may log in and has no privilege. */
async function makeRole(place: Place): Promise<string> {
  const role = `r${randomUUID().slice(0, 8)}`;
  await place.sql(`create role ${role} login`);
  return role;
}

function urlAs(place: Place, role: string): string {
  return place.url.replace('//postgres@', `//${role}@`);
}

onPostgres('the tables', () => {
  test('CFG-01 are made by a role that may, also by eight starts at once, without an error', async () => {
    await using place = await Place.create();
    const opened = await Promise.all(Array.from({ length: 8 }, () => place.open()));
    expect(opened.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect(await place.sql(`select version, compatible from ${place.schema}.meta`)).toEqual([
      { version: 2, compatible: 1 },
    ]);
  });

  test('CFG-01 are made in a schema that is there, without the privilege to make schemas', async () => {
    await using place = await Place.create();
    const role = await makeRole(place);
    await place.sql(`create schema ${place.schema} authorization ${role}`);
    const { store } = await place.open({ url: urlAs(place, role) });
    expect((await own(store, ['eur'])).claims).toHaveLength(1);
  });

  test('CFG-01 are in a schema of any name', async () => {
    await using place = await Place.create();
    const schema = `Ünits "of" ${place.schema}; drop`;
    const { store } = await place.open({ schema });
    const owner = await own(store, ['eur']);
    await store.transact(owner.id, step(only(owner), '1'), () => {}, never());
    expect(await store.save(owner.id, [{ ...only(owner), outcome: 'moved' }])).toEqual(['eur']);
  });

  test('CFG-01 are in a schema, and for a role, whose name is a word of SQL', async () => {
    await using place = await Place.create();
    const { store } = await place.open({ schema: 'order' });
    expect((await own(store, ['eur'])).claims).toHaveLength(1);
    const sql = "select word from pg_get_keywords() where catcode in ('R', 'T')";
    const words = (await place.sql(sql)).map(({ word }) => String(word));
    expect(words).toContain('user');
    expect(words.map(quoted)).toEqual(words.map((word) => `"${word}"`));
    expect(postgresSql({ schema: 'order', role: 'user' })).toContain(
      'grant usage on schema "order" to "user";',
    );
  });

  test('CFG-02 are printed for names and for options that Postgres has', () => {
    for (const name of ['', 'é'.repeat(32), 7 as unknown as string]) {
      for (const option of ['schema', 'role']) {
        expect(() => postgresSql({ [option]: name })).toThrow(
          `Expected the option \`${option}\` of postgresSql to be a name of 1 to 63 bytes, got ${describe(name)}`,
        );
      }
    }
    expect(() => postgresSql({ rol: 'app' } as object)).toThrow('did you mean `role`?');
  });

  test("CFG-02 with `migrate: 'check'` are asked for, with the command that prints them; nothing is made", async () => {
    await using place = await Place.create();
    const start = place.open({ migrate: 'check' });
    await expect(start).rejects.toThrow(
      `Expected the tables of the schema ${place.schema}, got none`,
    );
    const command = /node -e '(.*)'$/.exec(String(await failureOf(start)))?.[1] ?? '';
    expect(command).toContain('@reprise/cluster/postgres');
    expect(command).toContain(JSON.stringify({ schema: place.schema, role: 'postgres' }));
    expect(await place.sql('select from pg_namespace where nspname = $1', [place.schema])).toEqual(
      [],
    );
  });

  test('CFG-02 cannot be made by a role that may not: the same, and nothing is made', async () => {
    await using place = await Place.create();
    const role = await makeRole(place);
    const start = place.open({ url: urlAs(place, role) });
    await expect(start).rejects.toThrow('and a role that may not make them: let an owner');
    await expect(start).rejects.toThrow(JSON.stringify({ schema: place.schema, role }));
    expect(await place.sql('select from pg_namespace where nspname = $1', [place.schema])).toEqual(
      [],
    );
  });

  test('CFG-02 made by hand, with the grants, are enough for a role without other privileges', async () => {
    await using place = await Place.create();
    const role = await makeRole(place);
    await place.sql(postgresSql({ schema: place.schema, role }));
    const { store } = await place.open({ url: urlAs(place, role), migrate: 'check' });
    const owner = await own(store, ['eur']);
    await store.transact(owner.id, step(only(owner), '1'), () => {}, never());
    expect(await place.cursor('eur')).toBe('1');
  });
});

onPostgres('a missing privilege', () => {
  let place: Place;
  let role: string;
  beforeAll(async () => {
    place = await Place.create();
    role = await makeRole(place);
    await place.sql(postgresSql({ schema: place.schema, role }));
    await place.sql(`revoke execute on function ${place.schema}.advance from public`);
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const rights = ['select', 'insert', 'update', 'delete'].flatMap((right) =>
    ['meta', 'nodes', 'streams', 'owners'].map((table) => `${right} on SCHEMA.${table}`),
  );
  test.each(['usage on schema SCHEMA', 'execute on function SCHEMA.advance', ...rights])(
    'CFG-03 is named by the statement that grants it: %s',
    async (pattern) => {
      const right = pattern.replace('SCHEMA', place.schema);
      await place.sql(`revoke ${right} from ${role}`);
      const start = place.open({ url: urlAs(place, role) });
      await expect(start).rejects.toThrow(`got a role without some: grant ${right} to ${role}`);
      const [, statement = ''] = /some: (.*)$/.exec(String(await failureOf(start))) ?? [];
      await place.sql(statement);
      await place.open({ url: urlAs(place, role) });
    },
  );
});

onPostgres('a server', () => {
  test('CFG-04 that is a standby is refused', async () => {
    const primary = await startPostgres();
    const standby = await primary.standby();
    const start = Place.create(standby.url()).then((place) => place.open());
    await expect(start).rejects.toThrow('Expected a primary of Postgres, got a standby');
    await using place = await Place.create(primary.url());
    const { warnings } = await place.open();
    expect(warnings).toEqual([expect.stringContaining('a standby that is not synchronous')]);
    await standby.close();
    await primary.close();
  });

  test.each(['fsync', 'synchronous_commit'])(
    'CFG-04 that loses what it has acknowledged is refused, but for tests: %s = off',
    async (setting) => {
      const server = await startPostgres({ settings: { [setting]: 'off' } });
      await using place = await Place.create(server.url());
      await expect(place.open()).rejects.toThrow(`got ${setting} = off: turn it on`);
      const { store } = await place.open({ allowUnsafe: true });
      expect(store.engine).toMatch(/^PostgreSQL \d+\.\d+$/);
      await store.close();
      await server.close();
    },
  );

  test('CFG-04 that is read-only is refused', async () => {
    await using place = await Place.create();
    const role = await makeRole(place);
    await place.sql(`alter role ${role} set default_transaction_read_only to on`);
    const start = place.open({ url: urlAs(place, role) });
    await expect(start).rejects.toThrow(
      'got one that is read-only: set default_transaction_read_only',
    );
  });

  test.each(['repeatable read', 'serializable'])(
    'CFG-04 whose transactions are %s by default is warned of',
    async (isolation) => {
      await using place = await Place.create();
      const role = await makeRole(place);
      await place.sql(`alter role ${role} set default_transaction_isolation to '${isolation}'`);
      await place.sql(postgresSql({ schema: place.schema, role }));
      const { store, warnings } = await place.open({ url: urlAs(place, role) });
      expect(warnings).toEqual([
        expect.stringContaining(`Transactions are ${isolation} by default`),
      ]);
      // Those of handlers are not.
      const owner = await own(store, ['eur']);
      const { rows } = (await store.transact(
        owner.id,
        step(only(owner), '1'),
        (tx) => tx.query('show transaction_isolation'),
        never(),
      )) as pg.QueryResult;
      expect(rows).toEqual([{ transaction_isolation: 'read committed' }]);
    },
  );

  const good: ServerFacts = {
    version: '15.18',
    versionNumber: 150_018,
    isStandby: false,
    isReadOnly: false,
    fsync: 'on',
    synchronousCommit: 'on',
    hasAsynchronousStandby: false,
    isolation: 'read committed',
    database: 'shop',
    backend: 1,
    role: 'app',
  };

  test('CFG-04 of version 12 is refused, also for tests', () => {
    const old = { ...good, version: '12.22', versionNumber: 120_022 };
    expect(refusalOfServer(old, true)).toBe(
      'Expected PostgreSQL 14 or later, got 12.22: update the server',
    );
    expect(refusalOfServer({ ...good, versionNumber: 140_000 }, false)).toBeUndefined();
  });
});

onPostgres('tables', () => {
  test('CFG-05 of a later version are used if that says so, else refused', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    await place.sql(`update ${place.schema}.meta set version = 4, compatible = 2`);
    await place.open();
    await place.open({ migrate: 'check' });
    await place.sql(`update ${place.schema}.meta set version = 4, compatible = 3`);
    await expect(place.open()).rejects.toThrow(
      'in version 2, got version 4, which needs a release that makes version 3 or later: update @reprise/cluster',
    );
    expect(await join(store)).toMatch(/-/);
  });

  test('CFG-05 are brought to the next version by one of the nodes that start, while older nodes go on', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    const owner = await own(store, ['eur']);
    const next = (schema: string) =>
      `alter table ${schema}.owners add column later text; update ${schema}.meta set version = 3`;
    const clients = await Promise.all(Array.from({ length: 4 }, () => place.client()));
    await Promise.all(clients.map((client) => migrate(client, place.schema, [...steps, next])));
    expect(await place.sql(`select version, compatible from ${place.schema}.meta`)).toEqual([
      { version: 3, compatible: 1 },
    ]);
    await store.transact(owner.id, step(only(owner), '1'), () => {}, never());
    expect(await place.cursor('eur')).toBe('1');
    await place.open();
  });

  test('CFG-05 of an earlier version are refused to a role that may not alter them', async () => {
    await using place = await Place.create();
    const role = await makeRole(place);
    await place.sql(`create schema ${place.schema}`);
    await place.sql(steps[0]?.(place.schema) ?? '');
    await place.sql(`grant usage on schema ${place.schema} to ${role}`);
    await place.sql(`grant all on all tables in schema ${place.schema} to ${role}`);
    await expect(place.open({ url: urlAs(place, role) })).rejects.toThrow(
      "in version 2, got version 1, let one node start with `migrate: 'auto'`, as an owner of them",
    );
  });

  test('CFG-05 that could not be made are not made in part', async () => {
    await using place = await Place.create();
    const client = await place.client();
    const broken = () => 'select from missing';
    await expect(migrate(client, place.schema, [...steps, broken])).rejects.toThrow('missing');
    expect(await place.sql('select from pg_namespace where nspname = $1', [place.schema])).toEqual(
      [],
    );
  });
});

onPostgres('a pool that goes another way than the lease connection is refused', () => {
  test('CFG-08 if it leads to another database', async () => {
    await using place = await Place.create();
    const url = place.url.replace(/[^/]*$/, 'postgres');
    await expect(place.open({ url, leaseUrl: place.url })).rejects.toThrow(
      'Expected `leaseUrl` and the pool to lead to one database, got two: mend one of them',
    );
  });

  test('CFG-08 if it leads nowhere', async () => {
    await using place = await Place.create();
    const start = place.open({ url: urlAs(place, 'nobody_here'), leaseUrl: place.url });
    await expect(start).rejects.toThrow(
      'got: role "nobody_here" does not exist: create the role, or mend the URL',
    );
  });

  test('CFG-08 if its role misses a privilege; a pool of the user goes on', async () => {
    await using place = await Place.create();
    const role = await makeRole(place);
    const pool = new pg.Pool({ connectionString: urlAs(place, role), max: 1 });
    const start = place.open({ pool, leaseUrl: place.url });
    await expect(start).rejects.toThrow(`grant usage on schema ${place.schema} to ${role}`);
    expect((await pool.query('select 1')).rowCount).toBe(1);
    await pool.end();
  });
});

onPostgres('a key', () => {
  test.each(['', 'a\0b', 'x'.repeat(1025), '\u{1f600}'.repeat(256) + 'x', '\ud800'])(
    'CFG-07 is refused before anything is sent: %j',
    async (key) => {
      await using place = await Place.create();
      const { store } = await place.open();
      await expect(store.declare(listed(['good', key]))).rejects.toThrow(
        /Expected the key of a stream/,
      );
      expect(await place.cursor('good')).toBeUndefined();
    },
  );

  test.each(['\u{1f600}'.repeat(256), `'; drop table reprise.owners; --`, '{"a",\\}', ' ', 'NULL'])(
    'CFG-07 is kept as it is: %j',
    async (key) => {
      await using place = await Place.create();
      const { store } = await place.open();
      const owner = await own(store, [key]);
      expect(only(owner).key).toBe(key);
      await store.transact(owner.id, step(only(owner), key), () => {}, never());
      expect(await store.save(owner.id, [{ ...only(owner), cursor: key, recent: key }])).toEqual([
        key,
      ]);
      expect(await place.cursor(key)).toBe(key);
    },
  );
});

onPostgres('a URL', () => {
  test('CFG-08 with a wrong password is refused in the words of the server, without the password', async () => {
    await using place = await Place.create();
    await place.sql("create role guarded login password 'right'");
    const start = place.open({ url: urlAs(place, 'guarded:hunter2') });
    await expect(start).rejects.toThrow(
      'got: password authentication failed for user "guarded": mend the password in the URL',
    );
    expect(withCauses(await failureOf(start))).not.toContain('hunter2');
  });

  test.each([
    ['postgres://x:hunter2@127.0.0.1:1/db', /ECONNREFUSED .*: start it, or mend the URL/],
    ['postgres://x:hunter2@nowhere.invalid/db', /(ENOTFOUND|EAI_AGAIN) nowhere.invalid: mend/],
    ['postgres://x:hunter2@127.0.0.1:99999999/db', /Expected a connection to Postgres, got/],
    ['postgres://x:hun%ter2@[::1/db', /Expected a connection to Postgres, got/],
    ['postgres://x:hunter2#@host/db', /Invalid URL: encode user and password in it/],
  ])('CFG-08 that leads nowhere is refused: %s', async (url, message) => {
    const start = postgres(url).open({
      ttl: 1000,
      clock: { now: () => 0, setTimeout: () => ({}), clearTimeout: () => {} },
      onError: () => {},
      onWarning: () => {},
    });
    await expect(start).rejects.toThrow(message);
    expect(withCauses(await failureOf(start))).not.toMatch(/hunter2|hun%ter2/);
  });

  test('CFG-08 of a database or a role that is not there is refused', async () => {
    await using place = await Place.create();
    const other = place.url.replace(/[^/]*$/, 'missing');
    await expect(place.open({ url: other })).rejects.toThrow(
      'got: database "missing" does not exist: create the database, or mend the URL',
    );
    await expect(place.open({ url: urlAs(place, 'nobody_here') })).rejects.toThrow(
      'got: role "nobody_here" does not exist: create the role, or mend the URL',
    );
  });
});

test.each([undefined, '', 'mysql://x:hunter2@host/db', 'hunter2', 7, null, { url: undefined }])(
  'a URL that is none is a TypeError that does not show it: %j',
  (where) => {
    const make = () => postgres(where as string);
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow('hunter2');
  },
);

test.each([undefined, ''])('a URL that is %j may be a variable that is not set', (url) => {
  expect(() => postgres(url)).toThrow(/is its environment variable set\?$/);
});

test.each([
  [{ url: 'postgres://a/b', pool: new pg.Pool() }, 'got both'],
  [{ pool: new pg.Pool() }, '`leaseUrl`'],
  [{ pool: { connectionString: 'postgres://a/b' }, leaseUrl: 'postgres://a/b' }, '`pool`'],
  [{ url: 'postgres://a/b', leaseUrl: 'x' }, '`leaseUrl`'],
  [{ url: 'postgres://a/b', schema: '' }, '`schema`'],
  [{ url: 'postgres://a/b', schema: 'é'.repeat(32) }, '`schema`'],
  [{ url: 'postgres://a/b', migrate: 'chek' }, 'did you mean "check"?'],
  [{ url: 'postgres://a/b', shema: 'a' }, 'did you mean `schema`?'],
])('options that cannot be meant are a TypeError: %j', (options, message) => {
  const make = () => postgres(options as unknown as string);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

/** An error as a report could show it. */
function withCauses(error: unknown): string {
  return error instanceof Error
    ? `${String(error)} ${String(error.stack)} ${JSON.stringify(Object.entries(error))} ${withCauses(error.cause)}`
    : String(error);
}
