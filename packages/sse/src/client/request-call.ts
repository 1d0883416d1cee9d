import type { Process } from '@reprise/actor';

import { type ConnectFailure, requestFailed } from '../http/failure.ts';
import type { SseRequest } from '../http/request.ts';
import { isThenable } from '../maybe-promise.ts';
import { Deadline } from '../time/deadline.ts';
import type { Answered, ServerAnswer } from './answers.ts';
import type { RequestFunction } from './next.ts';
import { post } from './task.ts';

/** In ms. */
export const defaultRequestTimeout = 300_000;

/** The next step of the client after a call. After a promise it is a turn of its own. */
export interface RequestOutcome {
  readonly given: (request: SseRequest) => ServerAnswer;
  readonly failed: (failure: ConnectFailure) => Answered;
}

/**
 * One call of a function that gives a request. Its promise is awaited for a limited time: a token
 * endpoint behind a dead connection would else stop a client for good.
 */
export class RequestCall {
  readonly #self: Process;
  readonly #outcome: RequestOutcome;
  readonly #controller = new AbortController();
  readonly #deadline: Deadline;
  /** On the clock of the system; `undefined` once it has settled, or is awaited no more. */
  #pendingSince: number | undefined;

  /** It fails if its promise has not settled after `ms`. */
  constructor(self: Process, ms: number, outcome: RequestOutcome) {
    const { clock } = self.system;
    this.#self = self;
    this.#outcome = outcome;
    this.#pendingSince = clock.now();
    this.#deadline = new Deadline(clock, ms, () => {
      this.settle();
      this.#controller.abort(new DOMException('The request took too long', 'TimeoutError'));
      this.#failed({ type: 'timeout', phase: 'request', ms });
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get pendingSince(): number | undefined {
    return this.#pendingSince;
  }

  /** Calls the function. A request that it returns, and not a promise, is used at once. */
  ask(source: () => ReturnType<RequestFunction>): void {
    let request: SseRequest;
    try {
      const given = source();
      if (isThenable(given)) {
        given.then((later) => this.#givenLater(later), this.#rejected);
        return;
      }
      request = given;
    } catch (error) {
      this.#rejected(error);
      return;
    }
    // Outside of `try`: an error of the attempt is none of the function, and would be lost.
    if (this.settle()) {
      this.#outcome.given(request);
    }
  }

  #givenLater(request: SseRequest): void {
    if (this.settle()) {
      post(this.#self, () => this.#outcome.given(request));
    }
  }

  readonly #rejected = (error: unknown): void => {
    if (this.settle()) {
      this.#failed(requestFailed(error));
    }
  };

  #failed(failure: ConnectFailure): void {
    post(this.#self, () => this.#outcome.failed(failure));
  }

  /**
   * The function has an outcome. False if it had one, or is awaited no more: this outcome is
   * dropped.
   */
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
