/**
 * `node --conditions=@reprise/source examples/cluster/main.ts [--postgres]`, until Ctrl+C: a source
 * of six streams, and three replicas that share them, each a process. After a few seconds one of
 * them is killed; kill others by hand. The replicas meet in a file, or with `--postgres` in a
 * server that is started for them.
 */
import { once } from 'node:events';

import { startSource } from '../support/price-source.ts';
import { openFile, openPostgres } from './place.ts';
import { Replicas } from './replicas.ts';

const place = await (process.argv.includes('--postgres') ? openPostgres() : openFile());
const source = await startSource();
const owners = new Map<string, string>();
let isOneKilled = false;
let kill: NodeJS.Timeout | undefined;

const replicas = new Replicas(
  {
    started: (name, pid) => {
      say(`${name} starts: kill -9 ${pid}`);
    },
    owns: (name, stream) => {
      const before = owners.get(stream);
      say(`${name} owns ${stream}${before === undefined ? '' : `, as ${before} did`}`);
      owners.set(stream, name);
      clearTimeout(kill);
      if (!isOneKilled && eachHasTwo()) {
        kill = setTimeout(killOne, 3000);
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
await stop;
clearTimeout(kill);
say('stops');
await replicas.stop();
source.close();
const { prices, twice, missing } = await place.count();
say(`${prices} prices, ${twice} of them twice, ${missing} missing`);
await place.close();

function eachHasTwo(): boolean {
  const shares = Map.groupBy(owners.values(), (owner) => owner);
  return shares.size === 3 && [...shares.values()].every(({ length }) => length === 2);
}

/** Once no stream has moved for some seconds. */
function killOne(): void {
  isOneKilled = true;
  replicas.kill('b');
}

function say(text: string): void {
  console.log(`${(performance.now() / 1000).toFixed(1).padStart(5)} s  ${text}`);
}
