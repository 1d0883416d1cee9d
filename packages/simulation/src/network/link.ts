import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';

/** The way from one machine to another, in one direction. */
export class Link {
  readonly from: string;
  readonly to: string;
  readonly #engine: Engine;
  readonly #draws: Draws;
  #state: 'open' | 'held' | 'cut' = 'open';
  /** In the order in which they were sent. */
  #waiting: (() => void)[] = [];

  constructor(engine: Engine, from: string, to: string) {
    this.from = from;
    this.to = to;
    this.#engine = engine;
    this.#draws = engine.choices.stream(`link ${from} ${to}`);
  }

  /** Whether no new connection gets through. */
  get isCut(): boolean {
    return this.#state === 'cut';
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Calls `depart` now, or, as TCP sends again, once the link is open. */
  send(depart: () => void): void {
    if (this.isOpen) {
      depart();
    } else {
      this.#waiting.push(depart);
    }
  }

  /** How long the next packet takes, in microseconds. */
  delay(): number {
    const isLate = this.#draws.chance(this.#engine.rates.network);
    return shortest + this.#draws.below(isLate ? longest : usual);
  }

  close(state: 'held' | 'cut'): void {
    this.#state = state;
  }

  open(): void {
    this.#state = 'open';
    for (const depart of this.#waiting.splice(0)) {
      depart();
    }
  }
}

/** In microseconds. */
const shortest = 100;
const usual = 1000;
const longest = 5_000_000;
