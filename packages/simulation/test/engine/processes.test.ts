import { expect, test } from '@jest/globals';

import { hashesIn } from '../support/hashes-in.ts';
import { hashesOf } from '../support/hashes.ts';

/** `processes.slow.ts` has more of them. */
const seeds = 10;

test('SIM-D02 SIM-D05 the same seeds in two processes and under Jest: the same hashes', async () => {
  const [plain, again] = await Promise.all([hashesIn([], seeds), hashesIn([], seeds)]);
  expect(plain.match(/^[\da-f]{16} held$/gm)).toHaveLength(seeds);
  expect(again).toBe(plain);
  expect(await hashesOf(seeds)).toBe(plain);
});
