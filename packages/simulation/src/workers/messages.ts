import type { Replayed } from '../corpus/replay.ts';
import type { TapeFile } from '../corpus/tape-file.ts';
import type { Report } from '../report/report.ts';
import type { Failure } from '../run/failure.ts';
import type { Mutant } from '../run/model.ts';
import type { SeedFigures } from '../run/tally.ts';
import type { TraceEntry } from '../trace/trace.ts';

/** The data that a worker is started with. */
export interface WorkerTask {
  /** The path of the file that exports the model. */
  readonly file: string;
  readonly model: string;
  /** Put into its source before anything is loaded. */
  readonly mutant?: Mutant;
  readonly work: Work;
  readonly board: Int32Array<SharedArrayBuffer>;
  /** Of the worker, on the board. */
  readonly index: number;
}

export type Work =
  /** Takes seeds from the board: `from` plus the next number below `count`, up to a time. */
  | {
      readonly type: 'seeds';
      readonly from: number;
      readonly count: number;
      /** In ms since 1970. */
      readonly until: number;
    }
  | { readonly type: 'replay'; readonly tapes: readonly TapeFile[] };

export type WorkerMessage =
  /** The model is there. */
  | { readonly type: 'loaded' }
  /** With its steps if it is the only seed, which has no failure. */
  | {
      readonly type: 'seed';
      readonly figures: SeedFigures;
      readonly trace: readonly TraceEntry[] | undefined;
    }
  /** Waits for an answer: whether the failure is made small. */
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'shrunk'; readonly report: Report }
  | { readonly type: 'replayed'; readonly file: TapeFile; readonly replayed: Replayed }
  /** No source has the file name of the mutant. */
  | { readonly type: 'untouched' }
  /** There is nothing left to do. */
  | { readonly type: 'done' };
