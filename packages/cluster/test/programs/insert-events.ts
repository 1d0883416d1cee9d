/**
 * `node --conditions=@reprise/source insert-events.ts OPTIONS`: a node with the stream `s`, whose
 * effects are rows of the table `effect`. OPTIONS is the JSON of an `InsertOptions`.
 */
import { Application } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { postgres } from '@reprise/cluster/postgres';
import type { ServerSentEvent } from '@reprise/sse';
import type { PoolClient } from 'pg';

export interface InsertOptions {
  /** Of the database. */
  readonly url: string;
  readonly source: string;
  readonly sink: 'transact' | 'transactBatch';
}

const { url, source, sink } = JSON.parse(process.argv[2] ?? '') as InsertOptions;

const common = {
  id: 'cluster',
  store: postgres(url),
  ttl: 1000,
  streams: ['s'],
  client: () => ({ url: source, minDelay: 50 }),
} as const;

/** A row for each event; those of one batch have its number of events. */
function insert(tx: PoolClient, events: readonly ServerSentEvent[]): Promise<unknown> {
  return tx.query('insert into effect (body, batch) select unnest($1::text[]), $2', [
    events.map(({ data }) => data),
    events.length,
  ]);
}

const node =
  sink === 'transact'
    ? Cluster.childSpec({ ...common, transact: (event, { tx }) => insert(tx, [event]) })
    : Cluster.childSpec({ ...common, transactBatch: (events, { tx }) => insert(tx, events) });

Application.run({ strategy: 'oneForOne', children: [node] });
