/**
 * One node of a cluster. Its argument is the JSON of a `NodeOptions`. It ends when its parent does.
 * It runs as a bundle: `bundleProgram` of tools/program.ts.
 */
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

import { Application } from '@reprise/actor';
import { Cluster, type Rows } from '@reprise/cluster';
import { postgres } from '@reprise/cluster/postgres';
import { sqlite } from '@reprise/cluster/sqlite';
import type { ServerSentEvent } from '@reprise/sse';
import pg from 'pg';

import type { EffectBatch } from './clean.ts';
import { machineTime } from './machine-time.ts';
import type { NodeOptions, Question, RowData } from './node-options.ts';
import * as postgresSink from './postgres-database.ts';
import { type NodeRecord, write } from './record.ts';
import * as sqliteSink from './sqlite-database.ts';
import { watchStalls } from './stalls.ts';

const options = JSON.parse(process.argv[2] ?? '') as NodeOptions;
const life = `${options.name}/${process.pid}`;
const records = openSync(options.records, 'a');
/** For how long the next handler holds the thread, in ms. */
let holdFor = 0;

/** Of a row nothing is checked: all are made by the parent. */
const schema = {
  '~standard': {
    version: 1,
    vendor: 'torture',
    validate: (value: unknown) => ({ value: value as RowData }),
  },
} as const;

const common = {
  id: 'cluster',
  node: options.name,
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
if (options.isBusy) {
  beBusy();
  await delay(options.ttl);
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

/** The streams; those that are no rows have no data. */
function streamsOf(store: {
  readonly rows: (rows: typeof schema) => Rows<RowData>;
}): Cluster.Streams<RowData | undefined> {
  return options.streams === 'rows'
    ? store.rows(schema)
    : Object.fromEntries(options.streams.map((name) => [name, undefined]));
}

function onServer(place: { readonly url: string; readonly leaseUrl: string }) {
  const store = postgres(place);
  const on = { ...common, store, streams: streamsOf(store) };
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
  const store = sqlite(file);
  const on = { ...common, store, streams: streamsOf(store) };
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

/** A handler begins. Returns the rows that it is to insert. */
function begin(
  events: readonly ServerSentEvent[],
  { key, epoch, data }: Omit<Cluster.Owned<RowData | undefined>, 'signal'>,
): EffectBatch {
  if (data?.fault !== undefined) {
    fail(key, data.fault);
  }
  const first = Number(events[0]?.data);
  // Half of the streams have an effect that no transaction takes back.
  if (/[02468]$/.test(key)) {
    tell({ type: 'begun', stream: key, number: first, epoch, at: machineTime(), node: life });
  }
  hold(holdFor);
  holdFor = 0;
  return { stream: key, first, last: Number(events.at(-1)?.data), epoch, node: life };
}

function fail(stream: string, fault: 'kills' | 'throws'): never {
  if (fault === 'kills') {
    tell({ type: 'poisoned', stream, node: life });
    process.kill(process.pid, 'SIGKILL');
    hold(Infinity);
  }
  throw new Error(`nobody can handle an event of ${stream}`);
}

/** Leaves no time between two turns of the event loop. */
function beBusy(): void {
  hold(20);
  setImmediate(beBusy);
}

function hold(ms: number): void {
  const until = machineTime() + ms;
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
