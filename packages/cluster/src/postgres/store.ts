import type { Clock } from '@reprise/actor';
import type { PoolClient, QueryResultRow } from 'pg';

import { assertKey } from '../key.ts';
import { mostInView, type TimedRequest, timeLimitOf } from '../limits.ts';
import {
  type Claim,
  type CursorMove,
  type DeclaredStream,
  type FreeStream,
  type Held,
  type JoiningNode,
  MissingTablesError,
  type NodeFacts,
  type NodeRow,
  type OpenStore,
  type OwnedCursor,
  type OwnedStream,
  type ParkedStream,
  type SavedRow,
  type SeenNode,
  type StreamRow,
  type StreamTable,
  type Survey,
  type TableRow,
  type View,
} from '../store.ts';
import { abortAfter, startTimer } from '../within.ts';
import { nameOfTables } from './check.ts';
import { isMissing, messageOf } from './errors.ts';
import type { LeaseConnection } from './lease-connection.ts';
import { type Lender, untilAborted } from './lend.ts';
import { LockedRowsError, save } from './save.ts';
import type { Statements } from './statements.ts';
import { timedQuery } from './timed-query.ts';
import { runTransaction } from './transaction.ts';

/** What an open store is made of. */
export interface Parts {
  readonly engine: string;
  readonly clock: Clock;
  readonly ttl: number;
  readonly schema: string;
  readonly statements: Statements;
  readonly lease: LeaseConnection;
  readonly lender: Lender;
  readonly onWarning: (text: string) => void;
}

/** How many rows of streams one statement makes. */
const declaredAtOnce = 5000;

/** In ms. */
const pauseOfWarnings = 60_000;

/**
 * The port, as statements. The requests that keep the lease of a node go by the lease connection;
 * those that may be long (cursors, lists, transactions) by the pool.
 */
export class PostgresStore implements OpenStore<PoolClient> {
  readonly engine: string;
  readonly #parts: Parts;
  #warnedAt = -Infinity;
  /** The streams that its node lists. */
  #listed: readonly string[] = [];
  /** There are more streams than a view may have. From then on each has those of the list alone. */
  #isCrowded = false;

  constructor(parts: Parts) {
    this.engine = parts.engine;
    this.#parts = parts;
  }

  async join(node: JoiningNode, renewal: string): Promise<NodeRow | undefined> {
    const { statements } = this.#parts;
    const { id, name, weight, ttl, host, pid } = node;
    await this.#query(statements.forget);
    const values = [id, name, renewal, weight, JSON.stringify({ ttl, host, pid })];
    for (let tries = 0; tries < 3; tries += 1) {
      const made = await this.#query(statements.join, values);
      if (made.length > 0) {
        return undefined;
      }
      const [row] = await this.#query<{ node: NodeRow }>(statements.named, [name]);
      if (row !== undefined) {
        return row.node.id === id ? this.#joined(id, renewal) : row.node;
      }
      // The node with that name has ended between the two statements.
    }
    throw new Error(`Expected a new id for the node ${name}, got ${id}, which has ended`);
  }

