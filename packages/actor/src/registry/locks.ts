import type { Cell } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { Ownership } from '../process/ownership.ts';

/** A place in the queue for a key. The first in the queue holds the key. */
interface Place {
  readonly key: unknown;
  /** Settles when the key is free for it. */
  readonly granted: PromiseWithResolvers<void>;
}

/** Keys that one process holds at a time; waiting processes get them in the order they came. */
export class Locks {
  /** The queue for each key. */
  readonly #queues: Map<unknown, Set<Place>> = new Map();
  readonly #placesOf: Ownership<Place> = new Ownership((place) => {
    this.#leave(place);
  });

  /**
   * Calls `fn` once `cell` holds the key, and frees the key when that has settled or `cell` has
   * ended.
   */
  async hold<Result>(
    cell: Cell,
    key: unknown,
    fn: () => Result | PromiseLike<Result>,
  ): Promise<Result> {
    const place = this.#enqueue(cell, key);
    await place.granted.promise;
    if (!cell.isAlive) {
      // It got the key and ended before it could go on. Never settled, like every promise that a
      // process waits for at its end.
      return new Promise<never>(() => undefined);
    }
    try {
      return await fn();
    } finally {
      this.#placesOf.delete(cell, place);
      this.#leave(place);
    }
  }

  /** Fails every wait. Processes that hold a key go on. */
  fail(reason: ExitReason): void {
    this.#placesOf.clear();
    for (const { granted } of [...this.#queues.values()].flatMap((queue) => [...queue])) {
      granted.reject(new ExitError(reason, 'lock'));
    }
    this.#queues.clear();
  }

  #enqueue(cell: Cell, key: unknown): Place {
    const place: Place = { key, granted: Promise.withResolvers() };
    const queue = this.#queues.get(key) ?? new Set();
    this.#queues.set(key, queue.add(place));
    this.#placesOf.add(cell, place);
    if (queue.size === 1) {
      place.granted.resolve();
    }
    return place;
  }

  /** Called twice when a process ends before its `fn` settles: the second changes nothing. */
  #leave(place: Place): void {
    const queue = this.#queues.get(place.key) ?? new Set();
    queue.delete(place);
    const [next] = queue;
    if (next === undefined) {
      this.#queues.delete(place.key);
    } else {
      next.granted.resolve();
    }
  }
}
