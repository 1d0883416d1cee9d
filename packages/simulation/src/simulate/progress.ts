import process from 'node:process';

import { countOf, type SeedRange } from '../run/seed-range.ts';

/** Shorter runs show nothing, in ms. */
const silent = 2000;
const betweenLines = 200;

/** A line on a terminal that says how far a long run is. */
export class Progress {
  readonly #name: string;
  readonly #of: string;
  readonly #startedAt: number = performance.now();
  #nextAt: number = this.#startedAt + silent;
  #isShown = false;

  constructor(name: string, options: SeedRange) {
    const count = countOf(options);
    this.#name = name;
    this.#of = count === Infinity ? '' : ` of ${count}`;
  }

  show(seeds: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now < this.#nextAt) {
      return;
    }
    this.#nextAt = now + betweenLines;
    this.#isShown = true;
    const aMinute = Math.round((seeds / (now - this.#startedAt)) * 60_000);
    process.stderr.write(`\r\u001B[K${this.#name}: ${seeds}${this.#of} seeds, ${aMinute} a minute`);
  }

  clear(): void {
    if (this.#isShown) {
      process.stderr.write('\r\u001B[K');
      this.#isShown = false;
    }
  }
}
