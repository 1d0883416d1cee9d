/** How many of the last renewals are kept. */
const kept = 64;

/** The times that the last renewals took. */
export class RoundTrips {
  readonly #times: number[] = [];

  add(ms: number): void {
    this.#times.push(ms);
    if (this.#times.length > kept) {
      this.#times.shift();
    }
  }

  /** In ms; `undefined` before the first. */
  get percentiles(): { readonly p50: number; readonly p99: number } | undefined {
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (part: number): number | undefined => sorted[Math.ceil(sorted.length * part) - 1];
    const [p50, p99] = [at(0.5), at(0.99)];
    return p50 === undefined || p99 === undefined ? undefined : { p50, p99 };
  }
}
