import { type Times, timesOf } from '@reprise/cluster/core';

import type { Chance } from './chance.ts';

/** What may become of one request, beside an answer in time. */
export type Mishap = 'lost' | 'unanswered' | 'executed late' | 'answered late';

/** Faults that last, or that come at one instant. */
export type Fault =
  | 'cut'
  | 'late answer'
  | 'reset'
  | 'freeze'
  | 'kill'
  | 'drain'
  | 'parent dies'
  | 'list'
  | 'store away'
  | 'rows lost'
  | 'server clock'
  | 'wall clock'
  | 'handler';

/**
 * How one run is: each has its own mix of faults, or the rare ones would hide behind the others.
 */
export interface Mix {
  readonly times: Times;
  readonly nodes: readonly string[];
  readonly keys: readonly string[];
  /** The streams that end the process of their first handler, again and again. */
  readonly poison: readonly string[];
  /** When their first event comes, in ms. */
  readonly fuse: number;
  /** Whether half of the nodes are of another release, which has other data for each stream. */
  readonly hasTwoReleases: boolean;
  /** Whether nodes are workers of a parent, two to a host. */
  readonly hasParents: boolean;
  /** Takeovers come at the first legal instant. */
  readonly isNear: boolean;
  /** The mishaps of requests: how many in 1,000 have each. */
  readonly mishaps: readonly (readonly [Mishap, number])[];
  /** The faults that come, one after the other. */
  readonly faults: readonly Fault[];
  /** How fast the clock of each node goes. */
  readonly rates: readonly number[];
  /** A request takes so long each way at most, without a mishap. */
  readonly latency: number;
  /** Between two events of a stream, at most. */
  readonly pace: number;
  /** Whether the run ends with a calm in which everything has to come right. */
  readonly isCalm: boolean;
}

const ttls = [1000, 300, 600, 3000] as const;
/** In ms. No node that has a lease stands still until strikes are cleared. */
const ttlOfPoisoned = 1000;
const nodes = ['a', 'b', 'c', 'd'] as const;
const keys = ['s', 't', 'u', 'v', 'w'] as const;
const factors = [0, 0.3, 1, 3, 8] as const;
/** By how much clocks go fast or slow: 10 % between two of them are the most. */
const mostDrift = 0.05;
const drifts = [0, 0.002, 0.01, 0.04, mostDrift] as const;
const allFaults: readonly Fault[] = [
  'cut',
  'freeze',
  'kill',
  'drain',
  'reset',
  'store away',
  'server clock',
  'wall clock',
  'handler',
  'rows lost',
  'late answer',
  'list',
  'parent dies',
];

export function drawMix(sim: Chance, drift?: number): Mix {
  const ttl = sim.pick(ttls);
  const mix = looseMix(sim, ttl, drift ?? sim.pick(drifts));
  switch (drift === undefined ? sim.below(32) : 0) {
    case 31:
      return poisoned(sim, mix);
    case 30:
    case 29:
    case 28:
      return tight(sim, mix);
    default:
      return mix;
  }
}

function looseMix(sim: Chance, ttl: number, drift: number): Mix {
  const isNear = sim.below(3) === 2;
  const names = nodes.slice(0, sim.pick([2, 1, 2, 3, 4]));
  return {
    times: isNear ? nearMisses(ttl) : timesOf(ttl),
    nodes: names,
    keys: keys.slice(0, sim.pick([2, 1, 3, 5])),
    poison: [],
    fuse: 0,
    hasTwoReleases: sim.below(8) === 7,
    hasParents: sim.below(2) === 1,
    isNear,
    mishaps: drawMishaps(sim),
    faults: drawFaults(sim),
    rates: names.map(() => 1 + (sim.below(3) - 1) * drift),
    latency: sim.pick([ttl / 100, ttl / 40, ttl / 500]),
    pace: ttl / sim.pick([6, 12, 24]),
    isCalm: sim.below(8) === 7,
  };
}

/**
 * All margins are used up: a node with the slowest clock that is allowed has its last answer as
 * late as it may be, and the others have the fastest, and look as often as they can.
 */
function tight(sim: Chance, { times: { ttl }, keys, isCalm }: Mix): Mix {
  const names = nodes.slice(0, sim.pick([2, 3]));
  return {
    times: nearMisses(ttl),
    nodes: names,
    keys,
    poison: [],
    fuse: 0,
    hasTwoReleases: false,
    hasParents: false,
    isNear: true,
    mishaps: [],
    faults: Array.from({ length: 1 + sim.below(3) }, () => 'late answer'),
    rates: names.map((_, at) => (at === 0 ? 1 - mostDrift : 1 + mostDrift)),
    latency: sim.pick([ttl / 500, ttl / 100]),
    pace: ttl / 24,
    isCalm,
  };
}

/**
 * A stream kills each process that runs it. In half of these runs nothing else ends a process, or
 * keeps it from its store.
 */
function poisoned(sim: Chance, mix: Mix): Mix {
  const isElse = sim.below(2) === 1;
  return {
    ...mix,
    times: timesOf(ttlOfPoisoned),
    poison: [sim.pick(mix.keys)],
    fuse: sim.pick([60, 3000]),
    hasTwoReleases: sim.below(2) === 1,
    isNear: false,
    mishaps: isElse ? mix.mishaps : [],
    // Rows that are lost are strikes that are lost.
    faults: isElse ? mix.faults.filter((fault) => fault !== 'rows lost') : [],
    latency: ttlOfPoisoned / 100,
    pace: ttlOfPoisoned / sim.pick([6, 12, 24]),
    isCalm: true,
  };
}

/** No jitter and many looks: a takeover comes at the first instant at which it may. */
function nearMisses(ttl: number): Times {
  const often = ttl / 12;
  return {
    ...timesOf(ttl),
    watch: often,
    look: often,
    fastLook: often,
    retry: often,
    rejoin: often,
    jitter: 0,
    unclaimed: often,
  };
}

function drawMishaps(sim: Chance): Mix['mishaps'] {
  return (['lost', 'unanswered', 'executed late', 'answered late'] as const).map(
    (mishap) => [mishap, 10 * sim.pick(factors)] as const,
  );
}

/** Each kind of fault is in half of the runs. */
function drawFaults(sim: Chance): readonly Fault[] {
  const kinds = allFaults.filter(() => sim.below(2) === 1);
  const count = kinds.length === 0 ? 0 : sim.below(6);
  // A node gives a stream up at its fourth crash.
  const faults = Array.from({ length: count }, () => sim.pick(kinds)).filter(
    (fault, at, all) => fault !== 'handler' || all.indexOf(fault) === at,
  );
  // Epochs have the time of the server in them, which only goes back if nothing else does.
  return faults.includes('rows lost') ? faults.filter((fault) => fault !== 'server clock') : faults;
}
