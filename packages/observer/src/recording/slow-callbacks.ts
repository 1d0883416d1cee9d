/** A callback that has held the thread for longer than `slowCallback`. */
export interface SlowCallback {
  readonly at: number;
  readonly path: string;
  readonly ms: number;
}

const hour = 3_600_000;
/** What is forgotten is forgotten together, in parts of the hour. */
const part = 300_000;
const most = 20;
/** One process that is slow again and again leaves room for others. */
const mostOfPath = 2;

/**
 * The slowest callbacks of the last hour: of each five minutes those that are the slowest of the
 * hour once slower ones before them are forgotten.
 */
export class SlowCallbacks {
  readonly #parts: Map<number, readonly SlowCallback[]> = new Map();

  add(callback: SlowCallback): void {
    const key = Math.floor(callback.at / part);
    this.#parts.set(key, slowestOf([...(this.#parts.get(key) ?? []), callback]));
    this.#forget(callback.at);
  }

  /** The slowest first. */
  at(now: number): readonly SlowCallback[] {
    this.#forget(now);
    const all = [...this.#parts.values()].flat();
    return slowestOf(all.filter(({ at }) => at > now - hour));
  }

  #forget(now: number): void {
    for (const key of this.#parts.keys()) {
      if ((key + 1) * part <= now - hour) {
        this.#parts.delete(key);
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
