import type { CursorMove, DeclaredStream, NodeRow, SavedRow } from '@reprise/cluster';
import { MemoryTables, type NodeEvent, type Now, type Request } from '@reprise/cluster/core';

import type { Judge } from './judge.ts';

/** The store, with the effects that transactions leave in it. */
export class Database {
  readonly #judge: Judge;
  #tables: MemoryTables;
  /** How many effects each stream has. */
  #effects: Map<string, number> = new Map();

  constructor(judge: Judge, date: () => number) {
    this.#judge = judge;
    this.#tables = new MemoryTables(date);
  }

  get tables(): MemoryTables {
    return this.#tables;
  }

  execute(request: Request, sentAt: Now): NodeEvent {
    const tables = this.#tables;
    switch (request.type) {
      case 'join':
        return { type: 'joined', sentAt, holder: this.#join(request) };
      case 'declare':
        this.#declare(request.streams);
        return { type: 'declared', isComplete: true };
      case 'renew': {
        const { id, renewal, facts } = request;
        return { type: 'renewed', sentAt, isGood: tables.renew(id, renewal, facts) };
      }
      case 'watch':
        return { type: 'watched', nodes: tables.watch() };
      case 'observe':
        return { type: 'viewed', view: tables.observe(request.id, request.dead, request.held) };
      case 'claim': {
        const claims = tables.claim(request.id, request.wanted);
        this.#judge.gave(claims);
        return { type: 'claimed', claims };
      }
      case 'release':
        return { type: 'released', keys: this.#release(request.id, request.rows) };
      default:
        tables.leave(request.id);
        return { type: 'left' };
    }
  }

  /** Whether the transaction was committed, with its effect. */
  transact(id: string, move: CursorMove): boolean {
    const row = this.#tables.owner(move.key);
    const isRight = row?.owner === id && row.epoch === move.epoch && row.cursor === move.was;
    const isAccepted = this.#advance(id, move);
    this.#judge.wrote(move, isAccepted, isRight);
    if (isAccepted) {
      const effects = this.#effects.get(move.key) ?? 0;
      this.#judge.committed(move, effects);
      this.#effects.set(move.key, effects + 1);
    }
    return isAccepted;
  }

  /** What is acknowledged from here on can be lost: the result puts everything back. */
  keep(): () => void {
    const tables = this.#tables.copy();
    const effects = new Map(this.#effects);
    return () => {
      this.#tables = tables;
      this.#effects = effects;
      this.#judge.hasLostRows = true;
    };
  }

  #declare(streams: readonly DeclaredStream[]): void {
    for (const { key, spec } of streams) {
      const row = this.#tables.owner(key);
      if (row?.parking !== undefined && row.spec !== spec) {
        this.#judge.retries(key);
      }
    }
    this.#tables.declare(streams);
  }

  #join({ node, renewal }: Extract<Request, { type: 'join' }>): NodeRow | undefined {
    return this.#tables.join(node, renewal);
  }

  #release(id: string, rows: readonly SavedRow[]): readonly string[] {
    const right = rows.filter(({ key, epoch }) => {
      const row = this.#tables.owner(key);
      return row?.owner === id && row.epoch === epoch;
    });
    const keys = this.#tables.save(id, rows);
    for (const row of rows) {
      this.#judge.wrote(row, keys.includes(row.key), right.includes(row));
    }
    return keys;
  }

  #advance(id: string, move: CursorMove): boolean {
    try {
      this.#tables.advance(id, move);
      return true;
    } catch {
      return false;
    }
  }
}
