/**
 * `node program.ts WORKERS MS`: prints how many events so many workers handle in a second, and
 * how much of a processor each takes. The streams are shared evenly before the MS begin.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createSystem } from '@reprise/actor';
import { sqlite } from '@reprise/cluster/sqlite';
import { Workers } from '@reprise/cluster/workers';

import type { Progress } from './worker.ts';

export interface Reading {
  /** Events a second. */
  readonly rate: number;
  /** Of the workers' processors, in µs an event. */
  readonly cost: number;
}

const streams = 40;
/** How long the streams may take to be shared, in ms. */
const settling = 5000;

const [count = 1, ms = 1000] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
const file = join(folder, 'cluster.db');
const source = fork(fileURLToPath(new URL('source.ts', import.meta.url)), {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const [port] = (await once(source.stdout ?? process.stdin, 'data')) as [Buffer];

const workers = new Map<number, Progress>();
const system = createSystem();
await Workers.startLink(system, {
  program: new URL('worker.ts', import.meta.url),
  args: [file, `http://127.0.0.1:${Number(String(port))}/`, `${streams}`],
  count,
  store: sqlite(file),
  shutdown: 3000,
  onMessage: (message, { number }) => {
    workers.set(number, message as Progress);
  },
});
await delay(settling);
const before = total();
const from = performance.now();
await delay(ms);
const after = total();
const events = after.handled - before.handled;
const reading: Reading = {
  rate: (events * 1000) / (performance.now() - from),
  cost: (after.cpu - before.cpu) / events,
};
if (workers.size < count || [...workers.values()].some(({ handled }) => handled === 0)) {
  throw new Error('Expected streams on each worker, got a worker without one');
}
console.log(JSON.stringify(reading));
await system.stop();
source.kill();
rmSync(folder, { recursive: true });

function total(): Progress {
  const all = [...workers.values()];
  return {
    handled: all.reduce((sum, { handled }) => sum + handled, 0),
    cpu: all.reduce((sum, { cpu }) => sum + cpu, 0),
  };
}
