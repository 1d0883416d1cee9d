import { defineModel } from '@reprise/simulation';

import { drawMix } from './support/ownership/mix.ts';
import { mutants } from './support/ownership/mutants.ts';
import { World } from './support/ownership/world.ts';

/**
 * The real core of a cluster over the memory store: nodes on machines that stop, die and have wrong
 * clocks, with requests that are lost or late. It is a loop of its own and takes one step of the
 * simulation, so that there can be very many schedules.
 */
export default defineModel({
  name: 'ownership',
  program: (sim) => {
    new World(sim, drawMix(sim)).play();
  },
  mutants,
});
