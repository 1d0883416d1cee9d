import type { Clock } from '@reprise/actor';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import type { Rows } from './rows.ts';

/** Whether a store is synchronous: then so is a sink of its transactions. */
export type StoreKind = 'sync' | 'async';

/** Where a cluster keeps its nodes, its owners and their cursors. `Tx` is the type of `tx`. */
export interface Store<Tx, Kind extends StoreKind> {
  readonly kind: Kind;
  /**
   * For the option `streams`: the rows of the table of streams, in which streams come and go by
   * plain SQL. The data of a stream is the output of the schema for the JSON in `spec`.
   * @see https://standardschema.dev
   */
  rows<Data>(schema: StandardSchemaV1<unknown, Data>): Rows<Data>;
  /**
   * Connects, makes or checks the tables, and checks that the store keeps acknowledged writes.
   * Rejects with an error that names the expectation, the finding, and the remedy.
   */
  open(options: OpenOptions): Promise<OpenStore<Tx>>;
}

export interface OpenOptions {
  /** T: how long a lease is good without a renewal, in ms. A request may take an eighth of it. */
  readonly ttl: number;
  readonly clock: Clock;
  /** An error that no request is waiting for, such as that of an idle connection. */
  readonly onError: (error: unknown) => void;
  /** What an operator has to know though the store goes on, in one sentence. */
  readonly onWarning: (text: string) => void;
}

/**
 * The port between ownership and its store. Each request rejects if it has no answer within an
 * eighth of `ttl`, and then the store begins the next one on a new connection: a connection that
 * hangs never fails by itself. `compare`, `declare`, `list` and `save` may be large, and have a
 * half of `ttl`. A request whose answer was lost may have been executed.
 *
 * A node asks for one of `observe`, `claim` and `save` with releases at a time: a view that
 * overtakes a claim would stop the streams that were just started.
 */
export interface OpenStore<Tx> {
  /** The engine and its version, such as `PostgreSQL 15.18`. */
  readonly engine: string;

  /**
   * Makes a row for a new life of a node. Resolves to the row that has the name, if another node
   * that is not buried has it: then no row is made. A node whose last answer was lost asks again.
   */
  join(node: JoiningNode, renewal: string): Promise<NodeRow | undefined>;

  /** Changes the value of a row. False if the node is buried: nothing brings it back. */
  renew(id: string, renewal: string, facts: NodeFacts): Promise<boolean>;

  /** All nodes that are not buried. One small query. */
  watch(): Promise<readonly NodeRow[]>;

  /**
   * Buries those nodes whose value is still the one that was seen, waits for renewals under way,
   * and then reads: a state of the store after every answer that this node has had.
   */
  observe(id: string, dead: readonly SeenNode[], held: Held): Promise<View>;

  /**
   * Gives the streams whose epoch is still the one that was read to this node, each at a new and
   * greater epoch. A node that is buried gets none. The answer has those that it got. One whose
   * owner was buried has a strike more; one that was parked is not any more.
   */
  claim(id: string, wanted: readonly FreeStream[]): Promise<readonly Claim[]>;

  /**
   * Writes cursors. The answer has the keys whose owner and epoch are still these; every other row
   * is refused. A row with an outcome also makes its stream free, and may park it.
   */
  save(id: string, rows: readonly SavedRow[]): Promise<readonly string[]>;

  /**
   * Runs `work`, writes the cursor, and checks owner, epoch and the cursor before it: afterwards
   * all of it is there, or nothing. `work` may begin later than the call, when the store has a turn
   * for it, so it looks at the lease itself. A store of kind `sync` answers without a promise if it
   * has the turn at once. When `signal` aborts, a transaction that has not begun to commit is
   * rolled back, even while `work` goes on.
   * @throws NotOwnerError if owner, epoch or the cursor before differ.
   */
  transact(id: string, move: CursorMove, work: (tx: Tx) => unknown, signal: AbortSignal): unknown;

