import { createHash } from 'node:crypto';

/**
 * The ids of the last events, to be known again. What it holds is bounded, whatever a server sends:
 * so many ids, of a long one the digest, and of none the packet that it came in.
 */
export class RecentIds {
  readonly #capacity: number;
  /** The oldest is overwritten by the newest. */
  #ids: string[];
  /** The same, to be looked up; only made where each event is. */
  readonly #index: Set<string> | undefined;
  #next: number;
  /** How many, from the newest backwards, have not been copied yet. */
  #uncopied = 0;

  /** @param isIndexed whether many will be looked up. */
  constructor(ids: readonly string[], capacity: number, isIndexed: boolean) {
    this.#capacity = capacity;
    const kept = ids.slice(-capacity).map(keptFor);
    // Without `dedupe` an id may have been kept twice, and the index would forget it with the first
    // of them.
    this.#ids = isIndexed ? [...new Set(kept.toReversed())].toReversed() : kept;
    this.#index = isIndexed ? new Set(this.#ids) : undefined;
    this.#next = this.#ids.length % capacity;
  }

  has(id: string): boolean {
    const kept = keptFor(id);
    return this.#index === undefined ? this.#ids.includes(kept) : this.#index.has(kept);
  }

  add(id: string): void {
    let kept = keptFor(id);
    if (this.#index === undefined) {
      this.#uncopied += 1;
    } else {
      kept = copyOf(kept);
      this.#index.delete(this.#ids[this.#next] ?? '');
      this.#index.add(kept);
    }
    this.#ids[this.#next] = kept;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** What is to be kept for the next start, oldest first; `newest` as if it had been added. */
  list(newest?: string): readonly string[] {
    this.#copy();
    const ids = [...this.#ids.slice(this.#next), ...this.#ids.slice(0, this.#next)];
    return newest === undefined ? ids : [...ids, keptFor(newest)].slice(-this.#capacity);
  }

  /**
   * Now and then, and not for each event, which it would make twice as dear: of most, a newer one
   * has taken the place by then. All at once, by way of a text: to copy them one by one takes four
   * times as long.
   */
  #copy(): void {
    if (this.#uncopied > 0) {
      this.#ids = JSON.parse(JSON.stringify(this.#ids)) as string[];
      this.#uncopied = 0;
    }
  }
}

/** Longer than any id that is meant as one. */
const longest = 128;

function keptFor(id: string): string {
  return id.length > longest ? `sha256:${createHash('sha256').update(id).digest('base64')}` : id;
}

/** An id is a slice of the text of its packet, and would hold on to all of that. */
function copyOf(id: string): string {
  return Buffer.from(id).toString();
}
