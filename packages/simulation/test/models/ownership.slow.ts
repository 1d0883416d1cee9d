import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import { drawMix } from '../../models/support/ownership/mix.ts';
import { World } from '../../models/support/ownership/world.ts';

test('LEASE-11 no two owners while clocks go 5 % fast and 5 % slow', async () => {
  const { seeds } = await simulate(
    (sim) => {
      new World(sim, drawMix(sim, 0.05)).play();
    },
    { seeds: 1000 },
  );
  expect(seeds).toBe(1000);
}, 600_000);
