import { expect, test } from '@jest/globals';

import { seedsOutOfOrder } from '../support/pipes.ts';

test('SIM-N01 the packets of a connection arrive in order, whatever their delays, in 10,000 seeds', async () => {
  expect(await seedsOutOfOrder(10_000)).toStrictEqual([]);
});
