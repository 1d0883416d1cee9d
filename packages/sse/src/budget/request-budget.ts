import type { Clock } from '@reprise/actor';

/**
 * The requests that one client may send: a token bucket. Each request takes a token; `burst` tokens
 * are there at first, and one comes back every `interval` ms. With 5 and 4 s that is at most 5
 * requests in any second and 20 in any minute, and a client never waits longer than 4 s for one.
 *
 * The bucket is one number: the time at which it is full again (the generic cell rate algorithm).
 */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #interval: number;
  #scale = 1;
  #fullAt = -Infinity;
  #sentAt = -Infinity;
  /** After a refusal: the time before which the client does not ask again. */
  #notBefore = -Infinity;
  /** In a row. */
  #refusals = 0;

  constructor(
    clock: Clock,
    { burst, interval }: { readonly burst: number; readonly interval: number },
  ) {
    this.#clock = clock;
    this.#burst = burst;
    this.#interval = interval;
  }

  /**
   * A client whose first delay is shorter than a second is meant to be that much faster: all times
   * of its budget shrink with it.
   */
  setPace(minDelay: number = 1000): void {
    this.#scale = Math.min(1, minDelay / 1000);
  }

  /** How long the next request has to wait, in ms. */
  get wait(): number {
    const hasToken = this.#fullAt - (this.#burst - 1) * this.#interval * this.#scale;
    return Math.max(0, Math.max(hasToken, this.#notBefore) - this.#clock.now());
  }

  /** Whether a new budget would be in the same state. */
  get isFull(): boolean {
    return Math.max(this.#fullAt, this.#notBefore) <= this.#clock.now();
  }

  /** A request is sent. */
  take(): void {
    this.#sentAt = this.#clock.now();
    this.#fullAt = Math.max(this.#sentAt, this.#fullAt) + this.#interval * this.#scale;
  }

  /** The server accepted a request. */
  accepted(): void {
    this.#refusals = 0;
  }

  /**
   * The client ends, since no further request would help. If it is restarted all the same, its next
   * request waits. `random` (as `Math.random`) draws the jitter.
   */
  refused(random: () => number): void {
    this.#refusals += 1;
    const pause = refusalPause(this.#refusals) * (1 + random() * 0.2) * this.#scale;
    this.#notBefore = this.#sentAt + pause;
  }
}

/**
 * The least time, in ms, from the request before the `count`-th refusal in a row to the next one.
 * Three of them are shorter than 5 s even with their jitter: a supervisor with the default
 * intensity, 3 restarts in 5 s, gives up at the fourth refusal.
 */
function refusalPause(count: number): number {
  return Math.min(30_000, 1250 * 2 ** Math.max(0, count - 3));
}
