interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What happens when, in true time: a heap. What is due at one instant keeps its order. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #count = 0;
  /** The true time, in ms. */
  now = 0;

  /** After so many ms of true time. */
  after(ms: number, run: () => void): void {
    this.#count += 1;
    const entry = { at: this.now + ms, order: this.#count, run };
    let place = this.#heap.push(entry) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(entry, this.#entry(above))) {
        break;
      }
      this.#heap[place] = this.#entry(above);
      place = above;
    }
    this.#heap[place] = entry;
  }

  /** Runs what is due within so many ms. `check` is called after each step. */
  run(ms: number, check: () => void): void {
    const end = this.now + ms;
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.run();
      check();
    }
    this.now = end;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) {
      return;
    }
    let place = 0;
    for (let below = 1; below < this.#heap.length; below = 2 * place + 1) {
      const other = this.#heap[below + 1];
      const least = other !== undefined && isBefore(other, this.#entry(below)) ? below + 1 : below;
      if (!isBefore(this.#entry(least), last)) {
        break;
      }
      this.#heap[place] = this.#entry(least);
      place = least;
    }
    this.#heap[place] = last;
  }

  #entry(place: number): Entry {
    return this.#heap[place] as Entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
