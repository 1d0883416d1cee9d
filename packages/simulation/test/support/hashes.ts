import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { GenServer, Supervisor } from '@reprise/actor';
import { type Faults, type Program, runSeed } from '@reprise/simulation';

import { counter } from './counter.ts';

/** Nodes with a supervised server, a store, a disk, timers and ids; clients that call them. */
const program: Program = async (sim) => {
  const store = sim.store<Record<string, string>>();
  const nodes = ['a', 'b'].map((name) =>
    sim.node(name, async (node) => {
      const connection = store.on(node);
      setInterval(() => {
        connection.set(crypto.randomUUID(), new Date().toISOString()).catch(() => undefined);
      }, 7);
      await node.disk.append('log', String(Math.random()));
      await node.disk.sync('log');
      const child = GenServer.childSpec(counter, undefined, { id: 'counter' });
      return Supervisor.startLink(node.system, { strategy: 'oneForOne', children: [child] });
    }),
  );
  const clients = ['x', 'y'].map((name) =>
    sim.client(name, async (self) => {
      for (let round = 0; round < 5; round += 1) {
        await self.sleep(self.below(20));
        const ask = self.request(self.pick(nodes), (app) => {
          const server = Supervisor.child(app, 'counter');
          GenServer.cast(server, 'skip', 2);
          return GenServer.call(server, 'next');
        });
        await ask.catch(() => undefined);
      }
    }),
  );
  await Promise.all(clients);
};

const faults: Faults = {
  crash: true,
  pause: true,
  stall: true,
  clock: true,
  network: true,
  store: true,
  disk: true,
  tear: true,
};

/** The hashes of the seeds from 0 on, a line each. */
export async function hashesOf(seeds: number): Promise<string> {
  let hashes = '';
  for (let seed = 0; seed < seeds; seed += 1) {
    const { hash, violation } = await runSeed(program, { source: { seed }, faults, keep: 0 });
    hashes += `${hash} ${violation?.message ?? 'held'}\n`;
  }
  return hashes;
}

// As a program of its own: prints the hashes.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(await hashesOf(Number(process.argv[2])));
}
