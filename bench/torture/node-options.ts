/** The options of the program of a node. */
export interface NodeOptions {
  readonly name: string;
  /** The URL of the source; a stream's name follows. */
  readonly source: string;
  readonly store: StorePlace;
  /** T, in ms. */
  readonly ttl: number;
  /** The streams that it may own: their names, or the rows of the store's table. */
  readonly streams: readonly string[] | 'rows';
  readonly sink: SinkKind;
  /** How long the cluster may take to leave after SIGTERM, in ms. */
  readonly shutdown: number;
  /** Whether it has loaded its code, and starts at the first message of its parent. */
  readonly isHeld: boolean;
  /** Whether its thread is busy without a pause, from T before its start on. */
  readonly isBusy: boolean;
  /** The file of `NodeRecord`s. */
  readonly records: string;
}

/** The columns of the row of a stream. */
export interface RowData {
  /** Another number: the stream starts anew. */
  readonly version: number;
  /** The fault of all its handlers; absent when they handle their events. */
  readonly fault?: 'kills' | 'throws';
}

export type SinkKind = 'transact' | 'transactBatch' | 'handle';

/** A way to Postgres, with another one for the lease; or a file of SQLite. */
export type StorePlace =
  | { readonly url: string; readonly leaseUrl: string }
  | { readonly file: string };

export function streamNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `stream-${index + 1}`);
}

/** A question of the parent to a node, by IPC; each has one answer. */
export type Question =
  /** The first one of a node that is held. */
  | { readonly type: 'start' }
  | { readonly type: 'status' }
  /** The next handler holds the thread for so many ms. */
  | { readonly type: 'hold'; readonly ms: number };
