import { createHash } from 'node:crypto';

import fc from 'fast-check';

import { heldOf } from '../../src/held.ts';
import { type JoiningNode, NotOwnerError, type OpenStore, type SavedRow } from '../../src/index.ts';
import { free, move } from './arrange.ts';

const outcomes = [undefined, undefined, 'drained', 'moved', 'crashed', 'ended', 'removed'] as const;

/** Few of all, so that they meet. */
const node = fc.nat(3);
const keys = ['eur', 'usd', "o'b", '€ 😀'] as const;
const key = fc.constantFrom(...keys);
const renewal = fc.nat(1);
/** How many epochs of a stream ago: mostly the one that it has. */
const age = fc.constantFrom(0, 0, 0, 0, 1, 2);
const text = fc.constantFrom('', 'a', 'b');
const stream = fc.record({ key, age });
const streams = fc.uniqueArray(stream, { maxLength: 4, selector: (row) => row.key });
/** Nothing passes within a program: what is to be tried again is so at once, or in an hour. */
const parked = fc.record({
  reason: fc.constantFrom('refused', '€ 😀'),
  retryIn: fc.constantFrom(undefined, 0, 3_600_000),
});
const saved = fc.record({
  key,
  age,
  cursor: fc.option(text, { nil: undefined }),
  recent: fc.option(text, { nil: undefined }),
  outcome: fc.constantFrom(...outcomes),
  strikes: fc.option(fc.nat(6), { nil: undefined }),
  parked: fc.option(parked, { nil: undefined }),
});

const arbitraries = {
  join: fc.record({ type: fc.constant('join'), node, renewal, name: fc.nat(2) }),
  renew: fc.record({
    type: fc.constant('renew'),
    node,
    renewal,
    owned: fc.nat(9),
    draining: fc.boolean(),
    list: text,
    busy: fc.constantFrom(0, 0.5, 1),
  }),
  watch: fc.record({ type: fc.constant('watch'), node }),
  observe: fc.record({
    type: fc.constant('observe'),
    node,
    dead: fc.array(fc.record({ node, renewal }), { maxLength: 1 }),
    /** By how many its own count is wrong. */
    more: fc.constantFrom(0, 0, 1),
  }),
  claim: fc.record({ type: fc.constant('claim'), node, streams }),
  save: fc.record({
    type: fc.constant('save'),
    node,
    rows: fc.uniqueArray(saved, { maxLength: 4, selector: (row) => row.key }),
  }),
  transact: fc.record({ type: fc.constant('transact'), node, stream, was: text, cursor: text }),
  declare: fc.record({
    type: fc.constant('declare'),
    node,
    streams: fc.uniqueArray(fc.record({ key, spec: text }), { selector: (row) => row.key }),
  }),
  survey: fc.record({ type: fc.constant('survey'), node, limit: fc.nat(5) }),
  retry: fc.record({ type: fc.constant('retry'), node, key: fc.constantFrom(...keys, 'nowhere') }),
  leave: fc.record({ type: fc.constant('leave'), node }),
};

/** A request of a node. Nodes and values are numbers; epochs are those that were given. */
export const requests = fc.oneof(
  { arbitrary: arbitraries.join, weight: 1 },
  { arbitrary: arbitraries.renew, weight: 1 },
  { arbitrary: arbitraries.watch, weight: 1 },
  { arbitrary: arbitraries.observe, weight: 2 },
  { arbitrary: arbitraries.claim, weight: 5 },
  { arbitrary: arbitraries.save, weight: 5 },
  { arbitrary: arbitraries.transact, weight: 5 },
  { arbitrary: arbitraries.declare, weight: 1 },
  { arbitrary: arbitraries.leave, weight: 1 },
  { arbitrary: arbitraries.survey, weight: 2 },
  { arbitrary: arbitraries.retry, weight: 1 },
);

export type Request = typeof requests extends fc.Arbitrary<infer Value> ? Value : never;

const listedKeys = keys.map((key) => ({ key, spec: '' as const }));

/** Three nodes and all streams: a program begins with them, to have something to ask about. */
export const beginning: readonly Request[] = [
  { type: 'join', node: 0, renewal: 0, name: 0 },
  { type: 'join', node: 1, renewal: 0, name: 1 },
  { type: 'join', node: 2, renewal: 1, name: 2 },
  { type: 'declare', node: 0, streams: [...listedKeys] },
];

type RequestOf<Type extends Request['type']> = Extract<Request, { readonly type: Type }>;

/** Runs requests on a store. Its answers have no times in them, so that two stores can agree. */
export class Runner {
  readonly #stores: readonly OpenStore<unknown>[];
  /** How many lives each node has had. An id is never used again after a life. */
  readonly #lives = new Map<number, number>();
  /** All epochs of a stream, in the order in which they were given. */
  readonly #epochs = new Map<string, readonly number[]>();
  /** The last claim of each stream. */
  readonly #owners = new Map<string, string>();

  /** The connections are used in turns by the nodes. */
  constructor(stores: readonly OpenStore<unknown>[]) {
    this.#stores = stores;
  }

