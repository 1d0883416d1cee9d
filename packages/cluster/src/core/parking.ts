import type { Outcome, SavedRow } from '../store.ts';

type Verdict = Pick<SavedRow, 'strikes' | 'parked'>;

/** A stream with too many strikes is tried again after so long, in ms. */
const pause = 3_600_000;
/** A client that has given up is started again after so long, in ms: its source has refused it. */
const pauseOfRefused = 60_000;

/** When streams that do no good are run again. */
export class Parking {
  readonly #most: number;

  /** @param most with so many strikes a stream is parked. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether a stream is parked whose last owner has died. */
  isFull(strikes: number): boolean {
    return strikes >= this.#most;
  }

  /** So many nodes have died with it, or have given it up. */
  ofDeaths(strikes: number): Verdict {
    const reason = `${strikes} nodes have died with it, or given it up, and it was not well in between`;
    return { strikes, parked: { reason, retryIn: pause } };
  }

  /** A client has ended by itself, and is not started here again; it had so many strikes. */
  ofEnd(outcome: Outcome, strikes: number, reason: string = reasons[outcome]): Verdict {
    if (outcome === 'ended') {
      return { parked: { reason, retryIn: undefined } };
    }
    const next = strikes + 1;
    const soon = outcome === 'gaveUp' ? pauseOfRefused : 1000 * 2 ** next;
    return { strikes: next, parked: { reason, retryIn: this.isFull(next) ? pause : soon } };
  }
}

const reasons: Readonly<Record<Outcome, string>> = {
  drained: 'it was drained',
  moved: 'it was moved',
  removed: 'it was removed from the list',
  crashed: 'its client crashed again and again',
  gaveUp: 'its client gave up',
  ended: 'it has ended',
};
