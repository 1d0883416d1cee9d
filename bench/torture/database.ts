import type { Effect } from './clean.ts';
import type { RowData, StorePlace } from './node-options.ts';

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
  /** Whether a connection blocks all that want to write. */
  isLocked(): Promise<boolean>;
  /** The transactions with more than one event. */
  batches(): Promise<Batches>;
  /** From now on all writes to the owners of streams are recorded. */
  recordWrites(): Promise<void>;
  /** Those that were recorded, in their order. */
  writes(): Promise<readonly OwnerWrite[]>;
  /**
   * The strikes of the streams that have some, and are not parked: nodes have died with them a
   * moment ago.
   */
  strikes(): Promise<ReadonlyMap<string, number>>;
  /** The strikes of the streams that are parked. */
  parked(): Promise<ReadonlyMap<string, number>>;
  /** Changes the rows of the table of streams, in one transaction: those without data go. */
  changeRows(rows: ReadonlyMap<string, RowData | undefined>): Promise<void>;
  /** The epoch of each stream. */
  epochs(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** Counts of transactions with several events. */
export interface Batches {
  /** Of which an event is missing, or that have one too many. */
  readonly torn: number;
  /** The most events of one. */
  readonly longest: number;
}

/** A row of an owner after a write. */
export interface OwnerWrite {
  readonly key: string;
  /** `null` if the stream is free. */
  readonly owner: string | null;
  readonly epoch: number;
}

/** Each row of a batch has the numbers of its first and its last event. */
export const batches = `select coalesce(sum(case when count = last - first + 1 then 0 else 1 end), 0) as torn,
  coalesce(max(count), 0) as longest
from (select first, last, count(*) as count from effects where first < last
  group by stream, epoch, first, last) batch`;

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
