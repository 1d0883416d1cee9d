import { expect, test } from '@jest/globals';

import { heldOf } from '../src/held.ts';

test('the sum of epochs is exact: one epoch among 100,000 that grows by 1 changes it', () => {
  const streams = Array.from({ length: 100_000 }, (_, index) => ({
    key: String(index),
    epoch: 1_764_000_000_001 + 2 * index,
  }));
  const exact = streams.reduce((sum, { epoch }) => sum + BigInt(epoch), 0n);
  expect(heldOf(streams)).toEqual({ count: 100_000, epochs: Number(exact % 2n ** 32n) });
  expect(heldOf(streams.toReversed())).toEqual(heldOf(streams));
});
