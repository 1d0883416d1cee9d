import assert from 'node:assert/strict';

import { timesOf } from '@reprise/cluster/core';
import { defineModel } from '@reprise/simulation';

import type { Chance } from './support/ownership/chance.ts';
import type { Mix } from './support/ownership/mix.ts';
import { noDeadlineAtAll } from './support/ownership/mutants.ts';
import { World } from './support/ownership/world.ts';

const ttl = 1000;

/** Nothing is left to chance. */
const mix: Mix = {
  times: timesOf(ttl),
  nodes: ['a', 'b'],
  keys: ['s', 't', 'u', 'v'],
  poison: [],
  fuse: 0,
  hasTwoReleases: false,
  hasParents: false,
  isNear: false,
  mishaps: [],
  faults: [],
  rates: [],
  latency: ttl / 100,
  pace: ttl / 24,
  isCalm: false,
};

/**
 * One schedule, by hand: the connection of a node's lease hangs while a renewal is on its way, and
 * its sinks go on to reach the store. A rival of this package had two owners then, since its lock
 * was held by that connection (https://github.com/Effect-TS/effect/issues/6508).
 */
export default defineModel({
  name: 'wedged-lease',
  program: (sim) => {
    const tame: Chance = {
      below: () => 0,
      pick: (list) => list[0] as (typeof list)[number],
      note: (text) => {
        sim.note(text);
      },
    };
    const world = new World(tame, mix);
    world.start();
    world.run(3 * ttl);
    const [a, b] = world.machines;
    assert.deepEqual([a?.clients.length, b?.clients.length], [2, 2]);
    a?.onRequest('renew', () => {
      world.links.cut('a', 3 * ttl, 'lease');
    });
    world.run(2.5 * ttl);
    assert.deepEqual([a?.clients.length, b?.clients.length], [0, 4]);
    world.calm();
  },
  mutants: {
    'no deadline at all': { ...noDeadlineAtAll, within: 1 },
  },
});
