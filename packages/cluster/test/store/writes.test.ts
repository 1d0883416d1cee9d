import { isPromise } from 'node:util/types';

import { describe, expect, test } from '@jest/globals';

import { type Claim, NotOwnerError } from '../../src/index.ts';
import { bury, asFree, cursorOf, free, join, move, nothing, numbered, own } from './arrange.ts';
import { subjects } from './subjects.ts';

describe.each(subjects)('saved cursors in $name', (subject) => {
  test('cursors and last ids of many streams are written; what is undefined stays', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [eur, usd] = await own(store, id, ['eur', 'usd']);
    const rows = [
      { ...stream(eur), cursor: '7', recent: '5 6 7' },
      { ...stream(usd), cursor: '8' },
    ];
    expect((await store.save(id, rows)).toSorted()).toEqual(['eur', 'usd']);
    expect(await store.save(id, [{ ...stream(eur), cursor: '9' }, stream(usd)])).toHaveLength(2);
    await store.leave(id);
    const claims = await store.claim(await join(store), [eur, usd].map(stream).map(asFree));
    expect(claims.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toMatchObject([
      { key: 'eur', cursor: '9', recent: '5 6 7' },
      { key: 'usd', cursor: '8', recent: undefined },
    ]);
  });

  test('FENCE-01 500 cursors of old epochs are refused in one statement, and the new owner keeps its own', async () => {
    await using place = await subject.create();
    const [zombie, store] = [await place.open(), await place.open()];
    const [old, heir] = [await join(zombie), await join(store)];
    const claims = await own(zombie, old, numbered(500));
    await bury(store, old);
    const taken = await store.claim(heir, claims.map(asFree));
    await store.save(
      heir,
      taken.map((claim) => ({ ...stream(claim), cursor: 'new' })),
    );
    const late = claims.map((claim) => ({ ...stream(claim), cursor: 'old' }));
    expect(await zombie.save(old, late)).toEqual([]);
    expect(await cursorOf(store, stream(taken[499]))).toBe('new');
  });

  test('FENCE-02 of 500 cursors the 250 whose stream is still owned are written', async () => {
    await using place = await subject.create();
    const [store, other] = [await place.open(), await place.open()];
    const [id, heir] = [await join(store), await join(other)];
    const claims = await own(store, id, numbered(500));
    const [kept, lost] = [claims.slice(0, 250), claims.slice(250)];
    // Rows that a person has given away: the node lives, and is still fenced.
    await store.save(
      id,
      lost.map((claim) => ({ ...stream(claim), outcome: 'moved' })),
    );
    await other.claim(heir, lost.map(asFree));
    const rows = claims.map((claim) => ({ ...stream(claim), cursor: '7' }));
    const written = await store.save(id, rows);
    expect(written.toSorted()).toEqual(kept.map(({ key }) => key).toSorted());
  });

  test('FENCE-04 a cursor with the right epoch from another owner is refused', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [id, other] = [await join(store), await join(store)];
    const [eur] = await own(store, id, ['eur']);
    expect(await store.save(other, [{ ...stream(eur), cursor: '7' }])).toEqual([]);
    expect(await store.save(other, [{ ...stream(eur), outcome: 'drained' }])).toEqual([]);
    const step = { ...stream(eur), was: '', cursor: '7' };
    await expect(move(store, other, step)).rejects.toThrow(NotOwnerError);
    expect(await cursorOf(store, stream(eur))).toBe('');
  });

  test('the streams of a node that have another cursor than this one are found', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [id, other] = [await join(store), await join(store)];
    const [eur, usd] = await own(store, id, ['eur', 'usd']);
    const [gbp] = await own(store, other, ['gbp']);
    await store.save(id, [{ ...stream(eur), cursor: '7' }]);
    const cursors = [stream(eur), stream(usd), stream(gbp)].map((row) => ({ ...row, cursor: '7' }));
    expect(await store.compare(id, cursors)).toEqual(['usd']);
    const past = cursors.map((row) => ({ ...row, epoch: row.epoch - 1 }));
    expect(await store.compare(id, past)).toEqual([]);
    expect(await store.compare(id, [])).toEqual([]);
  });

  test('a node is fenced from its own stream by an epoch that it had before', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [old] = await own(store, id, ['eur']);
    const [again] = await store.claim(id, [asFree(stream(old))]);
    expect(await store.save(id, [{ ...stream(old), cursor: '7' }])).toEqual([]);
    const step = { ...stream(old), was: '', cursor: '7' };
    await expect(move(store, id, step)).rejects.toThrow(NotOwnerError);
    expect(await cursorOf(store, stream(again))).toBe('');
  });

  test.each(['drained', 'moved', 'crashed', 'ended', 'removed'] as const)(
    'a stream that is given up as %s is free, with its last cursor, and no longer of its owner',
    async (outcome) => {
      await using place = await subject.create();
      const store = await place.open();
      const id = await join(store);
      const [eur] = await own(store, id, ['eur']);
      const rows = [{ ...stream(eur), cursor: '7', outcome }];
      expect(await store.save(id, rows)).toEqual(['eur']);
      const view = await store.observe(id, [], nothing);
      expect(view).toMatchObject({ mine: undefined, free: [{ key: 'eur', epoch: eur?.epoch }] });
      expect(await store.save(id, rows)).toEqual([]);
      expect(await cursorOf(store, stream(eur))).toBe('7');
    },
  );
});

