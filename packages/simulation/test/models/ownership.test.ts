import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import ownership from '../../models/ownership.ts';
import { drawMix } from '../../models/support/ownership/mix.ts';
import { World } from '../../models/support/ownership/world.ts';
import wedged from '../../models/wedged-lease.ts';

/** `npx pnpm simulate` runs very many more of them, outside of Jest. */
const seeds = 100;

test('SIM-O01 SIM-O02 SIM-O05 SIM-01 each stream has one owner, each effect comes once, and all runs again after the faults', async () => {
  expect(await simulate(ownership, { seeds })).toMatchObject({ seeds });
});

test('SIM-03 a node whose lease hangs while a renewal is on its way has stopped before another takes over', async () => {
  expect(await simulate(wedged, { seeds: 1 })).toMatchObject({ seeds: 1 });
});

test('a fault that waits for a request does not come after the faults have ended', async () => {
  const came: string[] = [];
  await simulate(
    (sim) => {
      const world = new World(sim, drawMix(sim));
      for (const machine of world.machines) {
        machine.onRequest('renew', () => {
          came.push(machine.name);
        });
      }
      world.calm();
    },
    { seeds: 1 },
  );
  expect(came).toEqual([]);
});
