import { createHash } from 'node:crypto';

/**
 * The ids of the last handled events. Its memory is bounded whatever a server sends: it holds at
 * most `capacity` ids, a long one as its digest, and none that keeps its packet alive.
 */
export class RecentIds {
  readonly #capacity: number;
  /** A ring: the newest id overwrites the oldest. */
  #ids: string[];
  /** The same ids for a quick lookup; only made where each event is looked up. */
  readonly #index: Set<string> | undefined;
  #next: number;
  /** How many ids, from the newest backwards, are still slices of their packets. */
  #uncopied = 0;
  /** The ids of events whose handling has begun. */
  #held: string[] = [];

  /** @param isIndexed whether each event will be looked up. */
  constructor(ids: readonly string[], capacity: number, isIndexed: boolean) {
    this.#capacity = capacity;
    const kept = ids.slice(-capacity).map(keptFor);
    // A run without `dedupe` may have kept an id twice. The index would forget it when the first of
    // the two is overwritten, so only the last of the two stays.
    this.#ids = isIndexed ? [...new Set(kept.toReversed())].toReversed() : kept;
    this.#index = isIndexed ? new Set(this.#ids) : undefined;
    this.#next = this.#ids.length % capacity;
  }

  has(id: string): boolean {
    const kept = keptFor(id);
    return this.#index === undefined
      ? this.#ids.includes(kept) || this.#held.includes(kept)
      : this.#index.has(kept);
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

  /** Holds the id of an event that is about to be handled: `keep` or `drop` follows. */
  hold(id: string): void {
    const kept = keptFor(id);
    this.#held.push(kept);
    this.#index?.add(kept);
  }

  /** The events of the ids that are held have been handled. */
  keep(): void {
    for (const id of this.#held) {
      this.add(id);
    }
    this.#held = [];
  }

  /** They have failed. */
  drop(): void {
    for (const id of this.#held) {
      this.#index?.delete(id);
    }
    this.#held = [];
  }

  /** The ids, oldest first, without those that are held. */
  list(): readonly string[] {
    this.#copy();
    return [...this.#ids.slice(this.#next), ...this.#ids.slice(0, this.#next)];
  }

  /** As if the ids that are held had been added. */
  listAhead(): readonly string[] {
    return [...this.list(), ...this.#held].slice(-this.#capacity);
  }

  /**
   * Copies the ids before they are written, not when they are added: that would double the cost of
   * an event, and most ids are overwritten before the next write. All at once through one text,
   * which takes a quarter of the time of copying them one by one.
   */
  #copy(): void {
    if (this.#uncopied > 0) {
      this.#ids = JSON.parse(JSON.stringify(this.#ids)) as string[];
      this.#uncopied = 0;
    }
  }
}

/** In characters; ids of real servers are shorter. */
const longest = 128;

function keptFor(id: string): string {
  return id.length > longest ? `sha256:${createHash('sha256').update(id).digest('base64')}` : id;
}

/** An id is a slice of the text of its packet, and would keep all of that text in memory. */
function copyOf(id: string): string {
  return Buffer.from(id).toString();
}
