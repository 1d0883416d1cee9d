import type { Source } from '../choices/choices.ts';
import { textOf } from '../engine/engine.ts';
import { holdGlobals } from '../world/world.ts';
import { firstDifference, formatDifference, isSameRun } from './divergence.ts';
import { failedRun, type Failure, failureOf } from './failure.ts';
import type { Model } from './model.ts';
import { withRejections } from './rejections.ts';
import { runSeed, type SeedResult } from './seed-run.ts';

/** One seed, run. */
export interface SeedReport {
  readonly seed: number;
  readonly result: SeedResult;
  readonly failure: Failure | undefined;
}

/** The first seed is run twice, and each that is a multiple of this. */
const twiceEvery = 100;

/** A trace of this length is a whole one. */
export const wholeTrace = 1_000_000;

/** Runs one seed after the other. */
export async function* search(
  model: Model,
  seeds: Iterable<number>,
): AsyncGenerator<SeedReport, void, undefined> {
  const release = holdGlobals();
  let isFirst = true;
  try {
    for (const seed of seeds) {
      const isTwice = isFirst || seed % twiceEvery === 0;
      isFirst = false;
      const result = await runAlone(model, { seed }, isTwice ? wholeTrace : 0);
      const failure = isTwice ? await divergence(model, seed, result) : undefined;
      yield { seed, result, failure: failure ?? failureOf(result, seed) };
    }
  } finally {
    release();
  }
}

/** Runs one seed or tape. */
export async function runAlone(
  { program, options }: Model,
  source: Source,
  keep: number,
): Promise<SeedResult> {
  const { value, rejection } = await withRejections(() =>
    runSeed(program, { ...options, source, keep }),
  );
  return rejection === undefined ? value : unhandled(value, rejection.reason);
}

/** An unhandled rejection is the failure of its run, unless the run has failed already. */
function unhandled(result: SeedResult, error: unknown): SeedResult {
  const message = `Unhandled rejection: ${textOf(error)}`;
  const { violation, steps, time } = result;
  const t = time * 1000;
  return {
    ...result,
    violation: violation ?? { kind: 'unhandled', message, error, step: steps, t },
  };
}

/** The failure of a seed that takes other steps when it is run again. */
async function divergence(
  model: Model,
  seed: number,
  before: SeedResult,
): Promise<Failure | undefined> {
  const after = await runAlone(model, { seed }, wholeTrace);
  return isSameRun(before, after) ? undefined : { ...divergedRun(before, after), seed };
}

/** `before` and `after` have whole traces. */
export function divergedRun(before: SeedResult, after: SeedResult): Failure {
  const difference = firstDifference(before.trace, after.trace);
  const got =
    difference === undefined
      ? `another end: ${endOf(before)}, then ${endOf(after)}`
      : `another at ${formatDifference(difference)}`;
  const message = `Expected the same steps when it was run again, got ${got}`;
  const trace = before.trace.slice(0, difference?.step);
  return { ...failedRun(before, { kind: 'divergence', message }), trace };
}

function endOf({ violation }: SeedResult): string {
  return violation?.message ?? 'none';
}
