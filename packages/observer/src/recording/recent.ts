/**
 * The newest entries by key, so many at most: an entry that is used again counts as new. Each event
 * of a system may make one, so the oldest are dropped.
 */
export class Recent<Entry> {
  readonly #most: number;
  readonly #entries: Map<string, Entry> = new Map();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#most) {
      const [oldest = ''] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** The oldest first. An entry may be deleted meanwhile. */
  [Symbol.iterator](): Iterator<[key: string, entry: Entry]> {
    return this.#entries.entries();
  }
}
