import type { Tape } from '../choices/tape.ts';
import { type FirstDifference, firstDifference, formatDifference } from '../run/divergence.ts';
import { type Failure, failureOf } from '../run/failure.ts';
import type { Model } from '../run/model.ts';
import { runAlone, wholeTrace } from '../run/search.ts';
import type { SeedResult } from '../run/seed-run.ts';
import type { TraceEntry } from '../trace/trace.ts';

/** The outcome of a tape that was run again. */
export type Replayed =
  /** `difference`: it fails, but its steps are no longer those that were recorded. */
  | {
      readonly type: 'fails';
      readonly failure: Failure;
      readonly difference: FirstDifference | undefined;
    }
  /** The same choices and steps as recorded, and everything held. */
  | { readonly type: 'passes'; readonly steps: readonly TraceEntry[] }
  /** Nothing failed, but the program makes other choices: the tape is of another version of it. */
  | { readonly type: 'misfit'; readonly difference: FirstDifference | undefined };

/** Runs a tape. `recorded`: the steps of the run that it is of, if they are known. */
export async function replay(
  model: Model,
  tape: Tape,
  recorded: readonly TraceEntry[] = [],
): Promise<Replayed> {
  const result = await runAlone(model, { tape }, wholeTrace);
  const failure = failureOf(result);
  const last = recorded.at(-1)?.n ?? 0;
  const steps = failure === undefined ? result.trace.slice(0, last) : result.trace;
  const difference = last === 0 ? undefined : firstDifference(recorded, steps);
  if (failure !== undefined) {
    return { type: 'fails', failure, difference };
  }
  return difference === undefined && isFit(result, tape)
    ? { type: 'passes', steps: result.trace }
    : { type: 'misfit', difference };
}

/** Whether the run drew the whole tape, and nothing that is not on it. */
function isFit({ isMisfit, tape: drawn }: SeedResult, tape: Tape): boolean {
  const isDrawn = (stream: string): boolean =>
    (tape[stream] ?? []).every((draw, at) => draw === (drawn[stream]?.[at] ?? 0));
  return !isMisfit && Object.keys(tape).every(isDrawn);
}

/** The outcome of a tape that did not fail, in words that follow its name. */
export function replayedMessage(replayed: Exclude<Replayed, { readonly type: 'fails' }>): string {
  if (replayed.type === 'passes') {
    return 'passes: the program no longer fails in this way';
  }
  const { difference } = replayed;
  const from = difference === undefined ? '' : `, from ${formatDifference(difference)}`;
  return `no longer fits: the program makes other choices${from}`;
}
