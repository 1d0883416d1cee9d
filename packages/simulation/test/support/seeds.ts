import { runSeed, type SeedOptions, type SeedResult, type Program } from '@reprise/simulation';

/** Runs a program with the seeds from 0 on, and returns the results. */
export async function runSeeds(
  count: number,
  program: Program,
  options: Omit<SeedOptions, 'source'> = {},
): Promise<readonly SeedResult[]> {
  const results: SeedResult[] = [];
  for (let seed = 0; seed < count; seed += 1) {
    results.push(await runSeed(program, { ...options, source: { seed } }));
  }
  return results;
}

/** The results of each seed's own value, without repeats. A violation fails the test. */
export async function valuesOf(
  count: number,
  program: (told: (value: string) => void) => Program,
  options: Omit<SeedOptions, 'source'> = {},
): Promise<ReadonlySet<string>> {
  const values = new Set<string>();
  const results = await runSeeds(
    count,
    program((value) => values.add(value)),
    options,
  );
  const failed = results.find(({ violation }) => violation !== undefined);
  if (failed?.violation !== undefined) {
    throw new Error(failed.violation.message, { cause: failed.violation.error });
  }
  return values;
}
