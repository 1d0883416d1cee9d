import { type Clock, systemClock } from '@reprise/actor';

/** A clock that can run faster than time: an hour of a service in a minute. */
export class FastClock implements Clock {
  readonly #host = systemClock();
  #rate: number;
  #at = 0;
  #hostAt: number = this.#host.now();

  constructor(rate: number) {
    this.#rate = rate;
  }

  set rate(rate: number) {
    this.#at = this.now();
    this.#hostAt = this.#host.now();
    this.#rate = rate;
  }

  now(): number {
    return this.#at + (this.#host.now() - this.#hostAt) * this.#rate;
  }

  date(): number {
    return Date.now() + this.now() - (this.#host.now() - this.#hostAt);
  }

  setTimeout(callback: () => void, ms: number): ReturnType<Clock['setTimeout']> {
    return this.#host.setTimeout(callback, ms / this.#rate);
  }

  clearTimeout(handle: ReturnType<Clock['setTimeout']>): void {
    this.#host.clearTimeout(handle);
  }

  setImmediate(callback: () => void): unknown {
    return this.#host.setImmediate?.(callback);
  }
}
