import { randomUUID } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { heldOf } from '../../src/held.ts';
import type { OpenStore } from '../../src/index.ts';
import { asFree, bury, free, join, listed, move, nothing, numbered, own } from './arrange.ts';
import { subjects } from './subjects.ts';

describe.each(subjects)('streams in $name', (subject) => {
  test('a declared stream is free, once, and keeps its row when it is declared again', async () => {
    await using place = await subject.create();
    const store = await place.open();
    await store.declare(listed(['eur', 'usd']));
    expect(await freeIn(store)).toEqual([free('eur', 0), free('usd', 0)]);
    const [claim] = await store.claim(await join(store), [free('eur', 0)]);
    await store.declare(listed(['eur', 'jpy']));
    await store.declare(listed([]));
    expect(await freeIn(store)).toEqual([free('jpy', 0), free('usd', 0)]);
    expect(claim).toMatchObject({ key: 'eur', cursor: '', recent: undefined, strikes: 0 });
  });

  test('a claim takes only streams whose epoch is the one that was read', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [first, second] = [await join(store), await join(store)];
    await own(store, first, ['eur']);
    await store.declare(listed(['usd']));
    const wanted = [free('eur', 0), free('usd', 0), free('nowhere', 0)];
    expect(await store.claim(second, wanted)).toMatchObject([{ key: 'usd' }]);
    expect((await viewOf(store, first)).mine).toMatchObject([{ key: 'eur' }]);
    expect((await viewOf(store, second)).mine).toMatchObject([{ key: 'usd' }]);
  });

  test('OWN-13 each claim of a stream has a greater epoch, of the time in ms, below 2^53', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    await store.declare(listed(['eur']));
    const epochs = [0];
    for (let claims = 0; claims < 100; claims += 1) {
      const [claim] = await store.claim(id, [free('eur', epochs.at(-1) ?? 0)]);
      epochs.push(claim?.epoch ?? NaN);
    }
    expect(epochs).toEqual([...new Set(epochs)].toSorted((a, b) => a - b));
    expect(epochs[1]).toBeGreaterThan(Date.now() - 600_000);
    expect(epochs.every(Number.isSafeInteger)).toBe(true);
  });

  test('OWN-07 two nodes that claim the same 10,000 streams at once share them: none to both, none to nobody', async () => {
    await using place = await subject.create();
    const stores = [await place.open(), await place.open()] as const;
    const ids = await Promise.all(stores.map(join));
    const keys = numbered(10_000);
    await stores[0].declare(listed(keys));
    const wanted = keys.map((key) => free(key, 0));
    const [first, second] = await Promise.all(
      stores.map((store, index) => store.claim(ids[index] ?? '', wanted)),
    );
    const given = [...(first ?? []), ...(second ?? [])].map(({ key }) => key);
    expect(given.toSorted()).toEqual(keys.toSorted());
    expect((await viewOf(stores[0], ids[0] ?? '')).mine).toHaveLength(first?.length ?? 0);
  });

  test('OWN-10 a claim whose stream was given away since it was read gets nothing of it', async () => {
    await using place = await subject.create();
    const [store, other] = [await place.open(), await place.open()];
    const [dead, late, quick] = [await join(store), await join(store), await join(store)];
    const [lost] = await own(store, dead, ['eur']);
    await bury(store, dead);
    const { free: read } = await viewOf(store, late);
    expect(await other.claim(quick, read)).toHaveLength(1);
    expect(await store.claim(late, read)).toEqual([]);
    expect(read).toMatchObject([{ key: 'eur', epoch: lost?.epoch }]);
  });

  test('a node that is buried, has left, or never joined gets nothing', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [buried, gone] = [await join(store), await join(store)];
    await bury(store, buried);
    await store.leave(gone);
    await store.declare(listed(['eur']));
    for (const id of [buried, gone, randomUUID()]) {
      expect(await store.claim(id, [free('eur', 0)])).toEqual([]);
    }
  });

  test('a node claims again what it owns already: an answer was lost', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [first] = await own(store, id, ['eur']);
    await move(store, id, { key: 'eur', epoch: first?.epoch ?? 0, was: '', cursor: '7' });
    const [again] = await store.claim(id, [free('eur', first?.epoch ?? 0)]);
    expect(again).toMatchObject({ key: 'eur', cursor: '7' });
    expect(again?.epoch).toBeGreaterThan(first?.epoch ?? NaN);
  });

  test('the streams of a node are read only if they are not as many as it holds', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const claims = await own(store, id, ['eur', 'usd']);
    const held = heldOf(claims);
    expect((await store.observe(id, [], held)).mine).toBeUndefined();
    const others = [nothing, { ...held, count: 1 }, { ...held, epochs: held.epochs + 1 }];
    for (const other of others) {
      const { mine } = await store.observe(id, [], other);
      expect(mine?.toSorted(byKey)).toEqual(
        claims.map(({ key, epoch }) => ({ key, epoch })).toSorted(byKey),
      );
    }
    expect((await store.observe(await join(store), [], nothing)).mine).toBeUndefined();
  });

  test('the sum of epochs is compared modulo 2^32, also for 10,000 streams', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const claims = await own(store, id, numbered(10_000));
    expect((await store.observe(id, [], heldOf(claims))).mine).toBeUndefined();
  });

  test('streams of a buried node are free with their epoch, and those of a live one are not', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [dead, alive] = [await join(store), await join(store)];
    const [claim] = await own(store, dead, ['eur']);
    await own(store, alive, ['usd']);
    await bury(store, dead);
    const found = await freeIn(store);
    expect(found).toMatchObject([{ key: 'eur', epoch: claim?.epoch }]);
    expect(found[0]?.deadFor).toBeGreaterThanOrEqual(0);
    expect(await store.claim(alive, found.map(asFree))).toMatchObject([{ key: 'eur' }]);
  });

  test('the streams of a node that leaves are free at once, with their cursors', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [first, second] = [await join(store), await join(store)];
    const [claim] = await own(store, first, ['eur']);
    const epoch = claim?.epoch ?? 0;
    await move(store, first, { key: 'eur', epoch, was: '', cursor: '7' });
    await store.leave(first);
    expect(await freeIn(store)).toMatchObject([{ key: 'eur', epoch }]);
    expect(await store.claim(second, [free('eur', epoch)])).toMatchObject([{ cursor: '7' }]);
  });

  test('a look has 5,000 free streams at most, of nobody and of the dead together', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const dead = await join(store);
    await own(store, dead, numbered(3000));
    await store.declare(listed(numbered(6000)));
    await bury(store, dead);
    const found = await freeIn(store);
    expect(new Set(found.map(({ key }) => key)).size).toBe(5000);
  });

  test('streams that were listed once, however many, hide none that the node lists', async () => {
    await using place = await subject.create();
    const others = await place.open();
    const gone = await join(others);
    const [left] = await own(others, gone, ['left']);
    await others.declare(listed(numbered(5001)));
    const store = await place.open();
    await store.declare(listed(['left', 'new']));
    await bury(others, gone);
    const found = await freeIn(store);
    expect(found).toMatchObject([
      { key: 'left', epoch: left?.epoch },
      { key: 'new', epoch: 0 },
    ]);
    await store.declare(listed(['newer']));
    expect(await freeIn(store)).toEqual([free('newer', 0)]);
  });

  test('CFG-07 a key is any text of 1,024 bytes at most, but for U+0000 and lone surrogates', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const bad = ['', 'a\0b', '\ud83d', '\ude00a'];
    for (const key of bad) {
      await expect(declareLater(store, key)).rejects.toThrow(TypeError);
      await expect(declareLater(store, key)).rejects.toThrow(JSON.stringify(key));
    }
    await expect(declareLater(store, 'x'.repeat(1025))).rejects.toThrow(RangeError);
    await expect(declareLater(store, '€'.repeat(342))).rejects.toThrow('got 1026 in "€€');
    expect(await freeIn(store)).toEqual([]);
    const good = ['😀'.repeat(256), "'; drop table owners; --", 'a b', '\u{fffd}', '"\\'];
    const claims = await own(store, await join(store), good);
    expect(claims.map(({ key }) => key).toSorted()).toEqual(good.toSorted());
  });
});

async function declareLater(store: OpenStore<unknown>, key: string): Promise<void> {
  await store.declare(listed(['good', key]));
}

async function freeIn(store: OpenStore<unknown>) {
  const { free: found } = await viewOf(store, randomUUID());
  return found.toSorted(byKey);
}

function viewOf(store: OpenStore<unknown>, id: string) {
  return store.observe(id, [], { count: -1, epochs: 0 });
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}
