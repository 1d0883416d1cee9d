import { expect, test } from '@jest/globals';

import { FormerStreams } from '../../src/core/former-streams.ts';

test('the streams that a node has not yet taken back are still its own when its lease ends again', () => {
  const former = new FormerStreams(1500);
  former.keep(['x', 'y']);
  former.look(0);
  former.keep(['x']);
  former.look(1400);
  expect(['x', 'y', 'z'].map((key) => former.allows(key))).toEqual([true, true, false]);
  former.look(2900);
  expect(former.allows('z')).toBe(true);
});
