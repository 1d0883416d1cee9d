import type { Contender } from './contenders.ts';
import { type Observation, triesOf } from './observation.ts';
import type { Order } from './order.ts';
import type { Play, Stage } from './stage.ts';

/**
 * Something that goes wrong, played by a server, and what is read from how a contender takes it.
 */
export interface Fault {
  readonly name: string;
  readonly title: string;
  /** How many times as long as others it is watched. Default: 1. */
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
  /** What the contenders are told, for a window of so many ms. */
  readonly order?: (window: number) => Partial<Order>;
  /** Before the contender starts. */
  readonly prepare?: (stage: Stage) => void;
  /** `window` is in ms. */
  readonly play: (window: number) => Play;
  /** In a few short phrases, from what was seen and from nothing else. */
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

/** What the client weighs before the fault begins. */
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
