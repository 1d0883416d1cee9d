import type { Replayed } from '../corpus/replay.ts';
import type { TapeFile } from '../corpus/tape-file.ts';
import type { LoadedModel } from '../load/load-models.ts';
import type { Failure } from '../run/failure.ts';
import { Pool } from '../workers/pool.ts';
import { again, pathOf } from './again.ts';
import type { CommandOptions } from './options.ts';
import type { Output } from './output.ts';
import { statuses, statusOf, type Status } from './status.ts';

/** Runs tapes of a model in a worker, one after the other. */
export async function replayTapes(
  { file, model }: LoadedModel,
  tapes: readonly TapeFile[],
  { limit }: CommandOptions,
  onReplayed: (tape: TapeFile, replayed: Replayed) => void,
): Promise<void> {
  if (tapes.length > 0) {
    const work = { type: 'replay', tapes } as const;
    await new Pool({ file, model: model.name, work, jobs: 1, limit }, { onReplayed }).run();
  }
}

/** Prints the outcome of a tape; returns its failure. */
export function printReplayed(
  loaded: LoadedModel,
  { path, report }: TapeFile,
  replayed: Replayed,
  output: Output,
): Failure | undefined {
  if (replayed.type !== 'fails') {
    output.replayed(path, replayed);
    return undefined;
  }
  const { seed } = report.failure;
  const failure = { ...replayed.failure, ...(seed === undefined ? {} : { seed }) };
  output.report({ ...report, failure }, again(loaded, '--replay', pathOf(path)));
  if (replayed.difference !== undefined) {
    output.changed(path, replayed.difference);
  }
  return failure;
}

/** Runs one tape because it was asked for. */
export async function replayOne(
  loaded: LoadedModel,
  tape: TapeFile,
  options: CommandOptions,
  output: Output,
): Promise<Status> {
  let status: Status = statuses.ok;
  await replayTapes(loaded, [tape], options, (_, replayed) => {
    const failure = printReplayed(loaded, tape, replayed, output);
    if (failure !== undefined) {
      status = statusOf(failure.kind);
    } else if (replayed.type === 'misfit') {
      status = statuses.divergence;
    } else if (replayed.type === 'passes' && options.trace) {
      output.steps(replayed.steps);
    }
  });
  return status;
}
