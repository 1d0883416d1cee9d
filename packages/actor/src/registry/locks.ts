import type { Cell } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { type ExitReason } from '../process/exit-reason.ts';

/** One who waits for a key, or has it. */
interface Turn {
  readonly begun: PromiseWithResolvers<void>;
  /** Lets go of the end of its process. */
  readonly forget: () => void;
}

/** Keys that one process holds at a time; those who wait have them in the order they came. */
export class Locks {
  /** Those of a key: the first has it. */
  readonly #turns: Map<unknown, Set<Turn>> = new Map();

  /**
   * Calls `fn` when the key is `cell`'s, and gives it back when that has settled or `cell` has
   * ended.
   */
  async hold<Result>(
    cell: Cell,
    key: unknown,
    fn: () => Result | PromiseLike<Result>,
  ): Promise<Result> {
    const turn = this.#enqueue(cell, key);
    await turn.begun.promise;
    if (!cell.isAlive) {
      // It was given the key and ended before it could go on: left pending, like all that a process
      // waits for at its end.
      return new Promise<never>(() => undefined);
    }
    try {
      return await fn();
    } finally {
      this.#leave(key, turn);
    }
  }

  /** Those who wait are told; those who hold a key go on. */
  fail(reason: ExitReason): void {
    for (const turns of this.#turns.values()) {
      for (const { begun, forget } of turns) {
        forget();
        begun.reject(new ExitError(reason, 'lock'));
      }
    }
    this.#turns.clear();
  }

  #enqueue(cell: Cell, key: unknown): Turn {
    const begun = Promise.withResolvers<void>();
    const forget = cell.onEnd(() => {
      this.#leave(key, turn);
    });
    const turn: Turn = { begun, forget };
    const turns = this.#turns.get(key) ?? new Set();
    this.#turns.set(key, turns.add(turn));
    if (turns.size === 1) {
      begun.resolve();
    }
    return turn;
  }

  /** Changes nothing the second time: a holder may end, and what it called settle later. */
  #leave(key: unknown, turn: Turn): void {
    const turns = this.#turns.get(key) ?? new Set();
    turns.delete(turn);
    turn.forget();
    const [next] = turns;
    if (next === undefined) {
      this.#turns.delete(key);
    } else {
      next.begun.resolve();
    }
  }
}
