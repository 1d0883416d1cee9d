/** A stopwatch for many short operations of a few kinds, one after the other. */
export class Laps {
  readonly #kinds: Map<string, number[]> = new Map();
  #from = 0;

  start(): void {
    this.#from = performance.now();
  }

  /** Counts the time since the start or the last lap as `count` operations of this kind. */
  lap(kind: string, count = 1): void {
    const seconds = (performance.now() - this.#from) / 1000;
    const laps = this.#kinds.get(kind) ?? [];
    laps.push(seconds / count);
    this.#kinds.set(kind, laps);
    this.start();
  }

  /**
   * The median time of one operation of each kind: interruptions by other programs hit only a few
   * operations.
   */
  get medians(): ReadonlyMap<string, number> {
    return new Map([...this.#kinds].map(([kind, laps]) => [kind, median(laps)]));
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
