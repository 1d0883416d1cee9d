/**
 * One node of a cluster. Its argument is the JSON of a `NodeOptions`. It ends when its parent does.
 * It runs as a bundle: `bundleProgram` of tools/program.ts.
 */
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { Application } from '@reprise/actor';
import { Cluster } from '@reprise/cluster';
import { postgres } from '@reprise/cluster/postgres';
import { sqlite } from '@reprise/cluster/sqlite';
import type { ServerSentEvent } from '@reprise/sse';
import pg from 'pg';

import type { EffectBatch } from './clean.ts';
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
  switch (options.sink) {
    case 'transact':
      return Cluster.childSpec({
        ...on,
        transact: (event, { tx, ...owned }) => postgresSink.insert(tx, begin([event], owned)),
      });
    case 'transactBatch':
      return Cluster.childSpec({
        ...on,
        transactBatch: (events, { tx, ...owned }) => postgresSink.insert(tx, begin(events, owned)),
      });
    default: {
      const pool = new pg.Pool({ connectionString: place.url, max: 4 });
      pool.on('error', () => undefined);
      return Cluster.childSpec({
        ...on,
        handle: (event, owned) => postgresSink.insert(pool, begin([event], owned)),
      });
    }
  }
}

function onFile(file: string) {
  const on = { ...common, store: sqlite(file) };
  switch (options.sink) {
    case 'transact':
      return Cluster.childSpec({
        ...on,
        transact: (event, { tx, ...owned }) => sqliteSink.insert(tx, begin([event], owned)),
      });
    case 'transactBatch':
      return Cluster.childSpec({
        ...on,
        transactBatch: (events, { tx, ...owned }) => sqliteSink.insert(tx, begin(events, owned)),
      });
    default: {
      const own = new DatabaseSync(file);
      own.exec('pragma busy_timeout = 10000');
      return Cluster.childSpec({
        ...on,
        handle: (event, owned) => sqliteSink.insert(own, begin([event], owned)),
      });
    }
  }
}

/** A handler begins. What it is to insert. */
function begin(
  events: readonly ServerSentEvent[],
  { key, epoch }: Pick<Cluster.Owned<unknown>, 'key' | 'epoch'>,
): EffectBatch {
  const first = Number(events[0]?.data);
  // Half of the streams have an effect that no transaction takes back.
  if (/[02468]$/.test(key)) {
    tell({ type: 'begun', stream: key, number: first, epoch, at: machineTime(), node: life });
  }
  hold();
  return { stream: key, first, last: Number(events.at(-1)?.data), epoch, node: life };
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
