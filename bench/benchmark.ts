import type { Rival } from './contender.ts';

/** Programs that do the same work, one a contender, and what is read from what they print. */
export interface Benchmark {
  readonly name: string;
  /**
   * By contender, from the folder of the suite. What cannot do this work, or not in this much
   * memory, is left out.
   */
  readonly programs: { readonly reprise: string } & Readonly<Partial<Record<Rival, string>>>;
  /** The argument of the programs: how much to do. */
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

/** As people read it: `label` stands for `size` of what a program prints. */
export interface Unit {
  readonly label: string;
  readonly size: number;
}

/**
 * What is to be reached: so many times as good as a rival in the same run, or a figure not to be
 * exceeded, as programs print it.
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