  /** The answer to an earlier `join` of this id was lost. */
  async #joined(id: string, renewal: string): Promise<undefined> {
    await this.renew(id, renewal, { owned: 0, draining: false, list: '', busy: 0 });
  }

  async renew(id: string, renewal: string, facts: NodeFacts): Promise<boolean> {
    const { owned, draining, list, busy } = facts;
    const rows = await this.#query(this.#parts.statements.renew, [
      id,
      renewal,
      owned,
      draining,
      list,
      busy,
    ]);
    return rows.length > 0;
  }

  async watch(): Promise<readonly NodeRow[]> {
    const { statements } = this.#parts;
    const rows = await this.#query<{ node: NodeRow }>(statements.watch);
    return rows.map(({ node }) => node);
  }

  async observe(id: string, dead: readonly SeenNode[], held: Held): Promise<View> {
    const { statements } = this.#parts;
    const burial = [dead.map((node) => node.id), dead.map(({ renewal }) => renewal)];
    const buried = dead.length > 0 ? this.#query(statements.bury, burial) : undefined;
    const [view] = await Promise.all([this.#view(id, held), buried]);
    if (this.#isCrowded || this.#listed.length === 0 || !isFull(view)) {
      return view;
    }
    this.#isCrowded = true;
    return this.#view(id, held);
  }

  async #view(id: string, { count, epochs }: Held): Promise<View> {
    const listed = this.#isCrowded ? this.#listed : null;
    const [view] = await this.#query<Seen>(this.#parts.statements.view, [
      id,
      count,
      epochs,
      listed,
    ]);
    return {
      instance: view?.instance,
      nodes: view?.nodes ?? [],
      mine: view?.mine ?? undefined,
      free: view?.free ?? [],
      parked: (view?.parked ?? []).map(withoutNull),
    };
  }

  async claim(id: string, wanted: readonly FreeStream[]): Promise<readonly Claim[]> {
    const { statements } = this.#parts;
    const values = [id, wanted.map(({ key }) => key), wanted.map(({ epoch }) => epoch)];
    const rows = await this.#query<ClaimRow>(statements.claim, values);
    return rows.map((row) => ({ ...row, recent: row.recent ?? undefined }));
  }

  async save(id: string, rows: readonly SavedRow[]): Promise<readonly string[]> {
    const { statements, ttl } = this.#parts;
    const values = [
      id,
      rows.map(({ key }) => key),
      rows.map(({ epoch }) => epoch),
      rows.map(({ cursor }) => cursor),
      rows.map(({ recent }) => recent),
      rows.map(({ outcome }) => outcome !== undefined),
      rows.map(({ strikes }) => strikes),
      rows.map(({ parked }) => parked?.reason),
      rows.map(({ parked }) => parked?.retryIn),
    ];
    // A transaction of a handler holds its row for moments.
    const lockTimeout = ttl / 16;
    try {
      return await this.#lend('save', async (client, timeout) =>
        save(client, { statements, values, timeout, lockTimeout }),
      );
    } catch (error) {
      if (error instanceof LockedRowsError) {
        this.#slow('save');
      }
      throw error;
    }
  }

  async transact(
    id: string,
    move: CursorMove,
    work: (tx: PoolClient) => unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { lender, clock, statements, ttl } = this.#parts;
    return lender.lend(signal, (client, fail) =>
      runTransaction({ client, fail, clock, statements, id, move, timeout: ttl }, work, signal),
    );
  }

  async compare(id: string, cursors: readonly OwnedCursor[]): Promise<readonly string[]> {
    const rows = await this.#ask<{ key: string }>('compare', [
      id,
      cursors.map(({ key }) => key),
      cursors.map(({ epoch }) => epoch),
      cursors.map(({ cursor }) => cursor),
    ]);
    return rows.map(({ key }) => key);
  }

  async list(version: string | undefined): Promise<StreamTable | undefined> {
    const [table] = await this.#ask<Listed>('list', [version]);
    return table === undefined || table.version === version
      ? undefined
      : { version: table.version, rows: table.rows ?? [] };
  }

  async declare(streams: readonly DeclaredStream[]): Promise<boolean> {
    for (const { key } of streams) {
      assertKey(key);
    }
    this.#listed = streams.map(({ key }) => key);
    this.#isCrowded = false;
    let isComplete = true;
    for (let from = 0; from < streams.length; from += declaredAtOnce) {
      const some = streams.slice(from, from + declaredAtOnce);
      const values = [some.map(({ key }) => key), some.map(({ spec }) => spec)];
      const [answer] = await this.#ask<{ readonly passed: boolean }>('declare', values);
      isComplete &&= answer?.passed === false;
    }
    return isComplete;
  }

  async leave(id: string): Promise<void> {
    await this.#query(this.#parts.statements.leave, [id]);
  }

  async survey(limit: number): Promise<Survey> {
    const [survey] = await this.#ask<Surveyed>('survey', [limit]);
    const { nodes, streams, rows } = survey ?? emptySurvey;
    return { nodes: nodes ?? [], streams, rows: (rows ?? []).map(withoutNull) };
  }

  async owner(key: string): Promise<string | undefined> {
    const [owner] = await this.#ask<{ readonly name: string }>('owner', [key]);
    return owner?.name;
  }

  async retry(key: string): Promise<boolean> {
    return (await this.#ask('retry', [key])).length > 0;
  }

  async close(): Promise<void> {
    this.#parts.lease.close();
    await this.#parts.lender.close();
  }

  /** A statement by the lease connection. */
  async #query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const { lease, schema } = this.#parts;
    try {
      return await lease.query<Row>(text, values);
    } catch (error) {
      throw isMissing(error) ? missing(schema, error) : error;
    }
  }

  /** A statement by the pool. */
  #ask<Row extends QueryResultRow>(
    request: 'compare' | 'declare' | 'list' | 'survey' | 'owner' | 'retry',
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const text = this.#parts.statements[request];
    return this.#lend(request, (client, timeout) =>
      timedQuery<Row>(client, { text, values, timeout }),
    );
  }

  /** Uses the pool. A request may be large, and the pool may be busy: so it has more time. */
  async #lend<Answer>(
    request: TimedRequest,
    use: (client: PoolClient, timeout: number) => Promise<Answer>,
  ): Promise<Answer> {
    const { lender, clock, ttl } = this.#parts;
    const timeout = timeLimitOf(request, ttl);
    const { signal, stop } = abortAfter({ clock, timeout, of: 'Postgres' });
    const stopWarning = startTimer(clock, ttl / 8, () => {
      this.#slow(request);
    });
    try {
      return await lender.lend(signal, (client) => untilAborted(use(client, timeout), signal));
    } finally {
      stopWarning();
      stop();
    }
  }

  /** Cursors may be slow for hours: a warning a minute is enough. */
  #slow(request: TimedRequest): void {
    const { clock, ttl, onWarning } = this.#parts;
    if (request === 'save' && clock.now() >= this.#warnedAt + pauseOfWarnings) {
      this.#warnedAt = clock.now();
      onWarning(slowness(ttl / 8));
    }
  }
}

