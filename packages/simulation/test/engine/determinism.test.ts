import { afterEach, expect, test } from '@jest/globals';
import { GenServer, noreply, ok, sleep, Task } from '@reprise/actor';
import { type Program, runSeed } from '@reprise/simulation';

import { counter } from '../support/counter.ts';
import { runSeeds } from '../support/seeds.ts';

/** Two nodes with a supervised server each, clients that call them, and crashes. */
const program: Program = async (sim) => {
  const nodes = ['a', 'b'].map((name) =>
    sim.node(name, ({ system }) => GenServer.start(system, counter, undefined)),
  );
  const clients = ['x', 'y', 'z'].map((name) =>
    sim.client(name, async () => {
      for (let round = 0; round < 5; round += 1) {
        await sim.sleep(sim.below(20));
        const ask = sim.request(sim.pick(nodes), (server) => {
          GenServer.cast(server, 'skip', 2);
          return GenServer.call(server, 'next');
        });
        await ask.catch(() => undefined);
      }
    }),
  );
  await Promise.all(clients);
};
const faults = { crash: true, pause: true, network: true, clock: true, stall: true };

test('SIM-D01 one seed, 1,000 times: one hash, one number of steps, one number of draws', async () => {
  const seen = new Set<string>();
  for (let run = 0; run < 1000; run += 1) {
    const { hash, steps, draws } = await runSeed(program, { source: { seed: 7 }, faults });
    seen.add(`${hash} ${steps} ${draws}`);
  }
  expect(seen.size).toBe(1);
});

test('SIM-D03 300 seeds have at least 290 hashes', async () => {
  const results = await runSeeds(300, program, { faults });
  expect(new Set(results.map(({ hash }) => hash)).size).toBeGreaterThanOrEqual(290);
});

test('a tape of a seed gives the hash of the seed', async () => {
  for (const result of await runSeeds(50, program, { faults })) {
    const { hash } = await runSeed(program, { source: { tape: result.tape }, faults });
    expect(hash).toBe(result.hash);
  }
});

test('the hash does not depend on how many steps are kept', async () => {
  const kept = await runSeed(program, { source: { seed: 3 }, faults, keep: Infinity });
  const { hash } = await runSeed(program, { source: { seed: 3 }, faults, keep: 0 });
  expect(hash).toBe(kept.hash);
  expect(kept.trace).toHaveLength(kept.steps);
  expect(kept.trace.at(-1)?.hash).toBe(hash);
});

test('SIM-D07 an empty tape: turns in the order of production, no fault, the least delays', async () => {
  const turns: string[] = [];
  const taker = GenServer.define({
    init: (name: string) => ok(name),
    handleCast: {
      take: (_, name) => {
        turns.push(name);
        return noreply(name);
      },
    },
  });
  const result = await runSeed(
    async (sim) => {
      const node = sim.node('a', ({ system }) =>
        Promise.all(['first', 'second'].map((name) => GenServer.start(system, taker, name))),
      );
      await sim.run({ until: () => node.value !== undefined });
      await sim.request(node, (pids) => {
        for (const pid of [...pids, ...pids]) {
          GenServer.cast(pid, 'take');
        }
      });
      await sim.sleep(1);
    },
    { source: { tape: {} }, faults, keep: Infinity },
  );
  expect(result.violation).toBeUndefined();
  // A turn takes all messages that wait.
  expect(turns).toEqual(['first', 'first', 'second', 'second']);
  expect(result.trace.filter(({ kind }) => kind === 'fault')).toEqual([]);
  expect(result.tape).toEqual({});
  // 0.1 ms is the shortest way over the network.
  expect(result.time).toBe(1.2);
});

test('SIM-D08 a draw more by one stream changes no draw of another', async () => {
  const draws = async (more: number): Promise<Readonly<Record<string, readonly number[]>>> => {
    const { tape } = await runSeed(
      async (sim) => {
        const { choices } = sim.engine;
        for (let draw = 0; draw < more; draw += 1) {
          choices.stream('link a').below(1000);
        }
        for (let draw = 0; draw < 50; draw += 1) {
          choices.stream('link b').below(1000);
          choices.stream('store').below(1000);
        }
      },
      { source: { seed: 11 } },
    );
    return tape;
  };
  const [few, many] = [await draws(1), await draws(2)];
  expect(few['link a']).not.toEqual(many['link a']);
  expect(few).toMatchObject({ 'link b': many['link b'], store: many['store'] });
});

const host = Object.getPrototypeOf(Reflect.get(globalThis, 'navigator')) as object;
const processors = Object.getOwnPropertyDescriptor(host, 'hardwareConcurrency');

afterEach(() => {
  Object.defineProperty(host, 'hardwareConcurrency', processors ?? {});
});

test('SIM-D09 the number of processors of the machine changes no schedule', async () => {
  const hashes = new Set<string>();
  let most = 0;
  for (const count of [2, 64]) {
    Object.defineProperty(host, 'hardwareConcurrency', {
      value: count,
      configurable: true,
    });
    const { hash, violation } = await runSeed(
      async (sim) => {
        let running = 0;
        const node = sim.node('a', async ({ system }) => {
          const items = Array.from({ length: 20 }, (_, at) => at);
          const results = Task.asyncStream(system, items, async (_, self) => {
            running += 1;
            most = Math.max(most, running);
            await sleep(self, 5);
            running -= 1;
          });
          for await (const result of results) {
            expect(result.type).toBe('ok');
          }
          return true;
        });
        await sim.run({ until: () => node.value !== undefined });
      },
      { source: { seed: 1 } },
    );
    expect(violation).toBeUndefined();
    hashes.add(hash);
  }
  expect(hashes.size).toBe(1);
  expect(most).toBe(4);
});
