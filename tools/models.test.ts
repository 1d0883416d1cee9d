import { expect, test } from '@jest/globals';

import { titledFiles, tryMutants } from './models.ts';

/** Mutants that need more seeds are tried by `pnpm test slow`. */
const mostSeeds = 400;

test.each(titledFiles)('%s catches each of its mutants that needs few seeds', async (_, file) => {
  const tried = await tryMutants(file, mostSeeds);
  expect(tried.filter(({ seed }) => seed === undefined)).toEqual([]);
});
