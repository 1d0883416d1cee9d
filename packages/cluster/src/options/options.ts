import type { ChildOptions } from '@reprise/actor';
import type { SseClient } from '@reprise/sse';

import type { Store, StoreKind } from '../store.ts';
import type { Sink } from './sink.ts';
import type { StreamOf, Streams } from './streams.ts';

/**
 * The options of the client of a stream: those of `SseClient.resilient` that are not the cluster's.
 */
export type ClientOptions = Omit<
  SseClient.ResilientOptions,
  | 'id'
  | 'restart'
  | 'shutdown'
  | 'significant'
  | 'restartDelay'
  | 'name'
  | 'mailbox'
  | 'timeout'
  | 'cursor'
  | 'handle'
  | 'handleFailed'
  | 'giveUpWith'
>;

/** The options of a cluster. `Data`, `Tx` and `Kind` follow from `streams` and `store`. */
export type ClusterOptions<Data, Tx, Kind extends StoreKind> = Sink<Data, Tx, Kind> & {
  /** Where nodes, owners and cursors are kept: the same for all nodes of a cluster. */
  readonly store: Store<Tx, Kind>;
  /** The streams that this node may own. Nodes with other lists may run beside it. */
  readonly streams: Streams<Data>;
  /**
   * How long after an answer the function of `streams` is asked again, in ms. One that takes longer
   * than this, or than 30 s, is not waited for. Default: 30,000.
   */
  readonly refresh?: number;
  /**
   * The request of a stream, and how its client reconnects. Called at each start of the client, and
   * once before, when the cluster starts: options that can never work fail that start. See the
   * docs.
   */
  readonly client: (stream: StreamOf<NoInfer<Data>>) => ClientOptions;
  /**
   * T, in ms: how long a node that has died keeps its streams. A node that has not reached the
   * store for about 0.9 T stops all its streams. Default: 10,000; from 1,000 to a day.
   */
  readonly ttl?: number;
  /**
   * The name of this node, of at most 1,024 bytes; no two nodes have one name at a time. Default:
   * host and process id.
   */
  readonly node?: string;
  /**
   * The share of the streams that this node takes, compared with other nodes: from a millionth to a
   * million. Default: 1.
   */
  readonly weight?: number;
  /**
   * With so many strikes a stream is parked: nodes that have died with it, or have given it up, one
   * soon after the other. Below 3 a stream may be parked for a death that is none of its doing.
   * Default: 5; at least 1.
   */
  readonly maxStrikes?: number;
};

/** The options of a cluster as a child of a supervisor. */
export type ClusterChildOptions<
  Id extends string,
  Data,
  Tx,
  Kind extends StoreKind,
> = ChildOptions<Id> & ClusterOptions<Data, Tx, Kind>;
