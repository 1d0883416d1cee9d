/** A callback that has held the thread for longer than `slowCallback`. */
export interface SlowCallback {
  readonly at: number;
  readonly path: string;
  readonly ms: number;
}

/** Callbacks are counted and forgotten by the minute, as the ticks of the hour are. */
const minute = 60_000;
/** The minute of now, and those that lie within the hour as a whole. */
const minutes = 60;
const most = 20;
/** One process that is slow again and again leaves room for others. */
const mostOfPath = 2;

/**
 * The slowest callbacks of the last hour. Each minute keeps its own slowest ones, and is forgotten
 * as a whole: within a minute, none can hide one that would be shown longer than itself.
 */
export class SlowCallbacks {
  /** The key is the number of the minute. */
  readonly #minutes: Map<number, readonly SlowCallback[]> = new Map();

  add(callback: SlowCallback): void {
    const key = Math.floor(callback.at / minute);
    this.#minutes.set(key, slowestOf([...(this.#minutes.get(key) ?? []), callback]));
    this.#forget(callback.at);
  }

  /** The slowest first. */
  at(now: number): readonly SlowCallback[] {
    this.#forget(now);
    return slowestOf([...this.#minutes.values()].flat());
  }

  #forget(now: number): void {
    for (const key of this.#minutes.keys()) {
      if (key <= Math.floor(now / minute) - minutes) {
        this.#minutes.delete(key);
      }
    }
  }
}

function slowestOf(all: readonly SlowCallback[]): readonly SlowCallback[] {
  const counts = new Map<string, number>();
  return all
    .toSorted((a, b) => b.ms - a.ms)
    .filter(({ path }) => {
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      return count <= mostOfPath;
    })
    .slice(0, most);
}
