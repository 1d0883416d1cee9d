import type { Effect } from './clean.ts';
import type { StorePlace } from './node-options.ts';

/** The database of a fleet: the store of its nodes, and the sink, in one. */
export interface Database {
  /** Makes the sink: without a unique key, so that an effect that happens twice is there twice. */
  create(): Promise<void>;
  /** The way of a node to the store; the same over all its lives. */
  place(node: string): Promise<StorePlace>;
  /** The highest number of each stream that had an effect lately. */
  reached(): Promise<ReadonlyMap<string, number>>;
  /** All effects, in the order of the sink, which is that of the transactions of each stream. */
  effects(): AsyncIterable<Effect>;
  /** The epoch of each stream. */
  epochs(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** Reads effects page by page; each page begins after an id, and has them in the order of ids. */
export async function* paged(
  read: (after: number) => Promise<readonly StoredEffect[]>,
): AsyncGenerator<Effect> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const rows: readonly StoredEffect[] = await read(after);
    yield* rows;
    after = rows.at(-1)?.id;
  }
}

export interface StoredEffect extends Effect {
  readonly id: number;
}

/** How many rows are in memory at a time. */
export const pageSize = 50_000;
/** Among so many of the newest rows all streams have some; the table can have millions. */
export const newest = 200_000;
