import { setTimeout as delay } from 'node:timers/promises';

import { machineTime } from '../../../../bench/torture/machine-time.ts';

/** A time in which the number of a stream stood still, by the machine's clock. */
export interface Pause {
  readonly from: number;
  readonly to: number;
}

interface Stand {
  readonly number: number;
  readonly since: number;
  readonly longest: Pause;
}

/** Between two looks, in ms. */
const beat = 250;

/** Watches the numbers of streams, and for how long each stands still. */
export class Progress {
  readonly #streams = new Map<string, Stand>();
  readonly #ended = new AbortController();
  readonly #watching: Promise<void>;

  static watch(read: () => Promise<ReadonlyMap<string, number>>): Progress {
    return new Progress(read);
  }

  private constructor(read: () => Promise<ReadonlyMap<string, number>>) {
    this.#watching = this.#watch(read);
  }

  /** Ends the watch. The longest pause of each stream. */
  async end(): Promise<readonly Pause[]> {
    this.#ended.abort();
    await this.#watching;
    return [...this.#streams.values()].map(({ longest }) => longest);
  }

  async #watch(read: () => Promise<ReadonlyMap<string, number>>): Promise<void> {
    while (!this.#ended.signal.aborted) {
      this.#look(await read());
      await delay(beat);
    }
  }

  #look(numbers: ReadonlyMap<string, number>): void {
    const now = machineTime();
    for (const [stream, number] of numbers) {
      const known = this.#streams.get(stream);
      const since = known?.since ?? now;
      const longest = known?.longest ?? { from: now, to: now };
      this.#streams.set(stream, {
        number,
        since: number === known?.number ? since : now,
        longest: now - since > longest.to - longest.from ? { from: since, to: now } : longest,
      });
    }
  }
}