  /**
   * The keys of those streams that are still of this node at this epoch, and have another cursor:
   * the store has lost a commit.
   */
  compare(id: string, cursors: readonly OwnedCursor[]): Promise<readonly string[]>;

  /**
   * The table of streams, of which anybody writes rows; `undefined` if it is as it was in this
   * version of it. A state of the store after every answer that this node has had.
   */
  list(version: string | undefined): Promise<StreamTable | undefined>;

  /**
   * Makes rows for the streams that have none. A stream whose spec has changed is not parked any
   * more. It keeps its strikes: nodes of two releases may declare two specs by turns. These are the
   * streams that its node lists from now on. False if rows were passed by that somebody else
   * changes at this time: then it is to be asked again.
   */
  declare(streams: readonly DeclaredStream[]): Promise<boolean>;

  /**
   * The end of a life in good order: each stream that it still owns is free at once, without a
   * strike. Idempotent.
   */
  leave(id: string): Promise<void>;

  /**
   * What an operator is shown, as one state of the store; the asker is no node. It has `limit` rows
   * at most: parked streams first, then those with strikes, then by key.
   */
  survey(limit: number): Promise<Survey>;

  /** The name of the node that owns a stream; `undefined` if none does that lives. */
  owner(key: string): Promise<string | undefined>;

  /** Makes a parked stream free, with the strikes that it has. False if it is unknown. */
  retry(key: string): Promise<boolean>;

  /** Closes all connections. Idempotent. */
  close(): Promise<void>;
}

/** The rows of the table of streams. */
export interface StreamTable {
  /** Another one for other rows. */
  readonly version: string;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly key: string;
  /** What its JSON says. */
  readonly spec: unknown;
}

/** A node that joins. */
export interface JoiningNode {
  /** One life of the node: a UUID. */
  readonly id: string;
  /** Its name over all its lives. No two nodes have one name at a time. */
  readonly name: string;
  /** Its share of the streams is in proportion to this. */
  readonly weight: number;
  /** T, in ms: the same for all nodes of a store. */
  readonly ttl: number;
  /** Among the processes of one host, each has another `pid`. */
  readonly host: string;
  readonly pid: number;
}

/** What a node says of itself with each renewal. */
export interface NodeFacts {
  /** How many streams it owns. */
  readonly owned: number;
  /** Whether it gives its streams up in order, and takes no more. */
  readonly draining: boolean;
  /** The same text for the same streams: nodes share streams with those of the same list. */
  readonly list: string;
  /** The part of the time in which its thread was busy, from 0 to 1. */
  readonly busy: number;
}

/** A node that is not buried. */
export interface NodeRow extends JoiningNode, NodeFacts {
  /** A value that changes with each renewal: a UUID. */
  readonly renewal: string;
}

/** A value of a node that has stood still for T. */
export type SeenNode = Pick<NodeRow, 'id' | 'renewal'>;

/** The streams that a node holds, as it believes. */
export interface Held {
  readonly count: number;
  /** The sum of their epochs modulo 2^32: without it, 10,000 of them are above 2^53. */
  readonly epochs: number;
}

export interface View {
  /**
   * Names the run of the server that has answered; `undefined` for a store without one. Another run
   * may lack commits that were acknowledged: that of a standby that has taken over.
   */
  readonly instance?: string | undefined;
  /** The nodes that are not buried. */
  readonly nodes: readonly NodeRow[];
  /** The streams that the store gives to this node; `undefined` if they are as many as `held`. */
  readonly mine: readonly OwnedStream[] | undefined;
  /**
   * Streams without an owner, or whose owner is buried: 5,000 at most. If there are more, only
   * those that this connection has declared last. Without those that are parked, unless their time
   * has come.
   */
  readonly free: readonly FreeStream[];
  /** Streams that are not run for now: as many at most, and of those the same. */
  readonly parked: readonly ParkedStream[];
}

