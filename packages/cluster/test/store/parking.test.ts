import { randomUUID } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import type { OpenStore } from '../../src/index.ts';
import { textOf } from '../../src/shown.ts';
import { bury, free, idle, join, listed, nothing, numbered, own } from './arrange.ts';
import { subjects } from './subjects.ts';

describe.each(subjects)('strikes and parking in $name', (subject) => {
  test('the death of an owner is a strike, which a claim keeps', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const dead = await join(store);
    const [claim] = await own(store, dead, ['eur']);
    await bury(store, dead);
    const { free } = await store.observe(await join(store), [], nothing);
    expect(free).toMatchObject([{ key: 'eur', epoch: claim?.epoch, strikes: 1 }]);
    expect(await store.claim(await join(store), free)).toMatchObject([{ key: 'eur', strikes: 1 }]);
  });

  test('a node that leaves, or claims its own again, makes no strike', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [first] = await own(store, id, ['eur']);
    const [again] = await store.claim(id, [free('eur', first?.epoch ?? 0)]);
    await store.leave(id);
    const view = await store.observe(await join(store), [], nothing);
    expect([first?.strikes, again?.strikes, view.free[0]?.strikes]).toEqual([0, 0, 0]);
    expect(await store.claim(await join(store), view.free)).toMatchObject([{ strikes: 0 }]);
  });

  test('strikes are written with or without a release', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const claims = await own(store, id, ['eur', 'usd']);
    await store.save(
      id,
      claims.map(({ key, epoch }) =>
        key === 'eur' ? { key, epoch, strikes: 3 } : { key, epoch, strikes: 2, outcome: 'moved' },
      ),
    );
    const { rows, streams } = await store.survey(10);
    expect(rows.map(({ key, strikes }) => [key, strikes])).toEqual([
      ['eur', 3],
      ['usd', 2],
    ]);
    expect(streams).toEqual({ total: 2, free: 1, suspects: 2, parked: 0 });
  });

  test('a view has all parked streams of the list, however many others there are', async () => {
    await using place = await subject.create();
    await parkAll(await place.open(), numbered(5001));
    const store = await place.open();
    await parkAll(store, ['eur', 'usd']);
    const { parked } = await store.observe(await join(store), [], nothing);
    expect(parked.map(({ key }) => key).toSorted()).toEqual(['eur', 'usd']);
    const stranger = await place.open();
    expect((await stranger.observe(await join(store), [], nothing)).parked).toHaveLength(5000);
  });

  test('a parked stream is not free until its time has come; a claim ends that', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    await park(store, id, 'later', 3_600_000);
    await park(store, id, 'never', undefined);
    await park(store, id, 'now', 0);
    const view = await store.observe(id, [], nothing);
    expect(view.free.map(({ key }) => key)).toEqual(['now']);
    expect(view.parked.map(({ key }) => key).toSorted()).toEqual(['later', 'never', 'now']);
    const later = view.parked.find(({ key }) => key === 'later');
    expect(later).toEqual({
      key: 'later',
      strikes: 2,
      reason: 'it cost too much',
      retryIn: expect.any(Number),
    });
    expect(later?.retryIn).toBeGreaterThan(3_500_000);
    expect(later?.retryIn).toBeLessThanOrEqual(3_600_000);
    await store.claim(id, view.free);
    expect((await store.survey(3)).streams).toMatchObject({ parked: 2, free: 0 });
  });

  test('POI-01 the words of any error are kept as the reason', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const [claim] = await own(store, id, ['eur']);
    const codes = Array.from({ length: 0x1_00 }, (_, code) => code);
    const reason = textOf(new Error(String.fromCharCode(...codes, 0xd8_00, 0x20_28)));
    const parked = { reason, retryIn: undefined };
    await store.save(id, [{ key: 'eur', epoch: claim?.epoch ?? 0, outcome: 'crashed', parked }]);
    const view = await store.observe(id, [], nothing);
    expect(view.parked).toMatchObject([{ key: 'eur', reason }]);
  });

  test('retry makes a parked stream free, with its strikes', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    await park(store, id, 'eur', undefined);
    expect(await store.retry('nowhere')).toBe(false);
    expect(await store.retry('eur')).toBe(true);
    expect(await store.observe(id, [], nothing)).toMatchObject({
      free: [{ key: 'eur', strikes: 2, deadFor: 0 }],
      parked: [],
    });
  });

  test('a stream whose spec has changed is free again, with its strikes; the same spec changes nothing', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    await store.declare([{ key: 'eur', spec: 'a' }]);
    await park(store, id, 'eur', undefined, [{ key: 'eur', spec: 'a' }]);
    await store.declare([{ key: 'eur', spec: 'a' }]);
    expect((await store.observe(id, [], nothing)).parked).toHaveLength(1);
    await store.declare([{ key: 'eur', spec: 'b' }]);
    expect(await store.observe(id, [], nothing)).toMatchObject({
      free: [{ key: 'eur', strikes: 2 }],
      parked: [],
    });
  });

  test('a survey shows parked streams first, then suspects, with the nodes that own them', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [id, dead] = [await join(store), await join(store)];
    await store.renew(id, id, { ...idle, list: '4-x', busy: 0.5 });
    await park(store, id, 'z', 3_600_000);
    await own(store, id, ['b']);
    await own(store, dead, ['y']);
    await store.declare(listed(['a']));
    await bury(store, dead);
    const survey = await store.survey(3);
    expect(survey.nodes).toMatchObject([{ id, list: '4-x', busy: 0.5 }]);
    expect(survey.streams).toEqual({ total: 4, free: 2, suspects: 1, parked: 1 });
    const [{ name } = { name: '' }] = survey.nodes;
    expect(survey.rows).toMatchObject([
      { key: 'z', owner: undefined, strikes: 2, parked: 'it cost too much' },
      { key: 'y', owner: undefined, strikes: 1, parked: undefined, retryIn: undefined },
      { key: 'a', owner: undefined, strikes: 0, cursor: '' },
    ]);
    expect((await store.survey(4)).rows[3]).toMatchObject({ key: 'b', owner: name });
    const owners = await Promise.all(['b', 'y', 'z', 'nowhere'].map((key) => store.owner(key)));
    expect(owners).toEqual([name, undefined, undefined, undefined]);
  });

  test('a survey tells how long ago a node has renewed its lease', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const id = await join(store);
    const age = async (): Promise<number> => (await store.survey(0)).nodes[0]?.sinceRenewal ?? NaN;
    while ((await age()) < 100);
    const before = performance.now();
    await store.renew(id, randomUUID(), idle);
    const renewed = await age();
    expect(renewed).toBeGreaterThanOrEqual(0);
    // Both clocks are those of this machine, and one has whole numbers.
    expect(renewed).toBeLessThanOrEqual(performance.now() - before + 2);
  });
});

/** For good. In parts: a busy machine is slow to write them all. */
async function parkAll(store: OpenStore<unknown>, keys: readonly string[]): Promise<void> {
  const id = await join(store);
  const parked = { reason: 'it has ended', retryIn: undefined };
  for (let from = 0; from < keys.length; from += 250) {
    const claims = await own(store, id, keys.slice(from, from + 250));
    await store.save(
      id,
      claims.map(({ key, epoch }) => ({ key, epoch, outcome: 'ended', parked })),
    );
  }
}

async function park(
  store: OpenStore<unknown>,
  id: string,
  key: string,
  retryIn: number | undefined,
  streams = listed([key]),
): Promise<void> {
  await store.declare(streams);
  const claims = await store.claim(id, [free(key, 0)]);
  const parked = { reason: 'it cost too much', retryIn };
  await store.save(
    id,
    claims.map(({ epoch }) => ({ key, epoch, outcome: 'crashed', strikes: 2, parked })),
  );
}
