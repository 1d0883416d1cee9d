import type { Figures } from '@reprise/observer/wire';

/** The numbers of a process, and what they have grown by, a second. */
export interface Measured {
  readonly status: number;
  readonly queue: number;
  readonly handled: number;
  readonly awaitingSince: number | undefined;
  /** Messages a second, and the share of the thread in percent; unknown after one look. */
  readonly rate: number | undefined;
  readonly busy: number | undefined;
}

interface Seen {
  readonly at: number;
  readonly pid: number;
  readonly handled: number;
  readonly busy: number;
}

/** Two looks that are farther apart give no rate: a tab may have slept. */
const longest = 5000;

/** Numbers from look to look. The server's are sums: a tab that slept shows no wrong rate. */
export class Rates {
  #seen: ReadonlyMap<number, Seen> = new Map();
  #now: ReadonlyMap<number, Measured> = new Map();

  get(row: number): Measured | undefined {
    return this.#now.get(row);
  }

  get all(): Iterable<readonly [row: number, measured: Measured]> {
    return this.#now;
  }

  clear(): void {
    this.#seen = new Map();
    this.#now = new Map();
  }

  update(at: number, rows: readonly Figures[], pidOf: (row: number) => number): void {
    const seen = new Map<number, Seen>();
    const now = new Map<number, Measured>();
    for (const [row, status, queue, handled, busy, awaitingSince] of rows) {
      const pid = pidOf(row);
      const before = this.#seen.get(row);
      const span = before !== undefined && before.pid === pid ? at - before.at : 0;
      const isKnown = before !== undefined && span > 0 && span <= longest;
      seen.set(row, { at, pid, handled, busy });
      now.set(row, {
        status,
        queue,
        handled,
        awaitingSince: awaitingSince ?? undefined,
        rate: isKnown ? ((handled - before.handled) / span) * 1000 : undefined,
        busy: isKnown ? ((busy - before.busy) / span) * 100 : undefined,
      });
    }
    this.#seen = seen;
    this.#now = now;
  }
}
