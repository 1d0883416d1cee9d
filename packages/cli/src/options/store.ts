import type { GivenOptions } from './given.ts';
import { defined, expected, UsageError, wholeNumber } from './usage.ts';

/** Where nodes meet. The URL of a Postgres can hold a password: it is never printed. */
export type Place =
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'postgres'; readonly url: string };

/** A node of a cluster, or several. */
export interface NodeOptions {
  readonly place: Place;
  /** Default: one that no other process has. */
  readonly name?: string;
  /** How many processes are nodes; `undefined`: this one. */
  readonly workers?: number;
}

/** The node that `--store` asks for, if it is there. */
export function nodeOptions(urls: readonly string[], given: GivenOptions): NodeOptions | undefined {
  const { store, node, workers } = given;
  if (store === undefined) {
    const alone = node === undefined ? '--workers' : '--node';
    if (node !== undefined || workers !== undefined) {
      throw expected(`${alone} together with --store`, `${alone} alone`);
    }
    return undefined;
  }
  const place = placeOf(store);
  assertFits(urls, given);
  if (node !== undefined && (node === '' || Buffer.byteLength(node) > longestName)) {
    throw expected(`--node to be a name of 1 to ${longestName} bytes`, node);
  }
  return { place, ...defined({ name: node, workers: wholeNumber('--workers', workers) }) };
}

/** In bytes: a worker has its number behind the name, and a node may have 1,024. */
const longestName = 1000;

/** @throws a `UsageError` for a text that is neither a file nor a Postgres */
export function placeOf(store: string): Place {
  if (/^postgres(?:ql)?:\/\//.test(store)) {
    return { type: 'postgres', url: store };
  }
  if (/^postgres(?:ql)?:/i.test(store)) {
    // It is not shown: it may have a password anywhere.
    throw new UsageError(
      'Expected --store to be a URL such as postgres://host/database, got one that begins otherwise',
    );
  }
  if (store === '' || store === ':memory:' || /^[a-z][a-z\d+.-]*:\/\//i.test(store)) {
    throw expected('--store to be a file or a URL such as postgres://host/database', store);
  }
  return { type: 'file', file: store };
}

/** Options that cannot be meant beside a store, which keeps the cursors itself. */
function assertFits(urls: readonly string[], given: GivenOptions): void {
  const { cursor, exec, data, workers } = given;
  if (cursor !== undefined || exec !== undefined) {
    const other = cursor === undefined ? '--exec' : '--cursor';
    throw expected(`either --store or ${other}`, `--store and ${other}`);
  }
  if (urls.length === 0) {
    throw expected('a URL with --store', 'none');
  }
  if (workers !== undefined && (data === '-' || data === '@-')) {
    throw expected('--data to be a text or @FILE with --workers', data);
  }
}
