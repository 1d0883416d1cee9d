/**
 * `node --conditions=@reprise/source node.ts FILE URL`: one process of the service, which keeps the
 * prices of its share of the tenants. FILE is the database, URL the source.
 */
import { Application } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { sqlite } from '@reprise/cluster/sqlite';
import { z } from 'zod';

const [file = '', url = ''] = process.argv.slice(2);
const store = sqlite(file);

const tenants = Cluster.childSpec({
  id: 'tenants',
  node: `node-${process.env['REPRISE_WORKER']}`,
  ttl: 2000,
  store,
  streams: store.rows(z.object({ region: z.enum(['eu', 'us']) })),
  // Called whenever this process has got a tenant, and when the row of one of its own has changed.
  client: ({ key, data }) => {
    process.send?.(`reads ${key} in ${data.region}`);
    return { url: `${url}/${data.region}/${key}` };
  },
  // The price and the position of the stream are one transaction.
  transact: (event, { tx, key, data }) => {
    const insert = 'insert into price (tenant, region, number, price) values (?, ?, ?, ?)';
    tx.prepare(insert).run(key, data.region, Number(event.id), event.data);
  },
});

const service = Application.run(
  { strategy: 'oneForOne', children: [tenants] },
  // To release its streams a node may take 30 s.
  { deadline: 40_000, exitStatus: Cluster.exitStatus },
);
await service.whenReady;
process.send?.('is ready');
