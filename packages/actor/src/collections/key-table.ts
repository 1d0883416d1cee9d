/**
 * A `Map` for keys that are deleted and set again many times: the names of processes that are
 * restarted. V8's `Map` keeps deleted entries in its hash chains until it rehashes, and a key that
 * is set again and again leaves a chain of them that each look-up walks through. Here a deleted key
 * keeps its entry, ready to be set again, until such entries are more than half of all.
 */
export class KeyTable<Value extends object> {
  readonly #values: Map<string, Value | undefined> = new Map();
  #size = 0;

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (this.get(key) === undefined) {
      this.#size += 1;
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.get(key) !== undefined) {
      this.#size -= 1;
      this.#values.set(key, undefined);
      if (this.#values.size > 2 * this.#size + minDeleted) {
        this.#removeDeleted();
      }
    }
  }

  /** Amortised over the many deletions that led to it, this costs next to nothing. */
  #removeDeleted(): void {
    for (const [key, value] of this.#values) {
      if (value === undefined) {
        this.#values.delete(key);
      }
    }
  }
}

/** A small table is not worth the work. */
const minDeleted = 8;
