import { describe } from '@reprise/actor/text';

import { assertKey } from '../key.ts';

/** The streams of a node: the data of each key. */
export type Listed = ReadonlyMap<string, unknown>;

/** A row of the table of streams that is not run. */
export interface InvalidRow {
  readonly key: string;
  /** What is wrong with it. */
  readonly issue: string;
}

/** What a node is told: the streams that it may own, and the rows that are none. */
export interface Listing {
  readonly listed: Listed;
  readonly invalid: readonly InvalidRow[];
}

/**
 * The streams of the option `streams`, or of the answer of its function.
 * @throws TypeError for anything but a list of keys or a record, and for a key that is there twice;
 * TypeError or RangeError for a key that no store keeps
 */
export function listOf(streams: unknown, name: string = 'streams to be'): Listed {
  const entries = entriesOf(streams, name);
  const listed = new Map<string, unknown>();
  for (const [key, data] of entries) {
    assertKey(key);
    if (listed.has(key)) {
      throw new TypeError(`Expected each key of streams once, got ${describe(key)} twice`);
    }
    listed.set(key, data);
  }
  return listed;
}

function entriesOf(streams: unknown, name: string): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(streams)) {
    return Array.from(streams, (key: unknown) => [key, undefined]);
  }
  if (typeof streams !== 'object' || streams === null || isOther(streams)) {
    throw new TypeError(
      `Expected ${name} a list of keys, or a record from each key to its data, got ${describe(streams)}`,
    );
  }
  return Object.entries(streams);
}

/** A map or a promise, say, has no entries of its own. */
function isOther(streams: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(streams);
  return prototype !== Object.prototype && prototype !== null;
}
