import { randomUUID } from 'node:crypto';

import { type Clock, systemClock } from '@reprise/actor';
import pg, { type PoolClient, type QueryResultRow } from 'pg';

import { testDatabase } from '../../../../tools/postgres/shared.ts';
import type {
  Claim,
  CursorMove,
  FreeStream,
  JoiningNode,
  OpenStore,
  OwnedStream,
} from '../../src/index.ts';
import { postgres, type PostgresOptions } from '../../src/postgres.ts';
import { listed } from '../store/arrange.ts';

export { onPostgres } from '../../../../tools/postgres/describe.ts';

/** A store that a test has opened, and what it has reported. */
export interface Opened {
  readonly store: OpenStore<PoolClient>;
  readonly errors: unknown[];
  readonly warnings: string[];
}

let shared: Promise<string> | undefined;

/** The URL of the database of this test file. */
export function database(): Promise<string> {
  shared ??= testDatabase();
  return shared;
}

/** The nodes and the tables of one test. */
export class Place implements AsyncDisposable {
  readonly url: string;
  readonly schema: string;
  readonly #opened: Opened[] = [];
  readonly #clients: pg.Client[] = [];

  private constructor(url: string, schema: string) {
    this.url = url;
    this.schema = schema;
  }

  /** Without a URL in the database of this test file, in a schema of its own. */
  static async create(url?: string): Promise<Place> {
    const schema = `s${randomUUID().slice(0, 8)}`;
    return new Place(url ?? (await database()), schema);
  }

  async open(
    options: Partial<PostgresOptions> = {},
    ttl = 10_000,
    clock: Clock = systemClock(),
  ): Promise<Opened> {
    const errors: unknown[] = [];
    const warnings: string[] = [];
    const where = options.pool === undefined ? { url: this.url } : {};
    const given = { ...where, schema: this.schema, ...options } as PostgresOptions;
    const store = await postgres(given).open({
      ttl,
      clock,
      onError: (error) => errors.push(error),
      onWarning: (text) => warnings.push(text),
    });
    const opened = { store, errors, warnings };
    this.#opened.push(opened);
    return opened;
  }

  /** A connection beside the store. */
  async client(url: string = this.url): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    this.#clients.push(client);
    return client;
  }

  async sql<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      const { rows } = await client.query<Row>(text, values);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** The cursor of a stream, as it is stored. */
  async cursor(key: string): Promise<string | undefined> {
    const [row] = await this.sql<{ cursor: string }>(
      `select cursor from ${this.schema}.owners where key = $1`,
      [key],
    );
    return row?.cursor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map(({ store }) => store.close()));
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}

export function newNode(name: string = randomUUID()): JoiningNode {
  return { id: randomUUID(), name, weight: 1, ttl: 10_000, host: 'test', pid: 1 };
}

/** Joins as a new node, and returns its id. */
export async function join(store: OpenStore<PoolClient>): Promise<string> {
  const node = newNode();
  await store.join(node, randomUUID());
  return node.id;
}

/** A node with streams of its own. */
export interface Owner {
  readonly id: string;
  readonly claims: readonly Claim[];
}

export async function own(
  store: OpenStore<PoolClient>,
  keys: readonly string[],
  id?: string,
): Promise<Owner> {
  const owner = id ?? (await join(store));
  await store.declare(listed(keys));
  const claims = await store.claim(
    owner,
    keys.map((key) => free({ key, epoch: 0 })),
  );
  return { id: owner, claims };
}

export function free({ key, epoch }: OwnedStream): FreeStream {
  return { key, epoch, deadFor: 0, strikes: 0 };
}

/** The only stream of a node. */
export function only({ claims }: Owner): Claim {
  const [claim] = claims;
  if (claim === undefined) {
    throw new Error('Expected a stream, got none');
  }
  return claim;
}

/** The step of a stream from the cursor that it was claimed with. */
export function step(claim: Claim, cursor: string): CursorMove {
  return { key: claim.key, epoch: claim.epoch, was: claim.cursor, cursor };
}

/** Never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** A promise with its ends outside. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** Waits for a condition at the server, asked again and again. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** The error of a promise that rejects, looked at later. */
export async function failureOf(promise: unknown): Promise<unknown> {
  return Promise.resolve(promise).then(
    (value) => {
      throw new Error(`Expected a rejection, got ${String(value)}`);
    },
    (error: unknown) => error,
  );
}
