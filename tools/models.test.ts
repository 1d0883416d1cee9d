import { expect, test } from '@jest/globals';

import { modelFiles, tryMutants } from './models.ts';

/** Mutants that need more seeds are tried by `pnpm test slow`. */
const mostSeeds = 1000;

test.each(modelFiles)('%s catches each of its mutants that needs few seeds', async (file) => {
  const tried = await tryMutants(file, mostSeeds);
  expect(tried.filter(({ seed }) => seed === undefined)).toEqual([]);
});
