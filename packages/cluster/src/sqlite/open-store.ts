import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '@reprise/actor';

import { assertKey } from '../key.ts';
import { mostInView, timeLimitOf } from '../limits.ts';
import {
  type Claim,
  type CursorMove,
  type DeclaredStream,
  type FreeStream,
  type Held,
  type JoiningNode,
  type NodeFacts,
  type NodeRow,
  NotOwnerError,
  type OpenOptions,
  type OpenStore,
  type OwnedCursor,
  type SavedRow,
  type SeenNode,
  type StreamTable,
  type Survey,
  type View,
} from '../store.ts';
import type { Connected } from './connect.ts';
import { OpenedFile } from './opened-file.ts';
import { claimOf, freeOf, nodeOf, parkedOf, streamOf, tableOf } from './records.ts';
import type { Statement } from './statement.ts';
import type { Statements } from './statements.ts';
import { HandlerTransaction, type SqliteTransaction } from './transaction.ts';
import { Turns } from './turns.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** In ms: a node that asks to join once more finds that it is buried. */
const keptFor = 3_600_000;

/** One connection to the file. */
export class OpenSqliteStore implements OpenStore<SqliteTransaction> {
  readonly engine: string;
  readonly #connection: DatabaseSync;
  readonly #clock: Clock;
  readonly #ttl: number;
  readonly #file: OpenedFile;
  readonly #turns: Turns;
  readonly #sql: Statements;
  readonly #transaction: HandlerTransaction;
  /** The keys of the streams that its node lists, as JSON; `''` for none. */
  #listed = '';
  #isClosed = false;

