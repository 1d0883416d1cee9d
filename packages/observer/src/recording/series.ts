/** How many names have a sum of their own. */
const mostNames = 100;
/** The name of the sum of all others. */
const other = 'other';

/**
 * Sums by name. The first hundred names have one each, all others one together: a metrics system
 * keeps each name that it has ever seen. A name stays where it is, so that no sum ever falls.
 */
export class Series<Sum> {
  readonly #sums: Map<string, Sum> = new Map();
  readonly #create: () => Sum;

  /** `create`: a sum of nothing. */
  constructor(create: () => Sum) {
    this.#create = create;
  }

  of(name: string): Sum {
    const known = this.nameOf(name);
    const sum = this.#sums.get(known) ?? this.#create();
    this.#sums.set(known, sum);
    return sum;
  }

  /** The name of its sum. */
  nameOf(name: string): string {
    return this.#sums.has(name) || this.#size < mostNames ? name : other;
  }

  [Symbol.iterator](): Iterator<[name: string, sum: Sum]> {
    return this.#sums.entries();
  }

  get #size(): number {
    return this.#sums.size - Number(this.#sums.has(other));
  }
}
