import type { KeysOf } from '@reprise/actor/options';

import type { Draws } from '../choices/choices.ts';

/**
 * The kinds of faults that a simulation can have: true for each that it has. Default: false. Each
 * seed has some of them, at a rate that it draws.
 */
export interface Faults {
  /** Nodes lose power, at any step and at any call of a store or disk, for up to 10 s. */
  readonly crash?: boolean;
  /** Nodes stand still for up to 20 s, as by SIGSTOP, and go on. */
  readonly pause?: boolean;
  /** The thread is held for up to 200 ms while processes are ready. */
  readonly stall?: boolean;
  /** Wall clocks are set forward or back by up to an hour, and all clocks drift by up to 1 %. */
  readonly clock?: boolean;
  /**
   * Packets are up to 5 s late; links are cut for up to a minute, in both directions or in one; and
   * connections are reset. A request of `sim.request`, or its answer, may be lost.
   */
  readonly network?: boolean;
  /** Calls of a store are late, are lost before or after their effect, fail, or arrive twice. */
  readonly store?: boolean;
  /** Origins answer with errors, end their streams, send events again, or ask for odd delays. */
  readonly origin?: boolean;
  /** A crash loses changes of files that were not synced, or lets them land late. */
  readonly disk?: boolean;
  /** With `disk`: a crash leaves a write in part. */
  readonly tear?: boolean;
}

export const faultKeys: KeysOf<Faults> = {
  crash: true,
  pause: true,
  stall: true,
  clock: true,
  network: true,
  store: true,
  disk: true,
  tear: true,
  origin: true,
};

/** Their rates are drawn in this order: another one would change the run of each seed. */
const faultKinds = Object.keys(faultKeys) as readonly (keyof Faults)[];

/** How the process that has the next turn is chosen; `oldest` is the order of production. */
export type Order = 'oldest' | 'any' | 'newest' | 'favourite';

/** The numbers that `Math.random` gives in a node: 0, all, or those next to 1. */
export type Randomness = 'low' | 'even' | 'high';

/**
 * How one run is: each run has some of the faults, at one rate, since a run with all of them rarely
 * gets far enough to find anything.
 */
export interface Swarm {
  readonly order: Order;
  readonly randomness: Randomness;
  /** How often each kind of fault comes, as a probability at each occasion; 0 for never. */
  readonly rates: Readonly<Record<keyof Faults, number>>;
}

const rates = [0, 0.002, 0.01, 0.05] as const;

/** `isOrdered`: turns keep the order of production. Half of all seeds do, unless told. */
export function drawSwarm(draws: Draws, faults: Faults, isOrdered?: boolean): Swarm {
  const wild = draws.below(2) === 1 ? (['any', 'any', 'newest', 'favourite'] as const) : [];
  const order = wild[draws.below(4)] ?? 'oldest';
  const randomness = (['low', 'even', 'even', 'high'] as const)[draws.below(4)] ?? 'low';
  const drawn = faultKinds.map((kind) => {
    const rate = rates[draws.below(rates.length)] ?? 0;
    return [kind, faults[kind] === true ? rate : 0] as const;
  });
  return {
    order: isOrdered === true ? 'oldest' : order,
    randomness,
    rates: Object.fromEntries(drawn) as Swarm['rates'],
  };
}

export const noFaults: Swarm['rates'] = {
  crash: 0,
  pause: 0,
  stall: 0,
  clock: 0,
  network: 0,
  store: 0,
  disk: 0,
  tear: 0,
  origin: 0,
};
