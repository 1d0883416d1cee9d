import { expect, test } from '@jest/globals';
import type { Simulation } from '@reprise/simulation';

import { Network } from '../../src/network/network.ts';
import { Pipe } from '../../src/network/pipe.ts';
import { runSeeds, valuesOf } from '../support/seeds.ts';

const receiver = { name: 'b', isAlive: true, pausedUntil: 0 };

function pipeIn({ engine }: Simulation, network = new Network(engine)): Pipe {
  return new Pipe(engine, network.link('a', 'b'), receiver);
}

/** Sends packets with these values. */
function send(pipe: Pipe, values: readonly number[], got: number[]): void {
  for (const value of values) {
    pipe.send({ what: 'a packet arrives', size: 1, deliver: () => got.push(value) });
  }
}

const sent = Array.from({ length: 12 }, (_none, index) => index);

test('SIM-N01 the packets of a connection arrive in order, whatever their delays', async () => {
  const results = await runSeeds(
    10_000,
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
  expect(results.filter(({ violation }) => violation !== undefined)).toStrictEqual([]);
});

test('SIM-N01 they do after a pause of the receiver, and after packets that were held', async () => {
  const results = await runSeeds(
    500,
    async (sim) => {
      const got: number[] = [];
      const network = new Network(sim.engine);
      const pipe = pipeIn(sim, network);
      send(pipe, sent.slice(0, 4), got);
      pipe.pause();
      network.hold('a', 'b');
      send(pipe, sent.slice(4, 8), got);
      await sim.sleep(sim.below(10_000));
      expect(got).toStrictEqual([]);
      expect(pipe.buffered).toBe(8);
      pipe.resume();
      await sim.sleep(sim.below(10));
      network.release('a', 'b');
      send(pipe, sent.slice(8), got);
      await sim.run({ until: () => got.length === sent.length });
      expect(got).toStrictEqual(sent);
      expect(pipe.buffered).toBe(0);
    },
    { faults: { network: true } },
  );
  expect(results.filter(({ violation }) => violation !== undefined)).toStrictEqual([]);
});

test('SIM-N02 the packets of two connections arrive in both orders', async () => {
  const orders = await valuesOf(50, (told) => async (sim) => {
    const got: number[] = [];
    send(pipeIn(sim), [1], got);
    send(pipeIn(sim), [2], got);
    await sim.run({ until: () => got.length === 2 });
    told(got.join());
  });
  expect(orders).toStrictEqual(new Set(['1,2', '2,1']));
});