  constructor(path: string, { connection, statements }: Connected, options: OpenOptions) {
    this.#connection = connection;
    this.#clock = options.clock;
    this.#ttl = options.ttl;
    this.#file = new OpenedFile(path);
    this.#sql = statements;
    this.#turns = new Turns(
      path,
      connection,
      options.clock,
      new WriteAheadLog(path, connection, options),
    );
    this.#transaction = new HandlerTransaction(path, connection);
    this.engine = `SQLite ${statements.version.get()?.version}`;
  }

  join(node: JoiningNode, renewal: string): Promise<NodeRow | undefined> {
    return this.#write(() => {
      const holder = this.#sql.node.get(node.name);
      if (holder !== undefined && holder.id !== node.id) {
        return nodeOf(holder);
      }
      const { id, name, weight, ttl, host, pid } = node;
      this.#sql.join.run(id, name, renewal, weight, ttl, host, pid, this.#date());
      this.#sql.sweep.run(this.#date() - keptFor);
      return undefined;
    });
  }

  renew(id: string, renewal: string, facts: NodeFacts): Promise<boolean> {
    const { owned, draining, list, busy } = facts;
    return this.#write(() => {
      const values = [renewal, this.#date(), owned, Number(draining), list, busy, id] as const;
      return this.#sql.renew.run(...values).changes !== 0;
    });
  }

  watch(): Promise<readonly NodeRow[]> {
    return this.#read(() => this.#nodes());
  }

  observe(id: string, dead: readonly SeenNode[], held: Held): Promise<View> {
    if (dead.length === 0) {
      return this.#read(() => this.#view(id, held));
    }
    return this.#write(() => {
      this.#sql.bury.run(this.#date(), JSON.stringify(dead));
      return this.#view(id, held);
    });
  }

  claim(id: string, wanted: readonly FreeStream[]): Promise<readonly Claim[]> {
    return this.#write(() =>
      this.#sql.claim.all(id, this.#date(), JSON.stringify(wanted)).map(claimOf),
    );
  }

  save(id: string, rows: readonly SavedRow[]): Promise<readonly string[]> {
    return this.#write(
      () => this.#sql.save.all(id, JSON.stringify(rows), this.#date()).map(({ key }) => key),
      timeLimitOf('save', this.#ttl),
    );
  }

  transact(
    id: string,
    move: CursorMove,
    work: (tx: SqliteTransaction) => unknown,
    signal: AbortSignal,
  ): unknown {
    signal.throwIfAborted();
    // Past a whole lease its node has lost the stream.
    return this.#turns.write(() => this.#advance(id, move, work), this.#ttl, signal);
  }

  compare(id: string, cursors: readonly OwnedCursor[]): Promise<readonly string[]> {
    return this.#read(() =>
      this.#sql.compare.all(id, JSON.stringify(cursors)).map(({ key }) => key),
    );
  }

  list(version: string | undefined): Promise<StreamTable | undefined> {
    return this.#read(() => {
      const found = this.#sql.listVersion.get()?.version;
      return found !== undefined && found === version ? undefined : tableOf(this.#sql.list.get());
    });
  }

  declare(streams: readonly DeclaredStream[]): Promise<boolean> {
    for (const { key } of streams) {
      assertKey(key);
    }
    return this.#write(
      () => {
        this.#sql.declare.run(JSON.stringify(streams));
        this.#listed = streams.length === 0 ? '' : JSON.stringify(streams.map(({ key }) => key));
        return true;
      },
      timeLimitOf('declare', this.#ttl),
    );
  }

  leave(id: string): Promise<void> {
    return this.#write(() => {
      this.#sql.release.run(id);
      this.#sql.leave.run(id);
    });
  }

  survey(limit: number): Promise<Survey> {
    return this.#read(() => ({
      nodes: this.#sql.surveyed.all(this.#date()).map(nodeOf),
      streams: this.#sql.counts.get() ?? { total: 0, free: 0, suspects: 0, parked: 0 },
      rows: this.#sql.streams.all(this.#date(), limit).map(streamOf),
    }));
  }

  owner(key: string): Promise<string | undefined> {
    return this.#read(() => this.#sql.owner.get(key)?.name);
  }

  retry(key: string): Promise<boolean> {
    return this.#write(() => this.#sql.retry.run(key).changes !== 0);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#connection.close();
    }
  }

  /**
   * No other process can write before the commit, so the fence can stand first: the handler of a
   * stream that is another's does not begin.
   */
  #advance(id: string, move: CursorMove, work: (tx: SqliteTransaction) => unknown): unknown {
    const { key, epoch, was, cursor } = move;
    if (this.#sql.advance.run(cursor, key, id, epoch, was).changes === 0) {
      throw new NotOwnerError(move);
    }
    return this.#transaction.run(work);
  }

  #view(id: string, held: Held): View {
    const { count, epochs } = this.#sql.held.get(id) ?? { count: 0, epochs: 0 };
    const isHeld = count === held.count && epochs === held.epochs;
    return {
      nodes: this.#nodes(),
      mine: isHeld ? undefined : this.#sql.mine.all(id),
      free: this.#free(),
      parked: this.#shown(this.#sql.parked, this.#sql.parkedListed).map(parkedOf),
    };
  }

  #nodes(): readonly NodeRow[] {
    const nodes = this.#sql.nodes.all().map(nodeOf);
    this.#turns.isShared = nodes.length > 1;
    return nodes;
  }

  #free(): readonly FreeStream[] {
    const now = this.#date();
    return this.#shown(this.#sql.free, this.#sql.freeListed).map((row) => freeOf(row, now));
  }

  /** All rows, or if there are too many, those of the list of the node. */
  #shown<Row>(all: Statement<Row>, listed: Statement<Row>): readonly Row[] {
    const rows = all.all(this.#date());
    const isCrowded = rows.length === mostInView && this.#listed !== '';
    return isCrowded ? listed.all(this.#date(), this.#listed) : rows;
  }

  async #write<Result>(
    work: () => Result,
    within = timeLimitOf('claim', this.#ttl),
  ): Promise<Result> {
    this.#file.assertInPlace();
    return this.#turns.write(work, within);
  }

  async #read<Result>(work: () => Result): Promise<Result> {
    this.#file.assertInPlace();
    return this.#turns.read(work, timeLimitOf('watch', this.#ttl));
  }

  #date(): number {
    return Math.floor(this.#clock.date?.() ?? Date.now());
  }
}
