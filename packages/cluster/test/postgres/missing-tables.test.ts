import { randomUUID } from 'node:crypto';

import { expect, test } from '@jest/globals';
import { systemClock } from '@reprise/actor';

import { postgres } from '../../src/postgres.ts';
import { failureOf, join, onPostgres, Place } from './support.ts';

onPostgres('tables that are gone', () => {
  test('PGC-17 each request of a lease says which tables are missing', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    const id = await join(store);
    await place.sql(`drop schema ${place.schema} cascade`);
    const idle = { owned: 0, draining: false, list: '', busy: 0 };
    const held = { count: 0, epochs: 0 };
    const requests = [
      () => store.renew(id, randomUUID(), idle),
      () => store.watch(),
      () => store.observe(id, [], held),
      () => store.claim(id, []),
      () => store.leave(id),
      () => join(store),
    ];
    for (const request of requests) {
      const error = await failureOf(request());
      expect(error).toMatchObject({ name: 'MissingTablesError' });
      expect(String(error)).toContain(
        `Expected the tables of the schema ${place.schema}, got: relation "${place.schema}.`,
      );
    }
  });

  test('PGC-17 a store that has had its tables does not make them anew', async () => {
    await using place = await Place.create();
    const store = postgres({ url: place.url, schema: place.schema });
    const options = {
      ttl: 10_000,
      clock: systemClock(),
      onError: () => {},
      onWarning: () => {},
    };
    await (await store.open(options)).close();
    await (await store.open(options)).close();
    await place.sql(`drop schema ${place.schema} cascade`);
    expect(String(await failureOf(store.open(options)))).toContain(
      `Expected the tables of the schema ${place.schema}, got none: let an owner of the database run`,
    );
  });

  test('PGC-17 a start refuses a schema of which somebody has dropped the function', async () => {
    await using place = await Place.create();
    await place.open();
    await place.sql(`drop function ${place.schema}.advance`);
    expect(String(await failureOf(place.open()))).toContain(
      `Expected the tables of the schema ${place.schema}, got some without the function advance: restore them`,
    );
  });

  test('PGC-17 a start refuses a schema of which somebody has dropped a table', async () => {
    await using place = await Place.create();
    await place.open();
    await place.sql(`drop table ${place.schema}.owners`);
    expect(String(await failureOf(place.open()))).toContain(
      `Expected the tables of the schema ${place.schema}, got some without owners: restore them`,
    );
  });
});
