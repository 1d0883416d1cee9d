/**
 * `node --conditions=@reprise/source node.ts OPTIONS`: one node of a cluster. OPTIONS is the JSON
 * of a `NodeOptions`. It ends when its parent does.
 */
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';

import { Application } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { postgres } from '@reprise/cluster/postgres';
import { sqlite } from '@reprise/cluster/sqlite';
import type { ServerSentEvent } from '@reprise/sse';
import pg from 'pg';

import type { Effect } from './clean.ts';
import { machineTime } from './machine-time.ts';
import { type NodeOptions, type Question, streamNames } from './node-options.ts';
import * as postgresSink from './postgres-database.ts';
import { type NodeRecord, write } from './record.ts';
import * as sqliteSink from './sqlite-database.ts';
import { watchStalls } from './stalls.ts';

const options = JSON.parse(process.argv[2] ?? '') as NodeOptions;
const life = `${options.name}/${process.pid}`;
const records = openSync(options.records, 'a');
/** For how long the next handler holds the thread, in ms. */
let holdFor = 0;

const common = {
  id: 'cluster',
  node: options.name,
  streams: streamNames(options.streams),
  ttl: options.ttl,
  shutdown: options.shutdown,
  client: ({ key }: { readonly key: string }) => ({
    url: `${options.source}${key}`,
    headers: { 'x-node': life },
    minDelay: 100,
    maxDelay: 1000,
  }),
} as const;

if (options.isHeld) {
  process.send?.(true);
  await once(process, 'message');
}
const { store } = options;
const service = Application.run(
  {
    strategy: 'oneForOne',
    children: ['file' in store ? onFile(store.file) : onServer(store)],
  },
  { deadline: options.shutdown + 5000, exitStatus: Cluster.exitStatus },
);
watchStalls((stall) => {
  tell({ type: 'stalled', node: life, ...stall });
});
process.on('message', (question: Question) => void answer(question));
process.on('disconnect', () => process.exit());
process.channel?.unref();

function onServer(place: { readonly url: string; readonly leaseUrl: string }) {
  const on = { ...common, store: postgres(place) };
  if (options.sink === 'transact') {
    return Cluster.childSpec({
      ...on,
      transact: (event, { tx, ...owned }) => postgresSink.insert(tx, begin(event, owned)),
    });
  }
  const pool = new pg.Pool({ connectionString: place.url, max: 4 });
  pool.on('error', () => undefined);
  return Cluster.childSpec({
    ...on,
    handle: (event, owned) => postgresSink.insert(pool, begin(event, owned)),
  });
}

function onFile(file: string) {
  return Cluster.childSpec({
    ...common,
    store: sqlite(file),
    transact: (event, { tx, ...owned }) => sqliteSink.insert(tx, begin(event, owned)),
  });
}

/** A handler begins. What it is to insert. */
function begin(
  { data }: ServerSentEvent,
  { key, epoch }: Pick<Cluster.Owned<unknown>, 'key' | 'epoch'>,
): Effect {
  // Half of the streams have an effect that no transaction takes back.
  if (/[02468]$/.test(key)) {
    tell({ type: 'begun', stream: key, epoch, at: machineTime(), node: life });
  }
  hold();
  return { stream: key, number: Number(data), epoch, node: life };
}

function hold(): void {
  const until = machineTime() + holdFor;
  holdFor = 0;
  while (machineTime() < until) {
    // The thread is held.
  }
}

async function answer(question: Question): Promise<void> {
  if (question.type === 'hold') {
    holdFor = question.ms;
    process.send?.(true);
  } else if (question.type === 'status') {
    await service.whenReady;
    const [child] = service.health().tree?.children ?? [];
    process.send?.(Cluster.status(child?.pid as Cluster.Pid));
  }
}

function tell(record: NodeRecord): void {
  writeSync(records, write(record));
}
