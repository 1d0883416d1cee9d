import { describe } from '@reprise/actor/text';

import { Rows } from '../rows.ts';
import { type Listed, listOf } from './listing.ts';
import type { ListContext } from './streams.ts';

/** Where the list of the streams of a node comes from. */
export type ListSource =
  | { readonly type: 'fixed'; readonly listed: Listed }
  | {
      readonly type: 'function';
      readonly ask: (context: ListContext) => unknown;
      /** In ms. */
      readonly refresh: number;
    }
  | { readonly type: 'rows'; readonly rows: Rows<unknown> };

const defaultRefresh = 30_000;

/** @throws TypeError or RangeError for a list that is none, and for a wrong `refresh` */
export function listSourceIn({ streams, refresh }: ListOptions): ListSource {
  if (isFunction(streams)) {
    assertRefresh(refresh);
    return { type: 'function', ask: streams, refresh: refresh ?? defaultRefresh };
  }
  if (refresh !== undefined) {
    throw new TypeError('Expected refresh only with a function as streams, got it without one');
  }
  return streams instanceof Rows
    ? { type: 'rows', rows: streams }
    : { type: 'fixed', listed: listOf(streams) };
}

interface ListOptions {
  readonly streams: unknown;
  readonly refresh?: number | undefined;
}

function isFunction(streams: unknown): streams is (context: ListContext) => unknown {
  return typeof streams === 'function';
}

function assertRefresh(refresh: unknown): void {
  const isTime = typeof refresh === 'number' && refresh > 0 && refresh < Infinity;
  if (refresh !== undefined && !isTime) {
    throw new RangeError(`Expected refresh to be above 0 ms, got ${describe(refresh)}`);
  }
}
