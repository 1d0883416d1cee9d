import type { SeedRange } from '../run/seed-range.ts';

/** The options of `reprise simulate`. */
export interface CommandOptions extends SeedRange {
  /** Files with models, and folders of such files. */
  readonly paths: readonly string[];
  /** The names of the models; all if there are none. */
  readonly models: readonly string[];
  /** How many workers. */
  readonly jobs: number;
  /** How long one run may take, in ms. */
  readonly limit: number;
  /** The folder of failures. Default: `corpus` beside each file. */
  readonly corpus?: string;
  /** The file of a tape: only this is run. */
  readonly replay?: string;
  /** The mutants that need at most so many seeds are tried, in place of the code as it is. */
  readonly mutants?: number;
  /** Whether the first failure ends the search. */
  readonly bail: boolean;
  /** Whether all steps of a failure are printed. */
  readonly trace: boolean;
  readonly json: boolean;
}

/** Prints a text of one line or several. */
export type Print = (text: string) => void;
