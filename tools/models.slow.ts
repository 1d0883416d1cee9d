import { expect, test } from '@jest/globals';

import { modelFiles, tryMutants } from './models.ts';

test.each(modelFiles)(
  '%s catches each of its mutants',
  async (file) => {
    const tried = await tryMutants(file, Number.MAX_SAFE_INTEGER);
    expect(tried.filter(({ seed }) => seed === undefined)).toEqual([]);
  },
  1_800_000,
);
