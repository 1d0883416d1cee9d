import type { NodeAction } from './messages.ts';

/** Between two warnings, in ms. */
const pause = 10_000;

/** The time at which a node is to be woken, and how late it was. */
export class Alarm {
  readonly #limit: number;
  readonly #act: (action: NodeAction) => void;
  #at = Infinity;
  #lateBy = 0;
  #warnedAt = -Infinity;

  /** Warns of more than `limit` ms. */
  constructor(limit: number, act: (action: NodeAction) => void) {
    this.#limit = limit;
    this.#act = act;
  }

  /** By how much the node was woken too late, the last time that it was, in ms. */
  get lateBy(): number {
    return this.#lateBy;
  }

  woken(now: number): void {
    const late = now - this.#at;
    if (late <= this.#limit) {
      return;
    }
    this.#lateBy = late;
    if (now - this.#warnedAt >= pause) {
      this.#warnedAt = now;
      this.#act({ type: 'late', ms: late });
    }
  }

  /** `isSpent`: the timer has fired, and may have fired early. */
  set(at: number, isSpent: boolean): void {
    if (at !== this.#at || isSpent) {
      this.#at = at;
      this.#act({ type: 'wake', at });
    }
  }
}