describe.each(subjects)('transactions in $name', (subject) => {
  test('the cursor moves with the work, whose result is the answer', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [eur] = await own(store, id, ['eur']);
    const step = { ...stream(eur), was: '', cursor: '7' };
    const answer = await move(store, id, step, (tx) =>
      after(place.effects?.write(tx, 'a'), () => 'done'),
    );
    expect(answer).toBe('done');
    expect(await place.effects?.read()).toEqual(place.effects && ['a']);
    expect(await cursorOf(store, stream(eur))).toBe('7');
  });

  test('an event without an id leaves the cursor where it is', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [eur] = await own(store, id, ['eur']);
    for (const was of ['', '7', '7']) {
      await move(store, id, { ...stream(eur), was, cursor: '7' });
    }
    expect(await cursorOf(store, stream(eur))).toBe('7');
  });

  test('work that throws rejects with its error; neither its effect nor the cursor stays', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [eur] = await own(store, id, ['eur']);
    const boom = new Error('boom');
    const step = { ...stream(eur), was: '', cursor: '7' };
    const failed = move(store, id, step, (tx) =>
      after(place.effects?.write(tx, 'a'), () => {
        throw boom;
      }),
    );
    await expect(failed).rejects.toBe(boom);
    expect(await place.effects?.read()).toEqual(place.effects && []);
    // The store takes the next one.
    await move(store, id, step, (tx) => place.effects?.write(tx, 'b'));
    expect(await place.effects?.read()).toEqual(place.effects && ['b']);
  });

  test('FENCE-01 a zombie writes neither its effect nor its cursor', async () => {
    await using place = await subject.create();
    const [zombie, store] = [await place.open(), await place.open()];
    const [old, heir] = [await join(zombie), await join(store)];
    const [eur] = await own(zombie, old, ['eur']);
    await bury(store, old);
    const [taken] = await store.claim(heir, [free('eur', eur?.epoch ?? 0)]);
    const step = { ...stream(eur), was: '', cursor: '7' };
    const late = move(zombie, old, step, (tx) => place.effects?.write(tx, 'late'));
    await expect(late).rejects.toThrow(
      `Expected to own eur at epoch ${eur?.epoch}, got a row that was changed by another node`,
    );
    expect(await place.effects?.read()).toEqual(place.effects && []);
    expect(await cursorOf(store, stream(taken))).toBe('');
  });

  test('FENCE-05 the right owner and epoch with another cursor before is refused, whole', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [eur] = await own(store, id, ['eur']);
    await move(store, id, { ...stream(eur), was: '', cursor: '7' });
    const step = { ...stream(eur), was: '12', cursor: '13' };
    const skipped = move(store, id, step, (tx) => place.effects?.write(tx, '13'));
    await expect(skipped).rejects.toThrow(NotOwnerError);
    expect(await place.effects?.read()).toEqual(place.effects && []);
    // The client starts again from the row's cursor.
    expect(await store.claim(id, [free('eur', eur?.epoch ?? 0)])).toMatchObject([{ cursor: '7' }]);
  });

  test('a signal that has aborted rolls back, and rejects with its reason', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [eur] = await own(store, id, ['eur']);
    const step = { ...stream(eur), was: '', cursor: '7' };
    const reason = new Error('fenced');
    const aborted = (async () =>
      store.transact(id, step, (tx) => place.effects?.write(tx, 'a'), AbortSignal.abort(reason)))();
    await expect(aborted).rejects.toBe(reason);
    expect(await place.effects?.read()).toEqual(place.effects && []);
    expect(await cursorOf(store, stream(eur))).toBe('');
  });
});

/** The name of a stream without what else its claim has. */
function stream(claim: Claim | undefined) {
  return { key: claim?.key ?? '', epoch: claim?.epoch ?? 0 };
}

/** Waits for a store that is asynchronous, and not for one that is not. */
function after(written: unknown, work: () => unknown): unknown {
  return isPromise(written) ? written.then(work) : work();
}
