/**
 * `node --conditions=@reprise/source examples/tenants/main.ts`, until Ctrl+C: a table of tenants in
 * a file of SQLite, and two processes that share them as streams. Tenants come, change and go by
 * plain SQL while the processes run; `reprise cluster status` shows them.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Application } from '@reprise/actor';
import { sqlite } from '@reprise/cluster/sqlite';
import { Workers } from '@reprise/cluster/workers';

import { startSource } from '../support/price-source.ts';
import { type Count, count, tables } from './tables.ts';
import { Told } from './told.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-tenants-'));
const file = join(folder, 'tenants.db');
const source = await startSource();
const told = new Told();

const workers = Workers.childSpec({
  id: 'workers',
  program: new URL('node.ts', import.meta.url),
  args: [file, source.url],
  count: 2,
  store: sqlite(file),
  onMessage: (message, { number }) => {
    console.log(`node-${number} ${String(message)}`);
    told.add(String(message));
  },
});
Application.run(workers, { deadline: 40_000 });
process.once('exit', end);

await told.times('is ready', 2);
// The nodes have made the tables of the cluster by now.
const database = new DatabaseSync(file);
database.exec('pragma busy_timeout = 5000');
database.exec(tables);

run("insert into tenant values ('acme', 'eu'), ('globex', 'us'), ('initech', 'us')");
await told.all('reads acme in eu', 'reads globex in us', 'reads initech in us');
await delay(1000);
await showStatus();

run("update tenant set region = 'us' where name = 'acme'");
await told.all('reads acme in us');

run("delete from tenant where name = 'globex'");
run("insert into tenant values ('umbrella', 'eu')");
await told.all('reads umbrella in eu');
await delay(1000);
await showStatus();
console.log('change them yourself; Ctrl+C ends it');

function run(sql: string): void {
  console.log(`\n${sql};`);
  database.exec(sql);
}

/** In a shell: `npx reprise cluster status --store FILE`. */
async function showStatus(): Promise<void> {
  console.log(`\n$ reprise cluster status --store ${file}`);
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@reprise/source',
    join(import.meta.dirname, '../../packages/cli/src/main.ts'),
    'cluster',
    'status',
    '--store',
    file,
  ]);
  console.log(stdout.trim());
}

/** All nodes have ended. */
function end(): void {
  source.close();
  const counts = database.prepare(count).all() as unknown as readonly Count[];
  for (const { tenant, prices, twice, missing } of counts) {
    console.log(`${tenant}: ${prices} prices, ${twice} of them twice, ${missing} missing`);
  }
  database.close();
  rmSync(folder, { recursive: true });
}
