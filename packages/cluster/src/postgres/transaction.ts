import type { Clock } from '@reprise/actor';
import type { PoolClient } from 'pg';

import { type CursorMove, NotOwnerError } from '../store.ts';
import { within } from '../within.ts';
import { codeOf, fieldOf, messageOf } from './errors.ts';
import { guarded } from './guarded.ts';
import { untilAborted } from './lend.ts';
import type { Statements } from './statements.ts';

/** The parts of a transaction that are the same for all events of a store. */
export interface TransactionContext {
  readonly client: PoolClient;
  /** Ends the transaction, whatever its handler waits for. */
  readonly fail: (error: unknown) => void;
  readonly clock: Clock;
  readonly statements: Statements;
  readonly id: string;
  readonly move: CursorMove;
  /** How long the server may take to begin, and to commit, in ms. */
  readonly timeout: number;
}

/**
 * Runs `work` in a transaction, moves the cursor, and commits. The fence comes last: a fence first
 * would lock the row of the stream as long as the handler takes, and a process that is stopped in
 * its handler could not be followed by anybody.
 */
export async function runTransaction(
  context: TransactionContext,
  work: (tx: PoolClient) => unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const transaction = new Transaction(context);
  const { tx, refusals, close } = guarded(context.client, transaction);
  let result: unknown;
  try {
    result = await untilAborted(Promise.resolve(work(tx)), signal);
  } catch (error) {
    throw refusalIn(error, refusals) ?? error;
  } finally {
    close();
  }
  // `signal` does not give up a commit that is on its way: its outcome would be unknown.
  await transaction.commit();
  return result;
}

/** An ORM wraps the error of a statement into its own: the user has to know the cause. */
function refusalIn(error: unknown, refusals: ReadonlySet<unknown>): unknown {
  let cause = error;
  // A limit, since nothing keeps causes from being a circle.
  for (let depth = 0; depth < 10; depth += 1) {
    if (refusals.has(cause)) {
      return cause;
    }
    cause = fieldOf(cause, 'cause');
  }
  return undefined;
}

class Transaction {
  readonly #context: TransactionContext;
  #xact: Promise<string> | undefined;
  #failure: unknown;

  constructor(context: TransactionContext) {
    this.#context = context;
  }

  /**
   * Sends the beginning, if it has not been sent: before the first statement of the handler, in
   * one flight with it. While a handler has asked nothing, nothing is open.
   * @returns the id of the transaction
   */
  begin(): Promise<string> {
    if (this.#xact === undefined) {
      this.#xact = this.#begin();
      // The handler would wait for its own statement for ever, if the connection is silent.
      this.#xact.catch(this.#context.fail);
    }
    return this.#xact;
  }

  /** A statement of the handler has failed: all that follow will, and only the first says why. */
  failed(error: unknown): void {
    this.#failure ??= error;
  }

  /** The fence and the commit, in one flight: after a refusal the server rolls back by itself. */
  async commit(): Promise<void> {
    const { client, clock, timeout, statements, id, move } = this.#context;
    const { key, epoch, was, cursor } = move;
    const xact = await this.begin();
    const answers = Promise.allSettled([
      client.query(statements.advance, [key, id, epoch, was, cursor, xact]),
      client.query('commit'),
    ]);
    const [advance, commit] = await within(answers, { clock, timeout, of: 'Postgres to a commit' });
    if (advance.status === 'rejected') {
      throw this.#explained(advance.reason);
    }
    if (commit.status === 'rejected') {
      throw commit.reason;
    }
    // A transaction that has failed answers `ROLLBACK`, without an error.
    if (commit.value.command !== 'COMMIT') {
      throw new Error(`Expected the answer COMMIT, got ${commit.value.command}`);
    }
  }

  async #begin(): Promise<string> {
    const { client, clock, timeout, statements } = this.#context;
    const began = client.query(statements.begin);
    return xactIn(await within(began, { clock, timeout, of: 'Postgres' }));
  }

  #explained(error: unknown): unknown {
    const { move } = this.#context;
    switch (codeOf(error)) {
      case 'RP001':
        return new NotOwnerError(move);
      case 'RP002':
        return new Error(
          `Expected the handler of ${move.key} to leave its transaction open, got one that it has ended: an effect may have stayed without its cursor`,
          { cause: error },
        );
      case '25P02':
        return new Error(
          `Expected the statements of the handler of ${move.key} to succeed, got one that failed: ${messageOf(this.#failure ?? error)}`,
          { cause: this.#failure ?? error },
        );
      default:
        return error;
    }
  }
}

/** A text of several statements is answered by as many results. */
function xactIn(results: unknown): string {
  const last: unknown = Array.isArray(results) ? results.at(-1) : undefined;
  const { rows } = last as { readonly rows: readonly { readonly xact: string }[] };
  return rows[0]?.xact ?? '';
}
