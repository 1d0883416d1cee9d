import type { Contender } from './contenders.ts';
import { type Observation, triesOf } from './observation.ts';
import type { Order } from './order.ts';
import type { Play, Stage } from './stage.ts';

/**
 * A fault that a server plays, and the outcome read from the reaction of a contender.
 */
export interface Fault {
  readonly name: string;
  readonly title: string;
  /** The window in multiples of the usual one. Default: 1. */
  readonly windows?: number;
  /**
   * Whether rates or memory are measured: then nothing else runs. Default: all contenders side by
   * side.
   */
  readonly isAlone?: boolean;
  /**
   * Whether a second client of the same kind takes part. Default: no, and the twin is the client
   * itself.
   */
  readonly hasTwin?: boolean;
  /** The orders to the contenders, for a window in ms. */
  readonly order?: (window: number) => Partial<Order>;
  /** Before the contender starts. */
  readonly prepare?: (stage: Stage) => void;
  /** `window` is in ms. */
  readonly play: (window: number) => Play;
  /** The outcome in a few short phrases, from the observation alone. */
  readonly outcome: (
    seen: Observation,
    twin: Observation,
    contender: Contender,
  ) => readonly string[];
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly value: (seen: Observation) => number | undefined;
}

const megabyte = 1e6;

const firstSecond: Figure = {
  title: 'in the first second',
  unit: 'requests',
  value: (seen) => {
    const tries = triesOf(seen);
    return tries.filter((at) => at - (tries[0] ?? 0) < 1000).length;
  },
};

const perSecond: Figure = {
  title: 'over the window',
  unit: 'requests/s',
  value: (seen) => triesOf(seen).length / ((seen.to - seen.from) / 1000),
};

export const rates: readonly Figure[] = [firstSecond, perSecond];

export const peakRss: Figure = {
  title: 'peak RSS',
  unit: 'MB',
  value: ({ last }) => last && last.peakRss / megabyte,
};

/** The memory of the client before the fault begins. */
export const startRss: Figure = {
  title: 'RSS at the start',
  unit: 'MB',
  value: ({ startRss }) => startRss / megabyte,
};

export const written: Figure = {
  title: 'written on the first connection',
  unit: 'MB',
  value: ({ requests: [first] }) => first && first.written / megabyte,
};
