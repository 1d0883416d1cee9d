import { hostname } from 'node:os';
import process from 'node:process';

import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';
import type { ServerSentEvent } from '@reprise/sse';

import type { Store, StoreKind } from '../store.ts';
import { type ListSource, listSourceIn } from './list-source.ts';
import type { ClientOptions, ClusterOptions } from './options.ts';
import type { Owned, OwnedTransaction } from './sink.ts';
import type { StreamOf } from './streams.ts';

/** The options with their defaults, checked, and without the types of the user's data. */
export interface Settings {
  readonly store: Store<unknown, StoreKind>;
  readonly streams: ListSource;
  readonly client: (stream: StreamOf<unknown>) => ClientOptions;
  readonly sink: ErasedSink;
  readonly ttl: number;
  readonly node: string;
  readonly weight: number;
  readonly maxStrikes: number;
}

/** The one sink that was given. */
export type ErasedSink =
  | {
      readonly type: 'handle';
      readonly handle: (event: ServerSentEvent, owned: Owned<unknown>) => unknown;
    }
  | {
      readonly type: 'transact';
      readonly transact: (
        event: ServerSentEvent,
        owned: OwnedTransaction<unknown, unknown>,
      ) => unknown;
    }
  | {
      readonly type: 'transactBatch';
      readonly transactBatch: (
        events: readonly ServerSentEvent[],
        owned: OwnedTransaction<unknown, unknown>,
      ) => unknown;
      readonly maxBatch: number;
    };

/** Any options: only the types of the user's own values differ. */
export type AnyOptions = Omit<
  ClusterOptions<unknown, unknown, StoreKind>,
  'handle' | 'transact' | 'transactBatch' | 'maxBatch'
> & {
  readonly handle?: unknown;
  readonly transact?: unknown;
  readonly transactBatch?: unknown;
  readonly maxBatch?: unknown;
};

const clusterKeys: KeysOf<AnyOptions> = {
  store: true,
  streams: true,
  refresh: true,
  client: true,
  handle: true,
  transact: true,
  transactBatch: true,
  maxBatch: true,
  ttl: true,
  node: true,
  weight: true,
  maxStrikes: true,
};

/**
 * The options of the function `name`, which may have those of a child among them: `further`.
 * @throws TypeError or RangeError that names the first wrong option
 */
export function settingsOf(
  name: string,
  options: AnyOptions,
  further: Readonly<Record<string, true>> = {},
): Settings {
  assertKnownKeys(name, options, { ...clusterKeys, ...further });
  const { store, client, ttl = 10_000, weight = 1, node = defaultName() } = options;
  const { maxStrikes = 5 } = options;
  assertStore(store);
  assertFunction('client', '({ key, data }) => …', client);
  assertNode(node);
  assertTtl(ttl);
  if (!(typeof weight === 'number' && weight >= leastWeight && weight <= mostWeight)) {
    throw new RangeError(
      `Expected weight to be from ${leastWeight} to ${mostWeight}, got ${describe(weight)}`,
    );
  }
  if (!(Number.isSafeInteger(maxStrikes) && maxStrikes >= 1 && maxStrikes <= mostStrikes)) {
    throw new RangeError(
      `Expected maxStrikes to be a whole number from 1 to ${mostStrikes}, got ${describe(maxStrikes)}`,
    );
  }
  return {
    store,
    client,
    ttl,
    weight,
    maxStrikes,
    node,
    streams: listSourceIn(options),
    sink: sinkIn(options),
  };
}

/** In ms. A shorter lease is lost in each pause of the garbage collector or of the network. */
const leastTtl = 1000;
/** In ms: a day. The timeouts of Postgres, which are multiples of it, have 31 bits. */
const longestTtl = 86_400_000;

/** In bytes. An index of Postgres refuses names that are a few times longer. */
const longestName = 1024;

/** Postgres keeps a weight in four bytes, and the sum of those of all nodes has to be a number. */
const leastWeight = 1e-6;
const mostWeight = 1e6;

/** A store keeps strikes in two bytes. */
const mostStrikes = 1000;

/** Two processes of a machine have different ones. */
function defaultName(): string {
  return `${hostname()}-${process.pid}`;
}

export function assertStore(store: unknown): void {
  const { kind, open } = (store ?? {}) as Partial<Store<unknown, StoreKind>>;
  if ((kind !== 'sync' && kind !== 'async') || typeof open !== 'function') {
    throw new TypeError(
      `Expected store to be a store, such as memory() or postgres(url), got ${describe(store)}`,
    );
  }
}

function assertTtl(ttl: unknown): void {
  if (typeof ttl !== 'number' || !(ttl >= leastTtl)) {
    throw new RangeError(`Expected ttl to be at least ${leastTtl} ms, got ${describe(ttl)}`);
  }
  if (ttl > longestTtl) {
    throw new RangeError(`Expected ttl to be at most ${longestTtl} ms, got ${describe(ttl)}`);
  }
}

function assertNode(node: unknown): asserts node is string {
  if (typeof node !== 'string' || node === '' || node.includes('\0') || !node.isWellFormed()) {
    throw new TypeError(
      `Expected node to be a name without U+0000 and lone surrogates, got ${describe(node)}`,
    );
  }
  const length = Buffer.byteLength(node);
  if (length > longestName) {
    throw new RangeError(
      `Expected node to be a name of at most ${longestName} bytes, got ${length} in ${describe(node)}`,
    );
  }
}

/** @throws TypeError unless there is exactly one */
function sinkIn(options: AnyOptions): ErasedSink {
  const given = sinks.filter((name) => options[name] !== undefined);
  const [name] = given;
  if (given.length !== 1 || name === undefined) {
    const got = given.length === 0 ? 'none' : given.join(' and ');
    throw new TypeError(`Expected one of ${sinks.join(', ')}, got ${got}`);
  }
  assertFunction(name, shapes[name], options[name]);
  const { maxBatch = 500 } = options;
  if (options.maxBatch !== undefined && name !== 'transactBatch') {
    throw new TypeError(`Expected maxBatch only with transactBatch, got it with ${name}`);
  }
  if (!(Number.isSafeInteger(maxBatch) && (maxBatch as number) > 0)) {
    throw new RangeError(
      `Expected maxBatch to be a whole number from 1 on, got ${describe(maxBatch)}`,
    );
  }
  return { type: name, [name]: options[name], maxBatch } as ErasedSink;
}

const sinks = ['handle', 'transact', 'transactBatch'] as const;

const shapes = {
  handle: '(event, { key, data, epoch, signal }) => …',
  transact: '(event, { tx, key, data, epoch, signal }) => …',
  transactBatch: '(events, { tx, key, data, epoch, signal }) => …',
} as const;

function assertFunction(name: string, shape: string, given: unknown): void {
  if (typeof given !== 'function') {
    throw new TypeError(`Expected ${name} to be a function ${shape}, got ${describe(given)}`);
  }
}
