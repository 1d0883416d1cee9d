/** How many events are still wanted, from all sources together. */
export class Quota {
  #left: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#left = count;
  }

  /** Whether the last of them has been taken. */
  get isUsedUp(): boolean {
    return this.#left === 0;
  }

  /** Takes one. A promise if there is none: it settles once one was given back and is taken. */
  take(): void | Promise<void> {
    if (this.#left === 0) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    this.#left -= 1;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    this.#left += next === undefined ? 1 : 0;
    next?.();
  }
}
