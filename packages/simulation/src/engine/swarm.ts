import type { Draws } from '../choices/choices.ts';

/** The kinds of faults that a simulation can have. */
export interface Faults {
  /** Nodes lose power, at any step and at any call of a port, and start again. */
  readonly crash?: boolean;
  /** Nodes stand still for seconds, as by SIGSTOP, and go on. */
  readonly pause?: boolean;
  /** The thread is held for up to 200 ms while processes are ready. */
  readonly stall?: boolean;
  /** Wall clocks are set forward and back, and monotonic clocks drift by up to 1 %. */
  readonly clock?: boolean;
  /** Packets are late; links are cut, in both directions or in one, and connections are reset. */
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

const faultKinds: readonly (keyof Faults)[] = [
  'crash',
  'pause',
  'stall',
  'clock',
  'network',
  'store',
  'disk',
  'tear',
  'origin',
];

/** How the process that has the next turn is chosen; `oldest` is the order of production. */
export type Order = 'oldest' | 'any' | 'newest' | 'favourite';

/** The numbers that `random()` of a node gives. */
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

/** `isOrdered`: turns keep the order of production. Half of all seeds do, where it is not said. */
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
