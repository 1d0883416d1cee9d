interface Crash {
  /** How many crashes there were in a row. */
  readonly count: number;
  readonly at: number;
}

/** A crash so long after the last one is another matter, if an event was handled since, in ms. */
const recent = 5000;
const most = 3;
const firstDelay = 100;

/** When a stream whose client has crashed may run here again. */
export class Crashes {
  readonly #crashes: Map<string, Crash> = new Map();

  /**
   * The time from which the stream may be claimed again; `undefined` if it is to be given up.
   * `hasHandled`: an event, since its start. Without one the same event has failed again, however
   * long its handler took, or however long the source took to send it.
   */
  note(key: string, hasHandled: boolean, now: number): number | undefined {
    const { at = -Infinity, count = 0 } = this.#crashes.get(key) ?? {};
    const next = now - at < recent || !hasHandled ? count + 1 : 1;
    if (next > most) {
      this.#crashes.delete(key);
      return undefined;
    }
    this.#crashes.set(key, { count: next, at: now });
    return now + firstDelay * 2 ** (next - 1);
  }

  /** The stream does not run here any more. */
  forget(key: string): void {
    this.#crashes.delete(key);
  }

  clear(): void {
    this.#crashes.clear();
  }
}
