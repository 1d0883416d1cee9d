/**
 * `node --conditions=@reprise/source examples/cluster/main.ts [--postgres]`, until Ctrl+C: a source
 * of six streams, and three replicas that share them, each a process. After a few seconds one of
 * them is killed; kill others by hand. The replicas meet in a file, or with `--postgres` in a
 * server that is started for them.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { startSource } from '../support/price-source.ts';
import { openFile, openPostgres } from './place.ts';
import { Replicas } from './replicas.ts';

const place = await (process.argv.includes('--postgres') ? openPostgres() : openFile());
const source = await startSource();
const owners = new Map<string, string>();
const shared = Promise.withResolvers<void>();

const replicas = new Replicas(
  {
    started: (name, pid) => {
      say(`${name} starts: kill -9 ${pid}`);
    },
    owns: (name, stream) => {
      const before = owners.get(stream);
      say(`${name} owns ${stream}${before === undefined ? '' : `, as ${before} did`}`);
      owners.set(stream, name);
      // Each has two.
      if (owners.size === 6 && new Set(owners.values()).size === 3) {
        shared.resolve();
      }
    },
    ended: (name, how) => {
      say(`${name} has ended: ${how}`);
    },
  },
  place.store,
  source.url,
);
for (const name of ['a', 'b', 'c']) {
  replicas.start(name);
}

const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
void shared.promise.then(async () => {
  await delay(3000);
  replicas.kill('b');
});
await stop;
say('stops');
await replicas.stop();
source.close();
const { prices, twice, missing } = await place.count();
say(`${prices} prices, ${twice} of them twice, ${missing} missing`);
await place.close();

function say(text: string): void {
  console.log(`${(performance.now() / 1000).toFixed(1).padStart(5)} s  ${text}`);
}
