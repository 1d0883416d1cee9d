import { expect, test } from '@jest/globals';

import { Network } from '../../src/network/network.ts';
import { pipeIn, send, seedsOutOfOrder, sent } from '../support/pipes.ts';
import { runSeeds, valuesOf } from '../support/seeds.ts';

test('SIM-N01 the packets of a connection arrive in order, whatever their delays', async () => {
  // `pipe.slow.ts` has more of them.
  expect(await seedsOutOfOrder(1000)).toStrictEqual([]);
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
