import { expect, test } from '@jest/globals';
import { GenServer, noreply, ok, Supervisor } from '@reprise/actor';
import { type Program, runSeed, type SimulatedNode } from '@reprise/simulation';

import { runSeeds } from '../support/seeds.ts';

const worker = GenServer.define({
  init: () => ok(0),
  handleCast: {
    work: async (ms: number, done) => {
      await new Promise((resolve) => {
        setTimeout(resolve, ms);
      });
      if (ms % 5 === 4) {
        throw new Error('worked too long');
      }
      return noreply(done + 1);
    },
  },
});

/** Workers that crash, under a supervisor. `meanwhile` is called with their node. */
const program =
  (meanwhile: (node: SimulatedNode) => void): Program =>
  async (sim) => {
    const children = ['1', '2'].map((id) => GenServer.childSpec(worker, undefined, { id }));
    const node = sim.node('a', ({ system }) =>
      Supervisor.startLink(system, { strategy: 'oneForAll', children, maxRestarts: 100 }),
    );
    sim.checks.system(node as SimulatedNode);
    for (let round = 0; round < 10; round += 1) {
      await sim.sleep(sim.below(20));
      const cast = sim.request(node, (app) => {
        GenServer.cast(Supervisor.child(app, sim.pick(['1', '2'])), 'work', sim.below(20));
      });
      await cast.catch(() => undefined);
      meanwhile(node as SimulatedNode);
    }
  };

test('the processes of a node keep the rules of the runtime after every step', async () => {
  const sound = program(() => undefined);
  const results = await runSeeds(100, sound, { faults: { crash: true } });
  expect(results.map(({ violation }) => violation)).toEqual(results.map(() => undefined));
});

test('a rule that is broken in one step is a violation', async () => {
  // The root of the system forgets that the supervisor is linked to it.
  const broken = program(({ system }) => Reflect.set(system, 'isLinked', () => false));
  const { violation } = await runSeed(broken, { source: { seed: 0 } });
  expect(violation?.message).toBe(
    'Error: Expected the processes of a to keep the rules, ' +
      'got: #Pid<2> is linked to #Pid<1>, which does not know',
  );
});
