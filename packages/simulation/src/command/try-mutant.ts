import type { LoadedModel } from '../load/load-models.ts';
import type { Failure } from '../run/failure.ts';
import type { Mutant } from '../run/model.ts';
import { Pool } from '../workers/pool.ts';
import type { CommandOptions } from './options.ts';
import type { MutantFigures } from './output.ts';
import { statuses, statusOf } from './status.ts';

/** Runs the model with a mutant until a seed fails, or until it has had its seeds. */
export async function tryMutant(
  loaded: LoadedModel,
  [what, mutant]: readonly [string, Mutant],
  options: CommandOptions,
): Promise<MutantFigures> {
  const figures = { model: loaded.model.name, mutant: what, within: mutant.within };
  try {
    return { ...figures, ...(await trial(loaded, mutant, options)) };
  } catch (error) {
    return { ...figures, seed: undefined, message: String(error) };
  }
}

type Verdict = Pick<MutantFigures, 'seed' | 'message'>;

/** Rejects if the mutant does not fit its source. */
async function trial(
  { file, model }: LoadedModel,
  mutant: Mutant,
  { jobs, limit }: CommandOptions,
): Promise<Verdict> {
  const work = { type: 'seeds', from: 0, count: mutant.within, until: Infinity } as const;
  let verdict: Verdict = { seed: undefined, message: 'no seed failed' };
  const pool = new Pool(
    { file, model: model.name, mutant, work, jobs, limit },
    {
      onFailure: (failure) => {
        verdict = verdictOf(failure);
        pool.stop();
        return false;
      },
      onUntouched: () => {
        verdict = { seed: undefined, message: `Expected ${mutant.file} to be loaded, got none` };
      },
    },
  );
  await pool.run();
  return verdict;
}

/** An escape or a divergence says nothing about the mutant. */
function verdictOf({ kind, message, seed }: Failure): Verdict {
  const isCaught = statusOf(kind) === statuses.violation;
  return { seed: isCaught ? seed : undefined, message: message.split('\n', 1)[0] ?? '' };
}
