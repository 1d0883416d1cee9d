import { expect, test } from '@jest/globals';

import { titledFiles, tryMutants } from './models.ts';

test.each(titledFiles)(
  '%s catches each of its mutants',
  async (_, file) => {
    const tried = await tryMutants(file, Number.MAX_SAFE_INTEGER);
    expect(tried.filter(({ seed }) => seed === undefined)).toEqual([]);
  },
  1_800_000,
);
