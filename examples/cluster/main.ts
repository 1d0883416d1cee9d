/**
 * `node --conditions=@reprise/source examples/cluster/main.ts [--postgres]`, until Ctrl+C: a source
 * of six streams, and three replicas that share them, each a process. After a few seconds one of
 * them is killed; kill others by hand. The replicas meet in a file, or with `--postgres` in a
 * server that is started for them.
 */
import { once } from 'node:events';

import { startSource } from '../support/price-source.ts';
import { openFile, openPostgres } from './place.ts';
import { type Owned, Replicas } from './replicas.ts';

interface Owner extends Pick<Owned, 'epoch'> {
  readonly name: string;
}

const place = await (process.argv.includes('--postgres') ? openPostgres() : openFile());
const source = await startSource();
const owners = new Map<string, Owner>();
let isOneKilled = false;
let kill: NodeJS.Timeout | undefined;

const replicas = new Replicas(
  {
    started: (name, pid) => {
      say(`${name} starts: kill -9 ${pid}`);
    },
    owns: (name, { stream, epoch }) => {
      const before = owners.get(stream);
      // The messages of two processes may arrive in another order than they were sent in.
      if (before === undefined || before.epoch < epoch) {
        say(`${name} owns ${stream}${before === undefined ? '' : `, as ${before.name} did`}`);
        owners.set(stream, { name, epoch });
        killOneLater();
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

/** Once each replica has two streams, and none has moved for some seconds. */
function killOneLater(): void {
  clearTimeout(kill);
  if (!isOneKilled && eachHasTwo()) {
    kill = setTimeout(() => {
      isOneKilled = true;
      replicas.kill('b');
    }, 3000);
  }
}

function eachHasTwo(): boolean {
  const shares = Map.groupBy(owners.values(), ({ name }) => name);
  return shares.size === 3 && [...shares.values()].every(({ length }) => length === 2);
}

function say(text: string): void {
  console.log(`${(performance.now() / 1000).toFixed(1).padStart(5)} s  ${text}`);
}
