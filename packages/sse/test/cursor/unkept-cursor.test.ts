import { expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';

import { unkeptCursor } from '../../src/cursor/cursor.ts';
import { heldBytes } from '../support/garbage.ts';

test('positions that are kept nowhere hold none of the packets that brought them', () => {
  const { signal } = new AbortController();
  const owner = { clock: virtualClock(), signal, fail: () => undefined, warn: () => undefined };
  const cursor = unkeptCursor(({ data }) => data.slice(0, 20), owner);
  const before = heldBytes();
  for (let count = 0; count < 200; count += 1) {
    const data = Buffer.alloc(2 ** 16, `${count} x`).toString();
    void cursor.handled({ type: 'message', data, id: null, lastEventId: '' });
  }
  expect(heldBytes() - before).toBeLessThan(2 ** 20);
  expect(cursor.cursor).toBe('199 x199 x199 x199 x');
});
