import type { Stream } from '@reprise/observer/wire';

/** Half a minute at two looks a second. */
const most = 60;
/** Between two looks that are farther apart there is no rate, in ms: a tab may have slept. */
const longest = 5000;

interface Seen {
  readonly events: number;
  readonly rates: readonly number[];
}

/** Events a second of the streams that are told, from look to look. */
export class StreamRates {
  #at = -Infinity;
  #seen: ReadonlyMap<number, Seen> = new Map();

  /** The newest last. */
  of(pid: number): readonly number[] {
    return this.#seen.get(pid)?.rates ?? [];
  }

  update(at: number, streams: readonly Stream[]): void {
    const span = at - this.#at;
    if (span <= 0) {
      return;
    }
    const before = span > longest ? new Map<number, Seen>() : this.#seen;
    this.#at = at;
    this.#seen = new Map(
      streams.map(({ pid, events }) => [pid, next(before.get(pid), events, span)]),
    );
  }
}

function next(before: Seen | undefined, events: number, span: number): Seen {
  return before === undefined
    ? { events, rates: [] }
    : {
        events,
        rates: [...before.rates.slice(1 - most), ((events - before.events) / span) * 1000],
      };
}
