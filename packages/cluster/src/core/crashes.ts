interface Crash {
  /** How many crashes there were, with less than `recent` from each to the next. */
  readonly count: number;
  readonly at: number;
  /** How often this node has given the stream up. */
  readonly givenUp: number;
}

/** A stream that runs for so long without a crash starts afresh, in ms. */
const recent = 5000;
const most = 3;
const firstDelay = 100;
const longestDelay = 60_000;

/** When a stream whose client has crashed may run here again. */
export class Crashes {
  readonly #crashes: Map<string, Crash> = new Map();

  /** The time from which the stream may be claimed again; `undefined` if it is to be given up. */
  note(key: string, now: number): number | undefined {
    const { at = -Infinity, count = 0, givenUp = 0 } = this.#crashes.get(key) ?? {};
    const isSoon = now - at < recent;
    const next = isSoon ? count + 1 : 1;
    const isOver = next > most;
    this.#crashes.set(key, {
      count: isOver ? 0 : next,
      at: now,
      givenUp: isOver ? givenUp + 1 : now - at < longestDelay * 2 ? givenUp : 0,
    });
    return isOver ? undefined : now + firstDelay * 2 ** (next - 1);
  }

  /** From when on a stream that was given up may be taken again. */
  waitsUntil(key: string): number {
    const crash = this.#crashes.get(key);
    return crash === undefined || crash.givenUp === 0
      ? -Infinity
      : crash.at + Math.min(1000 * 2 ** crash.givenUp, longestDelay);
  }
}
