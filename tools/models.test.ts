import { expect, test } from '@jest/globals';

import { mutantsOf, timesFound, titledFiles, tryMutants } from './models.ts';

/** Mutants that need more seeds are tried by `pnpm test slow`. */
const mostSeeds = 100;

const files = await Promise.all(
  titledFiles.map(async ([title, file]) => ({ title, file, mutants: await mutantsOf(file) })),
);
const cheap = files.filter(({ mutants }) => mutants.some(([, { within }]) => within <= mostSeeds));

test.each(cheap)(
  '$title catches each of its mutants that needs few seeds',
  async ({ file }) => {
    const tried = await tryMutants(file, mostSeeds);
    expect(tried.filter(({ seed }) => seed === undefined)).toEqual([]);
  },
  600_000,
);

test.each(files)('each mutant of $file stands once in its source', async ({ mutants }) => {
  const replacements = mutants.flatMap(([, mutant]) => [mutant, ...(mutant.and ?? [])]);
  expect(replacements).not.toEqual([]);
  const found = await Promise.all(replacements.map(timesFound));
  expect(replacements.filter((_, at) => found[at] !== 1)).toEqual([]);
});
