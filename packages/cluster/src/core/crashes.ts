interface Crash {
  /** How many crashes there were, with less than `recent` from each to the next. */
  readonly count: number;
  readonly at: number;
}

/** A stream that runs for so long without a crash starts afresh, in ms. */
const recent = 5000;
const most = 3;
const firstDelay = 100;

/** When a stream whose client has crashed may run here again. */
export class Crashes {
  readonly #crashes: Map<string, Crash> = new Map();

  /** The time from which the stream may be claimed again; `undefined` if it is to be given up. */
  note(key: string, now: number): number | undefined {
    const { at = -Infinity, count = 0 } = this.#crashes.get(key) ?? {};
    const next = now - at < recent ? count + 1 : 1;
    if (next > most) {
      this.#crashes.delete(key);
      return undefined;
    }
    this.#crashes.set(key, { count: next, at: now });
    return now + firstDelay * 2 ** (next - 1);
  }
}
