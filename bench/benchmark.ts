import type { Rival } from './contender.ts';

/** Programs that do the same work, one per contender, and the figures read from their output. */
export interface Benchmark {
  readonly name: string;
  /**
   * The path from the folder of the suite, by contender. A contender that cannot do this work, or
   * not in this much memory, is missing.
   */
  readonly programs: { readonly reprise: string } & Readonly<Partial<Record<Rival, string>>>;
  /** The argument of the programs: the amount of work. */
  readonly amount: number;
  /** Just enough to see that everything runs. */
  readonly quickAmount: number;
  readonly metrics: readonly Metric[];
}

/** One row of the table. */
export interface Metric {
  /** Among the readings of a program. */
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  readonly better: 'more' | 'less';
  readonly targets?: readonly Target[];
}

/** For the table: `label` is the unit for `size` in the output of a program. */
export interface Unit {
  readonly label: string;
  readonly size: number;
}

/**
 * A goal: a ratio to a rival in the same run, or an upper limit, in the unit of the program's
 * output.
 */
export type Target =
  | { readonly type: 'times'; readonly rival: Rival; readonly atLeast: number }
  | { readonly type: 'limit'; readonly atMost: number };

export function times(atLeast: number, rival: Rival): Target {
  return { type: 'times', rival, atLeast };
}

export function limit(atMost: number): Target {
  return { type: 'limit', atMost };
}
