/** How many whole seconds the rate covers. */
const span = 5;

/** Events per second over the last five seconds, without the second that is still running. */
export class Rate {
  readonly #counts: number[] = Array.from({ length: span + 1 }, () => 0);
  readonly #since: number;
  #second: number;

  /** `now`, here and below: in ms, on any clock. */
  constructor(now: number) {
    this.#since = Math.floor(now / 1000);
    this.#second = this.#since;
  }

  add(now: number): void {
    this.#moveTo(now);
    const slot = this.#second % this.#counts.length;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  perSecond(now: number): number {
    this.#moveTo(now);
    const running = this.#counts[this.#second % this.#counts.length] ?? 0;
    const whole = this.#counts.reduce((sum, count) => sum + count, -running);
    return whole / Math.min(Math.max(this.#second - this.#since, 1), span);
  }

  #moveTo(now: number): void {
    const second = Math.floor(now / 1000);
    // After more than one turn of the ring all slots are stale.
    this.#second = Math.max(this.#second, second - this.#counts.length);
    while (this.#second < second) {
      this.#second += 1;
      this.#counts[this.#second % this.#counts.length] = 0;
    }
  }
}
