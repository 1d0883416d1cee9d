import { partOf } from '@reprise/actor/options';

import type { Tape } from '../choices/tape.ts';
import { replay, replayedMessage } from '../corpus/replay.ts';
import { readCorpus, writeTape } from '../corpus/tape-file.ts';
import type { Report } from '../report/report.ts';
import { SimulationError } from '../report/simulation-error.ts';
import type { Failure } from '../run/failure.ts';
import { defineModel, type Model } from '../run/model.ts';
import { type ProgramOptions, programKeys } from '../run/program-options.ts';
import { search } from '../run/search.ts';
import { seedsOf } from '../run/seed-range.ts';
import { Tally, unreachedMessage } from '../run/tally.ts';
import { reportOf } from '../shrink/report-of.ts';
import type { Program } from '../simulation.ts';
import type { EscapeKind } from '../world/escape-kind.ts';
import { assertSimulateOptions, type SimulateOptions } from './options.ts';
import { Progress } from './progress.ts';

/** The figures of a simulation in which nothing failed. */
export interface SimulationSummary {
  /** How many seeds were run. */
  readonly seeds: number;
  /** How many steps all seeds took together. */
  readonly steps: number;
  /** A hash of all steps of all seeds: the same seeds have the same one on every machine. */
  readonly fingerprint: string;
  /** The kinds of `allow` that the program has used. */
  readonly escapes: readonly EscapeKind[];
  /** In how many seeds each condition of `sim.sometimes` held. */
  readonly reached: Readonly<Record<string, number>>;
}

/**
 * Runs a program under many seeds. Each seed picks its own order of turns, delays and faults; the
 * first one that fails is made small, and reported. Every hundredth seed is run twice, to see that
 * it does the same again.
 * @throws SimulationError when a run fails: its message is the failure, its seed, and its steps
 * @throws Error when a condition of `sim.sometimes` held in no seed, or when the tape of `replay`
 * does not fit the program
 * @throws TypeError for a wrong option
 * @example
 * ```ts
 * import { simulate } from '@reprise/simulation';
 *
 * const { seeds } = await simulate(
 *   async (sim) => {
 *     const [a, b] = [sim.below(10), sim.below(10)];
 *     sim.sometimes('equal', a === b);
 *   },
 *   { seeds: 500 },
 * );
 * console.log(seeds); // 500
 * ```
 */
export async function simulate(
  program: Program | Model,
  options: SimulateOptions = {},
): Promise<SimulationSummary> {
  assertSimulateOptions(options);
  const model = withOptions(modelOf(program), options);
  const tally = new Tally();
  if (options.replay === undefined) {
    await replayCorpus(model, options);
    await searchSeeds(model, options, tally);
  } else {
    await replayGiven(model, options.replay);
  }
  const { seeds, steps, fingerprint, reached, escapes } = tally;
  return {
    seeds,
    steps,
    fingerprint,
    escapes: [...escapes],
    reached: Object.fromEntries(reached),
  };
}

function modelOf(program: Program | Model): Model {
  return defineModel(typeof program === 'function' ? { name: 'program', program } : program);
}

function withOptions(model: Model, options: SimulateOptions): Model {
  return {
    ...model,
    options: { ...model.options, ...partOf<ProgramOptions>(options, programKeys) },
  };
}

async function searchSeeds(model: Model, options: SimulateOptions, tally: Tally): Promise<void> {
  const progress = new Progress(model.name, options);
  for await (const { seed, result, failure } of search(model, seedsOf(options))) {
    tally.add({ ...result, seed });
    progress.show(tally.seeds);
    if (failure !== undefined) {
      progress.clear();
      throw await errorOf(model, options, failure, result.violation?.error);
    }
  }
  progress.clear();
  if (tally.unreached.length > 0) {
    throw new Error(unreachedMessage(tally));
  }
}

/** The failure made small, and written into the corpus. */
async function errorOf(
  model: Model,
  { corpus }: SimulateOptions,
  failure: Failure,
  cause: unknown,
): Promise<SimulationError> {
  const report = await reportOf(model, failure);
  if (corpus !== undefined) {
    writeTape(corpus, report);
  }
  return new SimulationError(report, replayLine(report), cause === undefined ? {} : { cause });
}

async function replayCorpus(model: Model, { corpus }: SimulateOptions): Promise<void> {
  const files = corpus === undefined ? [] : readCorpus(corpus);
  for (const { path, report } of files.filter(({ report }) => report.model === model.name)) {
    const replayed = await replay(model, report.failure.tape, report.failure.trace);
    if (replayed.type === 'fails') {
      const again = { ...report, failure: { ...report.failure, ...replayed.failure } };
      throw new SimulationError(again, replayLine(again));
    }
    console.warn(`${path} ${replayedMessage(replayed)}`);
  }
}

async function replayGiven(model: Model, tape: Tape): Promise<void> {
  const replayed = await replay(model, tape);
  if (replayed.type === 'fails') {
    const { failure } = replayed;
    const report = { model: model.name, failure, found: failure.draws, runs: 0 };
    throw new SimulationError(report, replayLine(report));
  }
  if (replayed.type === 'misfit') {
    throw new Error(`Expected a tape of this program, got one that ${replayedMessage(replayed)}`);
  }
}

/** For a test: a tape of reasonable length can stand in its source. */
function replayLine({ failure: { kind, tape, seed } }: Report): string {
  const json = JSON.stringify(tape);
  const isShort = kind !== 'divergence' && json.length <= longestTape;
  return seed === undefined || isShort
    ? `simulate(…, { replay: ${json} })`
    : `simulate(…, { from: ${seed}, seeds: 1 })`;
}

const longestTape = 300;
