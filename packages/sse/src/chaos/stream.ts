import type { Clock, TimeoutHandle } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

export interface StreamOptions {
  readonly name: string;
  readonly url: string;
  readonly clock: Clock;
  readonly eventsPerSecond: number;
  readonly history: number;
}

/**
 * A stream of events numbered from 1 on, made by the clock and by `produce`. An event follows from
 * its number, so none is stored.
 */
export class ChaosStream {
  readonly name: string;
  readonly url: string;
  readonly #options: StreamOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #startedAt: number;
  #timer: TimeoutHandle | undefined = undefined;
  /** How many of the events were made by the clock. */
  #timed = 0;
  #made = 0;
  #connections = 0;

  constructor(options: StreamOptions) {
    this.name = options.name;
    this.url = options.url;
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#waitForTick();
  }

  /** The ids of all events that were made so far, in order. */
  get produced(): readonly string[] {
    return Array.from({ length: this.#made }, (_, index) => String(index + 1));
  }

  /** How many requests the stream has had. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Makes `count` events now, besides those that the clock makes.
   * @throws RangeError if `count` is not a whole number from 0 on.
   */
  produce(count = 1): void {
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      throw new RangeError(`Expected a whole number of events from 0 on, got ${describe(count)}`);
    }
    this.#made += count;
    for (const waiter of this.#waiters) {
      if (waiter.number <= this.#made) {
        this.#waiters.delete(waiter);
        waiter.made();
      }
    }
  }

  /** The number of the last event. */
  get made(): number {
    return this.#made;
  }

  /** The number of the oldest event that can still be sent. */
  get oldest(): number {
    return Math.max(1, this.#made - this.#options.history + 1);
  }

  /** Counts a request, and returns its number, from 1 on. */
  connect(): number {
    return ++this.#connections;
  }

  /** Calls `made` when the event with this number is made; the result cancels that. */
  whenMade(number: number, made: () => void): () => void {
    const waiter = { number, made };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** Makes no more events by the clock. */
  stop(): void {
    if (this.#timer !== undefined) {
      this.#options.clock.clearTimeout(this.#timer);
    }
  }

  #waitForTick(): void {
    const { clock, eventsPerSecond } = this.#options;
    if (eventsPerSecond > 0) {
      this.#timer = clock.setTimeout(this.#tick, Math.max(1000 / eventsPerSecond, shortestTick));
    }
  }

  readonly #tick = (): void => {
    const { clock, eventsPerSecond } = this.#options;
    const due = Math.floor(((clock.now() - this.#startedAt) * eventsPerSecond) / 1000);
    const count = due - this.#timed;
    this.#timed = due;
    this.#waitForTick();
    if (count > 0) {
      this.produce(count);
    }
  };
}

interface Waiter {
  readonly number: number;
  readonly made: () => void;
}

/** In ms: above 100 events a second, several are made at a time. */
const shortestTick = 10;
