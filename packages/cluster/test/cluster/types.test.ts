import { expect, test } from '@jest/globals';
import type { ChildSpec } from '@reprise/actor';
import { expectTypeOf } from 'expect-type';
import { z } from 'zod';

import { Cluster, memory, type Store } from '../../src/index.ts';

/** For the compiler only: never runs. */
const misuse = (_wrong: () => unknown): void => undefined;

interface File {
  prepare(sql: string): { run(...values: readonly unknown[]): { readonly changes: number } };
}

interface Connection {
  query(sql: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

declare const file: Store<File, 'sync'>;
declare const database: Store<Connection, 'async'>;

const client = (): Cluster.ClientOptions => ({ url: 'http://localhost/' });
const given = { id: 'prices', streams: ['a'], client } as const;

test('data, tx and the id follow from streams, store and id', () => {
  const spec = Cluster.childSpec({
    id: 'prices',
    store: memory(),
    streams: { eur: { room: 1 }, usd: { room: 2 } },
    client: ({ key, data }) => {
      expectTypeOf(key).toEqualTypeOf<string>();
      expectTypeOf(data).toEqualTypeOf<{ room: number }>();
      return { url: 'http://localhost/' };
    },
    transact: (event, { tx, data, epoch, signal }) => {
      expectTypeOf(event.data).toEqualTypeOf<string>();
      expectTypeOf(tx).toEqualTypeOf<undefined>();
      expectTypeOf(data).toEqualTypeOf<{ room: number }>();
      expectTypeOf(epoch).toEqualTypeOf<number>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    },
  });
  expectTypeOf(spec).toEqualTypeOf<ChildSpec<'prices', Cluster.Pid>>();
  expect(spec.id).toBe('prices');
});

test('with a list of keys there is no data', () => {
  misuse(() =>
    Cluster.childSpec({
      ...given,
      store: file,
      handle: (_event, { data }) => {
        expectTypeOf(data).toEqualTypeOf<undefined>();
      },
    }),
  );
  expect(given.streams).toHaveLength(1);
});

test('data follows from what a function lists', () => {
  const rooms = async (): Promise<Record<string, { room: number }>> => ({ eur: { room: 1 } });
  misuse(() => [
    Cluster.childSpec({
      ...given,
      store: file,
      streams: rooms,
      client: ({ data }) => {
        expectTypeOf(data).toEqualTypeOf<{ room: number }>();
        return { url: 'http://localhost/' };
      },
      handle: (_event, { data }) => {
        expectTypeOf(data).toEqualTypeOf<{ room: number }>();
      },
    }),
    Cluster.childSpec({
      ...given,
      store: file,
      streams: ({ signal }) => {
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return { eur: { room: 1 } };
      },
      client: ({ data }) => ({ url: `http://localhost/${data.room.toFixed()}` }),
      handle: (_event, { data }) => {
        expectTypeOf(data).toEqualTypeOf<{ room: number }>();
      },
    }),
    Cluster.childSpec({
      ...given,
      store: file,
      streams: async () => ['eur'],
      handle: (_event, { data }) => {
        expectTypeOf(data).toEqualTypeOf<undefined>();
      },
    }),
    Cluster.childSpec({
      ...given,
      store: file,
      // @ts-expect-error -- keys are texts
      streams: async () => [5],
      handle: () => {},
    }),
    // @ts-expect-error -- neither a list, nor a function that gives one
    Cluster.childSpec({ ...given, store: file, streams: 5, handle: () => {} }),
  ]);
  expect(Cluster.childSpec).toHaveLength(1);
});

test('data follows from the schema of rows', () => {
  const schema = z.object({ room: z.string().transform(Number) });
  misuse(() => [
    Cluster.childSpec({
      ...given,
      store: database,
      streams: database.rows(schema),
      client: ({ data }) => {
        expectTypeOf(data).toEqualTypeOf<{ room: number }>();
        return { url: 'http://localhost/' };
      },
      transact: (_event, { data }) => {
        expectTypeOf(data).toEqualTypeOf<{ room: number }>();
      },
    }),
    // @ts-expect-error -- no schema
    database.rows({ room: 1 }),
  ]);
  expect(memory().rows(schema)).toBeDefined();
});

test('a sink returns what its store allows', () => {
  misuse(() => [
    Cluster.childSpec({
      ...given,
      store: file,
      transact: (event, { tx }) => tx.prepare('insert').run(event.data),
    }),
    Cluster.childSpec({
      ...given,
      store: file,
      transact: ({ data }, { tx }) => {
        tx.prepare('insert').run(data);
      },
    }),
    Cluster.childSpec({
      ...given,
      store: database,
      transact: (event, { tx }) => tx.query('insert', [event.data]),
    }),
    Cluster.childSpec({
      ...given,
      store: database,
      transactBatch: async (events, { tx }) => {
        await tx.query('insert', [events.map(({ data }) => data)]);
      },
      maxBatch: 10,
    }),
    Cluster.childSpec({ ...given, store: file, handle: async ({ data }) => data.length }),
    // @ts-expect-error -- the transaction of a file has ended before the first `await` has
    Cluster.childSpec({ ...given, store: file, transact: async () => {} }),
    // @ts-expect-error -- the same
    Cluster.childSpec({ ...given, store: file, transactBatch: async () => {} }),
  ]);
  expect(Cluster.childSpec).toHaveLength(1);
});

test('wrong options do not compile', () => {
  misuse(() => [
    // @ts-expect-error -- no sink
    Cluster.childSpec({ ...given, store: file }),
    // @ts-expect-error -- two sinks
    Cluster.childSpec({ ...given, store: file, handle: () => {}, transact: () => {} }),
    // @ts-expect-error -- no batches
    Cluster.childSpec({ ...given, store: file, handle: () => {}, maxBatch: 5 }),
    // @ts-expect-error -- misspelt
    Cluster.childSpec({ ...given, store: file, handle: () => {}, tll: 5000 }),
    // @ts-expect-error -- no store
    Cluster.childSpec({ ...given, handle: () => {} }),
    // @ts-expect-error -- `handle` has no transaction
    Cluster.childSpec({ ...given, store: file, handle: (_event, { tx }) => tx }),
    // @ts-expect-error -- not a cluster
    Cluster.status(Cluster.childSpec({ ...given, store: file, handle: () => {} })),
  ]);
  expect(Cluster.status).toHaveLength(1);
});