export interface OwnedStream {
  readonly key: string;
  readonly epoch: number;
}

export interface FreeStream extends OwnedStream {
  /** For how long its owner has been buried, in ms, at least 1; 0 if it has none. */
  readonly deadFor: number;
  /**
   * How many nodes have died with it, or given it up, since it was last well. The death of its
   * owner counts before it is claimed.
   */
  readonly strikes: number;
}

/** A stream that is not run for now. */
export interface ParkedStream {
  readonly key: string;
  readonly strikes: number;
  readonly reason: string;
  /** In how many ms it is tried again; `undefined`: when its spec changes, or by hand. */
  readonly retryIn: number | undefined;
}

/** A stream that is listed. */
export interface DeclaredStream {
  readonly key: string;
  /** A short text that changes with the data of the stream; `""` for a stream without data. */
  readonly spec: string;
}

/** A stream that a node has got. */
export interface Claim extends OwnedStream {
  /** The text of the position after the last handled event; `""` for none. */
  readonly cursor: string;
  /** The text of the last ids; `undefined` for none. */
  readonly recent: string | undefined;
  readonly strikes: number;
}

/** Why a stream is made free. */
export type Outcome = 'drained' | 'moved' | 'crashed' | 'gaveUp' | 'ended' | 'removed';

export interface SavedRow extends OwnedStream {
  /** Unchanged if it is `undefined`. */
  readonly cursor?: string | undefined;
  readonly recent?: string | undefined;
  /** Makes the stream free. */
  readonly outcome?: Outcome | undefined;
  /** Unchanged if it is `undefined`. */
  readonly strikes?: number | undefined;
  /** With an outcome: nobody may take the stream for now. */
  readonly parked?: Pick<ParkedStream, 'reason' | 'retryIn'> | undefined;
}

/** The nodes and the streams of a store. */
export interface Survey {
  /** The nodes that are not buried: one that has died is there until another node buries it. */
  readonly nodes: readonly SurveyedNode[];
  readonly streams: {
    readonly total: number;
    /** Without an owner that lives, and not parked. */
    readonly free: number;
    /** With strikes, and not parked. */
    readonly suspects: number;
    readonly parked: number;
  };
  readonly rows: readonly StreamRow[];
}

/** A node, as an operator is shown it. */
export interface SurveyedNode extends NodeRow {
  /** How long ago it has renewed its lease, in ms, by the clock of the store: for people only. */
  readonly sinceRenewal: number;
}

/** A stream, as an operator is shown it. */
export interface StreamRow extends OwnedStream {
  /** The name of the node that owns it; `undefined` if none does that lives. */
  readonly owner: string | undefined;
  readonly strikes: number;
  readonly cursor: string;
  /** Why it is not run; `undefined` if it may run. */
  readonly parked: string | undefined;
  /** In how many ms it is tried again; `undefined`: when its spec changes, or by hand. */
  readonly retryIn: number | undefined;
}

/** The cursor of a stream, as its owner knows it. */
export interface OwnedCursor extends OwnedStream {
  readonly cursor: string;
}

/** The step of a cursor that belongs to a transaction. */
export interface CursorMove extends OwnedCursor {
  /** The cursor that the owner left: a store that has lost commits has another one. */
  readonly was: string;
}

/** The stream has another owner or another epoch by now, or its cursor is not where it was left. */
export class NotOwnerError extends Error {
  readonly key: string;

  constructor({ key, epoch }: OwnedStream) {
    super(`Expected to own ${key} at epoch ${epoch}, got a row that was changed by another node`);
    this.name = 'NotOwnerError';
    this.key = key;
  }
}

/**
 * The store is there, but not the tables of the cluster: somebody has removed them. A node that
 * misses them for `ttl` ends, since nothing but people brings them back.
 */
export class MissingTablesError extends Error {
  /** `message` says which tables, as an operator knows them. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MissingTablesError';
  }
}
