import { assertOneOf } from '@reprise/actor/options';

import { readTape } from '../corpus/tape-file.ts';
import { type LoadedModel, loadModels } from '../load/load-models.ts';
import { worseOf } from './findings.ts';
import type { CommandOptions, Print } from './options.ts';
import { Output } from './output.ts';
import { replayOne } from './replay-tapes.ts';
import { ModelSearch } from './search-model.ts';
import { type Status, statuses } from './status.ts';
import { tryMutant } from './try-mutant.ts';

/**
 * Runs `reprise simulate`, and returns its exit status. Rejects if a file cannot be loaded, or if
 * it has no model of a name that is asked for.
 */
export async function runCommand(options: CommandOptions, print: Print): Promise<Status> {
  const { time = Infinity, replay, mutants } = options;
  const output = new Output(options, print);
  const loaded = await loadModels(options.paths, options.corpus);
  if (replay !== undefined) {
    const tape = readTape(replay);
    const [one] = chosen(loaded, [tape.report.model]);
    return one === undefined ? statuses.ok : replayOne(one, tape, options, output);
  }
  const models = chosen(loaded, options.models);
  return mutants === undefined
    ? searchAll(models, options, output, performance.timeOrigin + time)
    : tryMutants(models, options, output);
}

/** @throws TypeError for a name that no model has */
function chosen(loaded: readonly LoadedModel[], names: readonly string[]): readonly LoadedModel[] {
  const known = loaded.map(({ model }) => model.name);
  for (const name of names) {
    assertOneOf('Expected the name of a model,', name, known);
  }
  return names.length === 0 ? loaded : loaded.filter(({ model }) => names.includes(model.name));
}

/** The models share the time until `until`, which begins with the process. */
async function searchAll(
  models: readonly LoadedModel[],
  options: CommandOptions,
  output: Output,
  until: number,
): Promise<Status> {
  let status: Status = statuses.ok;
  for (const [at, loaded] of models.entries()) {
    const now = performance.timeOrigin + performance.now();
    const share = now + (until - now) / (models.length - at);
    const search = new ModelSearch(loaded, options, output);
    status = worseOf(status, await search.run(share));
  }
  return status;
}

async function tryMutants(
  models: readonly LoadedModel[],
  options: CommandOptions,
  output: Output,
): Promise<Status> {
  let status: Status = statuses.ok;
  for (const loaded of models) {
    const mutants = Object.entries(loaded.model.mutants ?? {});
    for (const mutant of mutants.filter(([, { within }]) => within <= (options.mutants ?? 0))) {
      const figures = await tryMutant(loaded, mutant, options);
      output.mutant(figures);
      status = worseOf(status, figures.seed === undefined ? statuses.violation : statuses.ok);
    }
  }
  return status;
}
