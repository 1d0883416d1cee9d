import type { ServerSentEvent } from '@reprise/sse';

import type { StoreKind } from '../store.ts';
import type { StreamOf } from './streams.ts';

/** What a sink knows of the stream that an event belongs to. */
export interface Owned<Data> extends StreamOf<Data> {
  /**
   * Grows with each claim of the stream. A system that keeps the greatest epoch it has seen of a
   * stream, and refuses smaller ones, is safe from owners of the past.
   */
  readonly epoch: number;
  /** Aborts when this node may not go on with the stream: nothing after that counts. */
  readonly signal: AbortSignal;
}

/** The second argument of a sink inside a transaction of the store. */
export interface OwnedTransaction<Data, Tx> extends Owned<Data> {
  /** The transaction: its writes and the cursor are there together or not at all. */
  readonly tx: Tx;
}

/**
 * What a sink may return. With a synchronous store no promise: the transaction ends before that.
 */
export type Settled<Kind extends StoreKind> = Kind extends 'sync'
  ? void | NoPromise
  : void | Promise<unknown>;

/** `object` makes this more than a weak type, which would refuse objects without a `then`. */
type NoPromise = string | number | boolean | null | (object & { readonly then?: never });

/** Where the events go: exactly one of `handle`, `transact` and `transactBatch`. */
export type Sink<Data, Tx, Kind extends StoreKind> =
  | HandleSink<Data>
  | TransactSink<Data, Tx, Kind>
  | BatchSink<Data, Tx, Kind>;

export interface HandleSink<Data> {
  /**
   * Called with each event, in order, at least once: after a crash some come again. For effects
   * anywhere; `epoch` tells them from those of an owner of the past.
   */
  readonly handle: (event: ServerSentEvent, owned: Owned<NoInfer<Data>>) => void | Promise<unknown>;
  readonly transact?: never;
  readonly transactBatch?: never;
  readonly maxBatch?: never;
}

export interface TransactSink<Data, Tx, Kind extends StoreKind> {
  /**
   * Called with each event, in order, inside a transaction of the store, which also moves the
   * cursor: its writes by `tx` are there exactly once.
   */
  readonly transact: (
    event: ServerSentEvent,
    owned: OwnedTransaction<NoInfer<Data>, NoInfer<Tx>>,
  ) => Settled<Kind>;
  readonly handle?: never;
  readonly transactBatch?: never;
  readonly maxBatch?: never;
}

export interface BatchSink<Data, Tx, Kind extends StoreKind> {
  /**
   * As `transact`, with all events that have arrived, up to `maxBatch`; it does not wait for more.
   */
  readonly transactBatch: (
    events: readonly ServerSentEvent[],
    owned: OwnedTransaction<NoInfer<Data>, NoInfer<Tx>>,
  ) => Settled<Kind>;
  /** The most events in one transaction. Default: 500. */
  readonly maxBatch?: number;
  readonly handle?: never;
  readonly transact?: never;
}
