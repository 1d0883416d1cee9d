import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSystem, type System } from '@reprise/actor';
import { chaos, type ChaosServer, inOrder } from '@reprise/sse/testing';
import type { PoolClient } from 'pg';
import { z } from 'zod';

import { type Stall, stalledWithin, watchStalls } from '../../../../bench/torture/stalls.ts';
import { Cluster } from '../../src/index.ts';
import { postgres } from '../../src/postgres.ts';
import { onPostgres, Place } from './support.ts';

const ttl = 3000;
/** T/4 + 1 s. */
const limit = ttl / 4 + 1000;

onPostgres('streams that are rows', () => {
  let source: ChaosServer;
  let place: Place;
  let system: System;
  const stalls: Stall[] = [];
  const stopWatch = watchStalls((stall) => stalls.push(stall));

  beforeEach(async () => {
    source = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
    place = await Place.create();
    await place.open();
    await place.sql(`create table ${place.schema}.effect (room int, number int)`);
    system = createSystem({ logger: { error: () => undefined, warn: () => undefined } });
  });

  afterAll(stopWatch);

  afterEach(async () => {
    await system.stop();
    await place[Symbol.asyncDispose]();
    await source.close();
  });

  type Transact = (
    number: number,
    owned: { readonly tx: PoolClient; readonly data: { room: number } },
  ) => Promise<unknown>;

  const insert: Transact = (number, { tx, data }) =>
    tx.query(`insert into ${place.schema}.effect values ($1, $2)`, [data.room, number]);

  async function start(transact: Transact = insert): Promise<Cluster.Pid> {
    const { url, schema } = place;
    const store = postgres({ url, schema });
    return Cluster.startLink(system, {
      store,
      ttl,
      streams: store.rows(z.object({ room: z.number() })),
      client: ({ key, data }) => ({ url: `${source.url}${key}-${data.room}` }),
      transact: (event, owned) => transact(Number(event.lastEventId), owned),
    });
  }

  /** Until a condition holds: in less than the limit and the time that the machine has taken. */
  async function soon(condition: () => unknown): Promise<void> {
    const from = performance.now();
    await until(condition);
    const to = performance.now();
    expect(to - from).toBeLessThan(limit + stalledWithin(stalls, { from, to }));
  }

  async function until(condition: () => unknown): Promise<void> {
    while (!(await condition())) {
      await delay(10);
    }
  }

  const connections = (name: string): number => source.stream(name).connections;

  test('LIST-04 streams come, change and go by plain SQL, 100 in a transaction, in less than T/4 + 1 s', async () => {
    const { schema } = place;
    const cluster = await start();
    const client = await place.client();
    const rows = `insert into ${schema}.streams
      select 'list-' || n, jsonb_build_object('room', 1) from generate_series(1, 100) n`;
    const owned = (): number => Cluster.status(cluster).node.owned;
    await client.query('begin');
    await client.query(rows);
    await client.query('rollback');
    await delay(ttl);
    expect(owned()).toBe(0);

    await client.query('begin');
    await client.query(rows);
    await client.query('commit');
    await soon(() => owned() === 100);
    const keys = Array.from({ length: 100 }, (_, index) => `list-${index + 1}`);
    await until(() => keys.every((key) => connections(`${key}-1`) === 1));

    await client.query(
      `update ${schema}.streams set spec = '{"room": 2}' where key in ('list-1', 'list-2')`,
    );
    await soon(() => connections('list-1-2') === 1 && connections('list-2-2') === 1);
    expect(connections('list-3-1')).toBe(1);

    await client.query(`delete from ${schema}.streams where key like 'list-%'`);
    await soon(() => owned() === 0);
    expect(Cluster.status(cluster).streams).toMatchObject({ listed: 0, invalid: [] });
  });

  test('LIST-06 of a stream whose row is deleted the running transaction ends, and no other begins', async () => {
    const { schema } = place;
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const cluster = await start(async (number, owned) => {
      begun.resolve();
      await gate.promise;
      await insert(number, owned);
    });
    await place.sql(`insert into ${schema}.streams values ('gone', '{"room": 6}')`);
    source.stream('gone-6').produce(3);
    await begun.promise;
    await place.sql(`delete from ${schema}.streams where key = 'gone'`);
    await soon(() => Cluster.status(cluster).streams.listed === 0);
    await delay(ttl / 2);
    gate.resolve();
    const effects = (): Promise<readonly object[]> =>
      place.sql(`select number from ${schema}.effect`);
    await soon(async () => (await effects()).length > 0);
    await delay(ttl / 2);
    expect(await effects()).toEqual([{ number: 1 }]);
    expect(await place.cursor('gone')).toBe('"1"');
  });
});
