/**
 * `node --conditions=@reprise/source replica.ts NAME STORE URL`: one replica of a service that
 * keeps the prices of six streams. STORE is a file, or the URL of a Postgres.
 */
import { Application } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { postgres } from '@reprise/cluster/postgres';
import { sqlite } from '@reprise/cluster/sqlite';

const [name = '', store = '', url = ''] = process.argv.slice(2);

const common = {
  id: 'prices',
  node: name,
  ttl: 4000,
  streams: ['chf', 'eur', 'gbp', 'jpy', 'nok', 'usd'],
  client: ({ key }: { readonly key: string }) => ({ url: `${url}/${key}` }),
} as const;

/** Tells the first price of each epoch: this replica owns the stream. */
const epochs = new Map<string, number>();
function tell(stream: string, epoch: number): void {
  if (epochs.get(stream) !== epoch) {
    epochs.set(stream, epoch);
    process.send?.({ stream, epoch });
  }
}

/** The effect and the position of its stream are one transaction: each price is there once. */
const insert = 'insert into price (stream, number, price) values';

const prices = store.startsWith('postgres:')
  ? Cluster.childSpec({
      ...common,
      store: postgres(store),
      transact: async (event, { tx, key, epoch }) => {
        tell(key, epoch);
        await tx.query(`${insert} ($1, $2, $3)`, [key, Number(event.id), event.data]);
      },
    })
  : Cluster.childSpec({
      ...common,
      store: sqlite(store),
      transact: (event, { tx, key, epoch }) => {
        tell(key, epoch);
        tx.prepare(`${insert} (?, ?, ?)`).run(key, Number(event.id), event.data);
      },
    });

// At SIGTERM its streams are released in order, and are elsewhere at once.
Application.run(
  { strategy: 'oneForOne', children: [prices] },
  // To release its streams a replica may take 30 s.
  { deadline: 40_000, exitStatus: Cluster.exitStatus },
);

// The end of the program that has started this one ends it too.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
