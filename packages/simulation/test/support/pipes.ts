import { expect } from '@jest/globals';
import type { SeedResult, Simulation } from '@reprise/simulation';

import { Network } from '../../src/network/network.ts';
import { Pipe } from '../../src/network/pipe.ts';
import { runSeeds } from './seeds.ts';

const receiver = { name: 'b', isAlive: true, pausedUntil: 0 };

export function pipeIn({ engine }: Simulation, network = new Network(engine)): Pipe {
  return new Pipe(engine, network.link('a', 'b'), receiver);
}

/** Sends packets with these values. */
export function send(pipe: Pipe, values: readonly number[], got: number[]): void {
  for (const value of values) {
    pipe.send({ what: 'a packet arrives', size: 1, deliver: () => got.push(value) });
  }
}

/** The values of 12 packets. */
export const sent: readonly number[] = Array.from({ length: 12 }, (_none, index) => index);

/** The seeds from 0 on in which packets, whose delays are drawn, arrive in another order. */
export async function seedsOutOfOrder(seeds: number): Promise<readonly SeedResult[]> {
  const results = await runSeeds(
    seeds,
    async (sim) => {
      const got: number[] = [];
      const pipe = pipeIn(sim);
      send(pipe, sent.slice(0, 6), got);
      await sim.sleep(sim.below(3));
      send(pipe, sent.slice(6), got);
      await sim.run({ until: () => got.length === sent.length });
      expect(got).toStrictEqual(sent);
    },
    { faults: { network: true }, keep: 0 },
  );
  return results.filter(({ violation }) => violation !== undefined);
}
