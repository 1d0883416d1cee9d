import { readCorpus } from '../corpus/tape-file.ts';
import type { LoadedModel } from '../load/load-models.ts';
import type { Failure } from '../run/failure.ts';
import { countOf } from '../run/seed-range.ts';
import { Tally, unreachedMessage } from '../run/tally.ts';
import { Progress } from '../simulate/progress.ts';
import type { Work } from '../workers/messages.ts';
import { Pool } from '../workers/pool.ts';
import { kept } from './again.ts';
import { Findings } from './findings.ts';
import type { CommandOptions } from './options.ts';
import type { Output } from './output.ts';
import { replayTapes, printReplayed } from './replay-tapes.ts';
import { type Status, statuses } from './status.ts';

/** The numbers of seeds are kept in 32 bits. */
const mostSeeds = 2_000_000_000;

/** Each takes as long as a run may: with more of them there would be time for little else. */
const mostHangs = 3;

/** Runs the failures of one model that are known, then its seeds. */
export class ModelSearch {
  readonly #loaded: LoadedModel;
  readonly #options: CommandOptions;
  readonly #output: Output;
  readonly #progress: Progress;
  readonly #findings = new Findings();
  readonly #tally = new Tally();
  #failed = 0;
  #hangs = 0;
  /** When the first worker had the model: the time before would falsify the rate. */
  #startedAt: number | undefined = undefined;

  constructor(loaded: LoadedModel, options: CommandOptions, output: Output) {
    this.#loaded = loaded;
    this.#options = options;
    this.#output = output;
    this.#progress = new Progress(loaded.model.name, options);
  }

  /** `until`: when the search ends, in ms since 1970. */
  async run(until: number): Promise<Status> {
    await this.#replayCorpus();
    await this.#search(until);
    return this.#findings.status;
  }

  async #replayCorpus(): Promise<void> {
    const { model, corpus } = this.#loaded;
    const tapes = readCorpus(corpus).filter(({ report }) => report.model === model.name);
    await replayTapes(this.#loaded, tapes, this.#options, (tape, replayed) => {
      const failure = printReplayed(this.#loaded, tape, replayed, this.#output);
      if (failure !== undefined) {
        this.#findings.add(failure);
      }
    });
  }

  async #search(until: number): Promise<void> {
    const { from = 0, jobs } = this.#options;
    const count = Math.min(countOf(this.#options), mostSeeds);
    await this.#pool({ type: 'seeds', from, count, until }, jobs).run();
    this.#progress.clear();
    const time = performance.now() - (this.#startedAt ?? 0);
    this.#output.model({
      name: this.#loaded.model.name,
      tally: this.#tally,
      failed: this.#failed,
      time,
    });
    if (this.#tally.unreached.length > 0) {
      this.#output.problem(`${this.#loaded.model.name}: ${unreachedMessage(this.#tally)}`);
      this.#findings.note(statuses.violation);
    }
  }

  #pool(work: Work, jobs: number): Pool {
    const { file, model } = this.#loaded;
    const { limit } = this.#options;
    const pool = new Pool(
      { file, model: model.name, work, jobs, limit },
      {
        onLoaded: () => {
          this.#startedAt ??= performance.now();
        },
        onSeed: (figures, trace) => {
          this.#tally.add(figures);
          this.#progress.show(this.#tally.seeds);
          if (this.#options.trace && trace !== undefined) {
            this.#output.steps(trace);
          }
        },
        onFailure: (failure) => {
          const isNew = this.#add(failure);
          if (this.#isEnough) {
            pool.stop();
          }
          return isNew;
        },
        onReport: (report) => {
          this.#progress.clear();
          this.#output.report(report, kept(this.#loaded, report));
        },
      },
    );
    return pool;
  }

  /** Whether it is the first of its kind. */
  #add(failure: Failure): boolean {
    this.#failed += 1;
    this.#hangs += failure.kind === 'hang' ? 1 : 0;
    return this.#findings.add(failure);
  }

  get #isEnough(): boolean {
    return this.#options.bail || this.#findings.isFull || this.#hangs >= mostHangs;
  }
}
