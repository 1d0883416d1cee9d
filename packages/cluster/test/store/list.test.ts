import { describe, expect, test } from '@jest/globals';

import type { OpenStore, StreamTable } from '../../src/index.ts';
import { subjects } from './subjects.ts';

describe.each(subjects)('the table of streams in $name', (subject) => {
  test('each change of it makes another version, with all rows', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const empty = await read(store);
    expect(empty.rows).toEqual([]);
    await place.streams.set({ eur: { room: 1 }, usd: ['a', null] });
    const first = await read(store, empty);
    expect(first.rows).toEqual([
      { key: 'eur', spec: { room: 1 } },
      { key: 'usd', spec: ['a', null] },
    ]);
    await place.streams.set({ usd: 5 });
    const second = await read(store, first);
    expect(second.rows).toContainEqual({ key: 'usd', spec: 5 });
    await place.streams.delete('usd');
    const third = await read(store, second);
    await place.streams.set({ usd: 5 });
    const fourth = await read(store, third);
    expect(fourth.rows).toHaveLength(2);
  });

  test('a table that has not changed is not read again', async () => {
    await using place = await subject.create();
    const store = await place.open();
    await place.streams.set({ eur: {} });
    const { version } = await read(store);
    await store.declare([{ key: 'eur', spec: '' }]);
    expect(await store.list(version)).toBeUndefined();
    expect(await (await place.open()).list(version)).toBeUndefined();
  });

  test('10,000 rows are read at once', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const specs = Array.from({ length: 10_000 }, (_, room) => [`room-${room}`, { room }] as const);
    await place.streams.set(Object.fromEntries(specs));
    const { rows } = await read(store);
    expect(new Map(rows.map(({ key, spec }) => [key, spec]))).toEqual(new Map(specs));
  });
});

async function read(store: OpenStore<unknown>, before?: StreamTable): Promise<StreamTable> {
  const table = await store.list(before?.version);
  if (table === undefined) {
    throw new Error(`Expected another version than ${before?.version}, got none`);
  }
  return table;
}