  async run(request: Request): Promise<unknown> {
    const store = this.#stores[request.node % this.#stores.length];
    if (store === undefined) {
      throw new Error('Expected a connection for each node, got none');
    }
    const id = this.#id(request.node);
    switch (request.type) {
      case 'join':
        this.#newLife(request.node);
        return store.join(this.#joining(request), uuid('renewal', request.renewal));
      case 'renew':
        return store.renew(id, uuid('renewal', request.renewal), {
          owned: request.owned,
          draining: request.draining,
          list: request.list,
          busy: request.busy,
        });
      case 'watch':
        return byText(await store.watch());
      case 'observe':
        return this.#observe(store, request);
      case 'claim':
        return this.#claim(store, request);
      case 'save':
        return byText(await store.save(id, this.#rows(request)));
      case 'transact':
        return this.#transact(store, request);
      case 'declare':
        return store.declare(request.streams);
      case 'leave':
        this.#newLife(request.node);
        return store.leave(id);
      case 'survey':
        return this.#survey(store, request);
      case 'retry':
        return store.retry(request.key);
      default:
        return request satisfies never;
    }
  }

  #newLife(number: number): void {
    this.#lives.set(number, (this.#lives.get(number) ?? 0) + 1);
  }

  #rows({ rows }: RequestOf<'save'>): readonly SavedRow[] {
    return rows.map(({ parked, ...row }) => ({
      ...row,
      epoch: this.#epoch(row),
      // A stream is parked only when it is made free.
      parked: row.outcome === undefined ? undefined : parked,
    }));
  }

  async #observe(store: OpenStore<unknown>, request: RequestOf<'observe'>): Promise<unknown> {
    const id = this.#id(request.node);
    const dead = request.dead.map((seen) => ({
      id: this.#id(seen.node),
      renewal: uuid('renewal', seen.renewal),
    }));
    const mine = [...this.#owners].filter(([, owner]) => owner === id);
    const held = heldOf(mine.map(([key]) => ({ key, epoch: this.#epoch({ key, age: 0 }) })));
    const view = await store.observe(id, dead, { ...held, count: held.count + request.more });
    return {
      nodes: byText(view.nodes),
      mine: view.mine && byText(view.mine.map((row) => this.#timeless(row))),
      free: byText(view.free.map((row) => ({ ...this.#timeless(row), strikes: row.strikes }))),
      parked: byText(view.parked.map(inHours)),
    };
  }

  async #survey(store: OpenStore<unknown>, request: RequestOf<'survey'>): Promise<unknown> {
    const { nodes, streams, rows } = await store.survey(request.limit);
    const shown = rows.map((row) => inHours({ ...row, ...this.#timeless(row) }));
    const untimed = nodes.map(({ sinceRenewal: _, ...node }) => node);
    return { nodes: byText(untimed), streams, rows: shown };
  }

  async #claim(store: OpenStore<unknown>, request: RequestOf<'claim'>): Promise<unknown> {
    const id = this.#id(request.node);
    const wanted = request.streams.map((row) => free(row.key, this.#epoch(row)));
    const claims = await store.claim(id, wanted);
    for (const { key, epoch } of claims) {
      this.#epochs.set(key, [...(this.#epochs.get(key) ?? [0]), epoch]);
      this.#owners.set(key, id);
    }
    return byText(claims.map((claim) => ({ ...claim, ...this.#timeless(claim) })));
  }

  async #transact(store: OpenStore<unknown>, request: RequestOf<'transact'>): Promise<unknown> {
    const { key } = request.stream;
    const step = {
      key,
      epoch: this.#epoch(request.stream),
      was: request.was,
      cursor: request.cursor,
    };
    try {
      return await move(store, this.#id(request.node), step, () => 'done');
    } catch (error) {
      if (error instanceof NotOwnerError) {
        return error.name;
      }
      throw error;
    }
  }

  #joining({ node: number, name }: RequestOf<'join'>): JoiningNode {
    const id = this.#id(number);
    return { id, name: `node-${name}`, weight: 1, ttl: 10_000, host: 'test', pid: number };
  }

  #id(number: number): string {
    return uuid('node', number, this.#lives.get(number) ?? 0);
  }

  #epoch({ key, age }: { readonly key: string; readonly age: number }): number {
    return (this.#epochs.get(key) ?? [0]).at(-1 - age) ?? 0;
  }

  /** The epoch as its place among all of the stream. */
  #timeless({ key, epoch }: { readonly key: string; readonly epoch: number }) {
    return { key, epoch: (this.#epochs.get(key) ?? [0]).indexOf(epoch) };
  }
}

/** Times differ by what a program takes. */
function inHours<Row extends { readonly retryIn: number | undefined }>(row: Row): Row {
  return row.retryIn === undefined ? row : { ...row, retryIn: Math.ceil(row.retryIn / 3_600_000) };
}

/** The same for the same values. */
function uuid(...values: readonly (string | number)[]): string {
  const hash = createHash('sha256').update(values.join()).digest('hex');
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
}

function byText<Row extends string | { readonly id?: string; readonly key?: string }>(
  rows: readonly Row[],
): readonly Row[] {
  return rows.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function textOf(row: string | { readonly id?: string; readonly key?: string }): string {
  return typeof row === 'string' ? row : String(row.id ?? row.key);
}
