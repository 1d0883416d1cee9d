import { expect, test } from '@jest/globals';

import { memory } from '../../src/index.ts';
import { HeldThread } from '../../src/stream/held-thread.ts';
import { type Host, OwnedStream } from '../../src/stream/owned-stream.ts';
import { TransactionCursor } from '../../src/stream/transaction-cursor.ts';
import { join, own } from '../store/arrange.ts';
import { options } from '../store/subject.ts';

const unexpected = (): never => {
  throw new Error('this does not happen');
};

const host: Host = {
  clock: options.clock,
  random: Math.random,
  heldThread: new HeldThread(),
  isGood: () => true,
  moved: unexpected,
  refused: unexpected,
  failed: unexpected,
  ended: unexpected,
};

test('POI-02 a move of the position without an event is no event that the stream has handled', async () => {
  const store = await memory().open(options);
  const id = await join(store);
  for (const claim of await own(store, id, ['eur'])) {
    const stream = new OwnedStream(claim, undefined, host, undefined);
    const cursor = new TransactionCursor(stream, { id, store });
    await cursor.set('eur', '1');
    expect(stream).toMatchObject({ cursor: '1', firstHandledAt: undefined, hasHandled: false });
    let during: number | undefined;
    await cursor.transaction('eur', '2', () => {
      during = stream.firstHandledAt;
    });
    expect(during).toBe(Infinity);
    expect(stream).toMatchObject({ cursor: '2', hasHandled: true });
  }
  expect.assertions(3);
});
