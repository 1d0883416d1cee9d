import { DatabaseSync } from 'node:sqlite';

import type { CursorStore } from '../../src/index.ts';
import { isThenable } from '../../src/maybe-promise.ts';

/** Where a transaction of a ledger fails. */
type Fault = 'begin' | 'commit' | 'answer';

/**
 * A store that keeps positions and the effects of handlers in one database, as an owner of streams
 * does: an effect that is written within `transaction` is there if, and only if, the position is.
 */
export class Ledger implements CursorStore {
  readonly #database = new DatabaseSync(':memory:');
  readonly #isAsync: boolean;
  /** The calls in their order, and the writes of each. */
  readonly log: string[] = [];
  /** The next transaction fails so: its answer may be lost though it is committed. */
  fault: Fault | undefined = undefined;
  /** Called, and waited for, before each commit of an asynchronous ledger. */
  beforeCommit: () => Promise<void> | void = () => undefined;

  constructor(isAsync: boolean) {
    this.#isAsync = isAsync;
    this.#database.exec(
      'create table cursor (key text primary key, value text); create table effect (data text)',
    );
  }

  get(key: string): string | undefined {
    const row = this.#database.prepare('select value from cursor where key = ?').get(key);
    return (row as { readonly value: string } | undefined)?.value;
  }

  set(key: string, value: string): void {
    this.log.push(`set ${value}`);
    this.#set(key, value);
  }

  /** Only within a handler. */
  effect(data: string): void {
    this.#database.prepare('insert into effect values (?)').run(data);
  }

  get effects(): readonly string[] {
    const rows = this.#database.prepare('select data from effect').all();
    return (rows as { readonly data: string }[]).map(({ data }) => data);
  }

  transaction(key: string, value: string | undefined, work: () => unknown): unknown {
    return this.#isAsync ? this.#transactLater(key, value, work) : this.#transact(key, value, work);
  }

  #transact(key: string, value: string | undefined, work: () => unknown): undefined {
    this.#begin();
    try {
      if (isThenable(work())) {
        throw new TypeError('Expected a synchronous handler, got a promise');
      }
      this.#write(key, value);
    } catch (error) {
      this.#rollback();
      throw error;
    }
    this.#commit(value);
  }

  async #transactLater(key: string, value: string | undefined, work: () => unknown): Promise<void> {
    await Promise.resolve();
    this.#begin();
    try {
      await work();
      this.#write(key, value);
      await this.beforeCommit();
    } catch (error) {
      this.#rollback();
      throw error;
    }
    this.#commit(value);
  }

  #begin(): void {
    this.#failAt('begin');
    this.#database.exec('begin');
  }

  #write(key: string, value: string | undefined): void {
    if (value !== undefined) {
      this.#set(key, value);
    }
    this.#failAt('commit');
  }

  #commit(value: string | undefined): void {
    this.#database.exec('commit');
    this.log.push(`commit ${value ?? 'nothing'}`);
    this.#failAt('answer');
  }

  #rollback(): void {
    this.#database.exec('rollback');
    this.log.push('rollback');
  }

  #set(key: string, value: string): void {
    this.#database
      .prepare('insert into cursor values (?, ?) on conflict do update set value = excluded.value')
      .run(key, value);
  }

  #failAt(fault: Fault): void {
    if (this.fault === fault) {
      this.fault = undefined;
      throw new LedgerError(fault);
    }
  }
}

export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

/** A ledger that keeps the ids of the last events apart from the position. */
export class SplitLedger extends Ledger {
  readonly #recent = new Map<string, string>();

  override get(key: string): string | undefined {
    const value = super.get(key);
    const recent = this.#recent.get(key);
    return value === undefined ? undefined : ({ value, recent } as never);
  }

  setWithRecent(key: string, value: string, recent: string): void {
    this.set(key, value);
    this.log.push(`recent ${recent}`);
    this.#recent.set(key, recent);
  }
}
