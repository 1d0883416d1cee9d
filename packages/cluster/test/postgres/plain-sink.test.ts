import { expect, test } from '@jest/globals';
import { createSystem } from '@reprise/actor';
import type { QueryResult } from 'pg';

import { Proxy } from '../../../../bench/torture/proxy.ts';
import { Source } from '../../../../bench/torture/source.ts';
import { Cluster } from '../../src/index.ts';
import { postgres } from '../../src/postgres.ts';
import { Queue } from '../support/queue.ts';
import { onPostgres, Place } from './support.ts';

const upsert = `insert into latest as l values ($1, $2, $3)
on conflict (stream) do update set number = excluded.number, epoch = excluded.epoch
where l.epoch <= excluded.epoch`;

onPostgres('a plain sink', () => {
  test('FENCE-09 a write of before the takeover that arrives after it changes nothing: the row has a greater epoch', async () => {
    await using place = await Place.create();
    await place.sql('create table latest (stream text primary key, number int, epoch bigint)');
    const { hostname: host, port } = new URL(place.url);
    const target = { host, port: Number(port) };
    const [lease, way] = await Promise.all([Proxy.start(target), Proxy.start(target)]);
    const source = await Source.start({ rate: 0 });
    const system = createSystem({ logger: silent });
    const writes = new Queue<Write>();

    /** Starts a node whose sink, and whose lease, have these ways to the database. */
    async function start(node: string, sink: string, leaseUrl: string): Promise<void> {
      const client = await place.client(sink);
      await Cluster.startLink(system, {
        store: postgres({ url: place.url, leaseUrl, schema: place.schema }),
        node,
        ttl: 1000,
        streams: ['s'],
        client: ({ key }) => ({ url: `${source.url}${key}` }),
        handle: ({ data }, { key, epoch }) => {
          const result = client.query(upsert, [key, Number(data), epoch]);
          writes.push({ node, number: Number(data), epoch, result });
          return result;
        },
      });
    }

    await start('a', through(way, place.url), through(lease, place.url));
    source.make('s', 1);
    const first = await writes.next();
    expect(first).toMatchObject({ node: 'a', number: 1 });
    await first.result;

    way.hold();
    lease.swallow('both');
    lease.swallowsNew = 'both';
    source.make('s', 1);
    const late = await writes.next();
    expect(late).toMatchObject({ node: 'a', number: 2, epoch: first.epoch });
    await start('b', place.url, place.url);
    source.make('s', 1);
    // The second event again, since its handler has not settled.
    const [again, third] = [await writes.next(), await writes.next()];
    expect([again, third]).toMatchObject([
      { node: 'b', number: 2 },
      { node: 'b', number: 3 },
    ]);
    expect(third.epoch).toBeGreaterThan(first.epoch);
    await third.result;

    way.letGo();
    expect((await late.result).rowCount).toBe(0);
    expect(await place.sql('select number, epoch::float8 as epoch from latest')).toEqual([
      { number: 3, epoch: third.epoch },
    ]);
    await system.stop();
    await Promise.all([source.close(), lease.close()]);
    await way.close();
  });
});

interface Write {
  readonly node: string;
  readonly number: number;
  readonly epoch: number;
  readonly result: Promise<QueryResult>;
}

function through({ port }: Proxy, url: string): string {
  const way = new URL(url);
  way.port = `${port}`;
  return way.href;
}

const silent = { error: nothing, warn: nothing, info: nothing, debug: nothing };

function nothing(): void {
  // The warnings are expected.
}
