import type { Clock } from '@reprise/actor';

import { Deadline } from '../time/deadline.ts';

/** In ms. */
export const defaultRequestTimeout = 300_000;

/**
 * One call of a function that gives a request. Its promise is awaited for a limited time: a token
 * endpoint behind a dead connection would else stop a client for good.
 */
export class RequestCall {
  readonly #controller = new AbortController();
  readonly #deadline: Deadline;
  /** On the clock of the system; `undefined` once it has settled, or nobody waits for it. */
  #pendingSince: number | undefined;

  /** `expired` is called if the promise has not settled after `ms`. */
  constructor(clock: Clock, ms: number, expired: () => void) {
    this.#pendingSince = clock.now();
    this.#deadline = new Deadline(clock, ms, () => {
      this.settle();
      this.#controller.abort(new DOMException('The request took too long', 'TimeoutError'));
      expired();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get pendingSince(): number | undefined {
    return this.#pendingSince;
  }

  /** The function has an outcome. False if nobody waits for it any more: it is dropped. */
  settle(): boolean {
    const wasPending = this.#pendingSince !== undefined;
    this.#pendingSince = undefined;
    this.#deadline.clear();
    return wasPending;
  }

  /** The attempt is given up. */
  abandon(): void {
    if (this.settle()) {
      this.#controller.abort();
    }
  }

  /** The client has ended. */
  end(reason: unknown): void {
    this.settle();
    this.#controller.abort(reason);
  }
}