/** The answer to a look. */
interface Seen {
  readonly instance: string;
  readonly nodes: readonly NodeRow[] | null;
  readonly mine: readonly OwnedStream[] | null;
  readonly free: readonly FreeStream[] | null;
  readonly parked: readonly ParkedStream[] | null;
}

interface Surveyed {
  readonly nodes: Survey['nodes'] | null;
  readonly streams: Survey['streams'];
  readonly rows: readonly StreamRow[] | null;
}

const emptySurvey: Surveyed = {
  nodes: null,
  streams: { total: 0, free: 0, suspects: 0, parked: 0 },
  rows: null,
};

/** JSON has `null` where the port has `undefined`. */
function withoutNull<Row extends object>(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => [name, value ?? undefined]);
  return Object.fromEntries(entries) as Row;
}

/** The table of streams. */
interface Listed {
  readonly version: string;
  readonly rows: readonly TableRow[] | null;
}

interface ClaimRow extends Omit<Claim, 'recent'> {
  readonly recent: string | null;
}

function isFull({ free, parked }: View): boolean {
  return Math.max(free.length, parked.length) >= mostInView;
}

function slowness(limit: number): string {
  return `Postgres takes more than ${limit} ms to write cursors: look for a transaction that is open for long, for locks, and for slow disks`;
}

function missing(schema: string, cause: unknown): MissingTablesError {
  const text = `Expected ${nameOfTables(schema)}, got: ${messageOf(cause)}`;
  return new MissingTablesError(text, { cause });
}
