import { statSync } from 'node:fs';

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
  const count = wholeNumber('--workers', workers, 1, mostWorkers);
  return { place, ...defined({ name: node, workers: count }) };
}

/** The most that `Workers` takes. */
const mostWorkers = 1024;

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
  const { cursor, exec, data, bearer, ca, cert, key, workers } = given;
  if (cursor !== undefined || exec !== undefined) {
    const other = cursor === undefined ? '--exec' : '--cursor';
    throw expected(`either --store or ${other}`, `--store and ${other}`);
  }
  if (urls.length === 0) {
    throw expected('a URL with --store', 'none');
  }
  if (workers !== undefined) {
    const body = data === '-' ? data : fileIn(data);
    const files = { '--data': body, '--bearer': fileIn(bearer), '--ca': ca };
    assertReadAgain({ ...files, '--cert': cert, '--key': key });
  }
}

/** Each worker reads the files itself: a pipe has its text once. */
function assertReadAgain(files: Readonly<Record<string, string | undefined>>): void {
  for (const [flag, file] of Object.entries(files)) {
    if (file !== undefined && isReadOnce(file)) {
      throw expected(`${flag} to name a regular file with --workers`, file);
    }
  }
}

function isReadOnce(file: string): boolean {
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile();
  return file === '-' || isFile === false;
}

function fileIn(text: string | undefined): string | undefined {
  return text?.startsWith('@') === true ? text.slice(1) : undefined;
}
