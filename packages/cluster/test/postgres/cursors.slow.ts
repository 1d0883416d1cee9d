import { expect, test } from '@jest/globals';

import { startPostgres } from '../../../../tools/postgres/server.ts';
import { onPostgres, own, Place } from './support.ts';

onPostgres('the table of owners', () => {
  test('PGC-18 stays below 50 MB for 1,000 streams after 2 million cursors, without a vacuum', async () => {
    const server = await startPostgres({ settings: { autovacuum: 'off' } });
    await using place = await Place.create(server.url());
    const { store } = await place.open();
    const keys = Array.from({ length: 1000 }, (_, index) => `stream-${index}`);
    const owner = await own(store, keys);
    const times: number[] = [];
    for (let round = 0; round < 2000; round += 1) {
      const cursor = `${round}`.padStart(24, '0');
      const start = performance.now();
      const saved = await store.save(
        owner.id,
        owner.claims.map((claim) => ({ ...claim, cursor })),
      );
      times.push(performance.now() - start);
      expect(saved).toHaveLength(1000);
    }
    const [size] = await place.sql<{ bytes: number }>(
      `select pg_total_relation_size('${place.schema}.owners')::float8 as bytes`,
    );
    expect(size?.bytes).toBeLessThan(50_000_000);
    const last = times.slice(-200).toSorted((a, b) => a - b);
    expect(last[197]).toBeLessThan(200);
    await server.close();
  }, 600_000);
});
