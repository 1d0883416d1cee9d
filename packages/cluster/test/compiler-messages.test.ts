import { expect, test } from '@jest/globals';

import { compilerErrors } from '../../../tools/compiler-errors.ts';

/** The lines of each program before its mistake. */
const prelude = `
import { Application, Supervisor } from '@reprise/actor';
import { Cluster, memory } from '@reprise/cluster';
import { postgres } from '@reprise/cluster/postgres';
import { sqlite } from '@reprise/cluster/sqlite';
const client = () => ({ url: 'http://localhost/' });
const handle = (): void => undefined;
const given = { id: 'prices', streams: ['eur'], client } as const;
const file = sqlite('cluster.db');
const database = postgres('postgres://localhost/shop');
export { Application, Cluster, Supervisor, client, database, file, given, handle, memory };
export { postgres, sqlite };
`;

type Mistake = readonly [what: string, code: string, message: string];

const mistakes: readonly Mistake[] = [
  [
    'SQL-06 an async sink in a transaction of SQLite',
    `Cluster.childSpec({
      ...given, store: file, transact: async ({ data }, { tx }) => { tx.prepare('x').run(data); },
    })`,
    "=> Promise<void>' is not assignable to type",
  ],
  [
    'SQL-06 an async sink of batches in a transaction of SQLite',
    'Cluster.childSpec({ ...given, store: file, transactBatch: async () => {} })',
    "=> Promise<void>' is not assignable to type",
  ],
  [
    'no sink',
    'Cluster.childSpec({ ...given, store: database })',
    'is not assignable to parameter of type',
  ],
  [
    'two sinks',
    'Cluster.childSpec({ ...given, store: database, handle, transact: handle })',
    'is not assignable to parameter of type',
  ],
  [
    'batches for a sink without any',
    'Cluster.childSpec({ ...given, store: database, handle, maxBatch: 5 })',
    'is not assignable to parameter of type',
  ],
  ['no store', 'Cluster.childSpec({ ...given, handle })', 'is not assignable to parameter of type'],
  [
    'no streams',
    "Cluster.childSpec({ id: 'prices', client, store: database, handle })",
    'is not assignable to parameter of type',
  ],
  [
    'a store as a URL',
    "Cluster.childSpec({ ...given, store: 'postgres://localhost/shop', handle })",
    "Type 'string' is not assignable to type 'Store<",
  ],
  [
    'a store that was not called',
    'Cluster.childSpec({ ...given, store: memory, handle })',
    "is not assignable to type 'Store<unknown, StoreKind>'.",
  ],
  [
    'a misspelt option',
    'Cluster.childSpec({ ...given, store: database, handle, tll: 5000 })',
    "'tll' does not exist in type",
  ],
  [
    'a transaction in a sink without one',
    'Cluster.childSpec({ ...given, store: database, handle: (_event, { tx }) => tx })',
    "Property 'tx' does not exist on type 'Owned<undefined>'.",
  ],
  [
    'a query of pg in a transaction of SQLite',
    "Cluster.childSpec({ ...given, store: file, transact: (_event, { tx }) => { tx.query('x'); } })",
    "Property 'query' does not exist on type 'SqliteTransaction'.",
  ],
  [
    'an unknown field of the data of a stream',
    `Cluster.childSpec({
      ...given, store: database, streams: { eur: { room: 1 } },
      handle: (_event, { data }) => { void data.rom; },
    })`,
    "Property 'rom' does not exist on type '{ room: number; }'. Did you mean 'room'?",
  ],
  [
    'the status of a child spec',
    'Cluster.status(Cluster.childSpec({ ...given, store: database, handle }))',
    "is missing the following properties from type 'ClusterPid'",
  ],
  [
    'a misspelt option of postgres',
    "postgres({ url: 'postgres://localhost/shop', leaseURL: 'x' })",
    "'leaseURL' does not exist in type",
  ],
  [
    'a pool without a way for leases',
    'postgres({ pool: {} as never })',
    "is not assignable to parameter of type 'string | PostgresOptions | undefined'.",
  ],
];

const errors = compilerErrors(
  mistakes.map(([, code]) => `${prelude}void ${code};\n`),
  {
    '@reprise/actor': 'packages/actor',
    '@reprise/sse': 'packages/sse',
    '@reprise/cluster': 'packages/cluster',
  },
);

test.each(mistakes.map(([what, , message], at) => [what, at, message] as const))(
  '%s: the compiler tells of one error',
  (_what, at, message) => {
    const found = errors.get(at) ?? [];
    expect(found.map((text) => text.split('\n')[0])).toEqual([expect.stringContaining(message)]);
    expect(found.join('\n')).not.toContain('No overload matches');
  },
);
