import type { Replayed } from '../corpus/replay.ts';
import type { TapeFile } from '../corpus/tape-file.ts';
import type { Report } from '../report/report.ts';
import { type Failure, lostRun } from '../run/failure.ts';
import type { SeedFigures } from '../run/tally.ts';
import type { TraceEntry } from '../trace/trace.ts';
import { Board } from './board.ts';
import type { WorkerMessage, WorkerTask } from './messages.ts';
import { runWatched, type WorkerEnd } from './watched-worker.ts';

type Unfinished = Exclude<WorkerEnd, { readonly type: 'done' }>;

export interface PoolPlan extends Pick<WorkerTask, 'file' | 'model' | 'mutant' | 'work'> {
  /** How many workers. */
  readonly jobs: number;
  /** How long one run may take, in ms. */
  readonly limit: number;
}

/** Callbacks for the messages of the workers. */
export interface PoolEvents {
  /** A worker has the model. */
  readonly onLoaded?: () => void;
  readonly onSeed?: (figures: SeedFigures, trace: readonly TraceEntry[] | undefined) => void;
  /** Returns whether it is to be made small; then `onReport` follows. */
  readonly onFailure?: (failure: Failure) => boolean;
  readonly onReport?: (report: Report) => void;
  readonly onReplayed?: (file: TapeFile, replayed: Replayed) => void;
  /** No source with the name of the mutant's file was loaded. */
  readonly onUntouched?: () => void;
}

/** Workers that share the seeds, and are watched. */
export class Pool {
  readonly #plan: PoolPlan;
  readonly #events: PoolEvents;
  readonly #board: Board;

  constructor(plan: PoolPlan, events: PoolEvents) {
    this.#plan = plan;
    this.#events = events;
    this.#board = Board.forWorkers(plan.jobs);
  }

  /** Rejects if the model cannot be loaded. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#plan.jobs }, (_, index) => this.#work(index)));
  }

  /** Each worker ends after its seed. */
  stop(): void {
    this.#board.close(this.#count);
  }

  get #count(): number {
    const { work } = this.#plan;
    return work.type === 'seeds' ? work.count : 0;
  }

  /** One worker after the other: the next takes the seeds that the last one has left. */
  async #work(index: number): Promise<void> {
    const { limit, jobs: _jobs, ...target } = this.#plan;
    const task = { ...target, board: this.#board.numbers, index };
    let shrinking: Failure | undefined;
    const end = await runWatched(task, this.#board, limit, (message) => {
      const answer = this.#receive(message);
      shrinking = message.type === 'failed' && answer === true ? message.failure : undefined;
      return answer;
    });
    if (end.type !== 'done') {
      this.#failed(end, index, shrinking);
      await this.#work(index);
    }
  }

  /** The answer to a failure: whether it is to be made small. */
  #receive(message: WorkerMessage): boolean | undefined {
    const { onLoaded, onSeed, onFailure, onReport, onReplayed, onUntouched } = this.#events;
    switch (message.type) {
      case 'done':
        return undefined;
      case 'loaded':
        onLoaded?.();
        return undefined;
      case 'seed':
        onSeed?.(message.figures, message.trace);
        return undefined;
      case 'failed':
        return onFailure?.(message.failure) ?? false;
      case 'shrunk':
        onReport?.(message.report);
        return undefined;
      case 'replayed':
        onReplayed?.(message.file, message.replayed);
        return undefined;
      case 'untouched':
        onUntouched?.();
        return undefined;
      default:
        return message satisfies never;
    }
  }

  /** @throws the error of a model that could not be loaded */
  #failed(end: Unfinished, index: number, shrinking: Failure | undefined): void {
    if (end.type === 'error' && !end.isLoaded) {
      throw end.error;
    }
    const { work } = this.#plan;
    const number = this.#board.seed(index);
    const failure = lostRun(this.#reasonOf(end));
    if (shrinking !== undefined) {
      this.#report(shrinking);
    } else if (work.type === 'seeds') {
      this.#lost({ ...failure, seed: work.from + number });
    } else {
      const file = work.tapes[number] as TapeFile;
      this.#events.onReplayed?.(file, { type: 'fails', failure, difference: undefined });
    }
  }

  #lost(failure: Failure): void {
    if (this.#events.onFailure?.(failure) === true) {
      this.#report(failure);
    }
  }

  /** As it was found: the worker that would have made it small is gone. */
  #report(failure: Failure): void {
    const { model } = this.#plan;
    this.#events.onReport?.({ model, failure, found: failure.draws, runs: 0 });
  }

  #reasonOf(end: Unfinished): Pick<Failure, 'kind' | 'message' | 'stack'> {
    if (end.type === 'hang') {
      const message = `Expected a run to end within ${this.#plan.limit} ms, got a callback that goes on and on`;
      return { kind: 'hang', message };
    }
    const { error } = end;
    return error instanceof Error
      ? { kind: 'unhandled', message: `${error.name}: ${error.message}`, stack: error.stack ?? '' }
      : { kind: 'unhandled', message: String(error) };
  }
}
