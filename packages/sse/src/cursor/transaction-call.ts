import type { Clock } from '@reprise/actor';

import { isThenable } from '../maybe-promise.ts';
import { Deadline } from '../time/deadline.ts';
import { defaultTimeout, type KeyedCursorOptions } from './options.ts';

/** The client: the clock of its system, and the signal of its end. */
interface Owner {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * One call of a store's `transaction`. The store gets a limited time to begin and to commit, the
 * handler as much as it takes. Once the client has ended the handler counts as failed, whatever it
 * does, and the store rolls back.
 */
export class TransactionCall {
  readonly #options: KeyedCursorOptions;
  readonly #owner: Owner;
  readonly #handle: () => unknown;
  /** Rejects if the store takes too long; a synchronous store needs no promise. */
  #late: PromiseWithResolvers<never> | undefined = undefined;
  #deadline: Deadline | undefined = undefined;
  #pendingSince: number | undefined = undefined;
  #progress: 'begins' | 'runs' | 'commits' = 'begins';
  #isAsync = false;
  #result: unknown = undefined;
  #failure: { readonly error: unknown } | undefined = undefined;
  #settled: Promise<void> | undefined = undefined;
  #abandon: (reason: unknown) => void = () => undefined;

  constructor(options: KeyedCursorOptions, owner: Owner, handle: () => unknown) {
    this.#options = options;
    this.#owner = owner;
    this.#handle = handle;
  }

  /** Settles when the outcome is certain, or given up; never rejects. */
  get settled(): Promise<void> | undefined {
    return this.#settled;
  }

  /**
   * The error of the handler, if it has failed: then nothing is kept. If the store has failed, it
   * may have kept everything nevertheless.
   */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Since when an answer of the store is awaited. */
  get pendingSince(): number | undefined {
    return this.#pendingSince;
  }

  /**
   * The result of the handler, once its effects and the position are kept; a promise only if the
   * store or the handler is asynchronous. Throws or rejects with the error of either.
   */
  run(value: string | undefined): unknown {
    const { store, key } = this.#options;
    const answer = store.transaction?.(key, value, this.#work);
    if (!isThenable(answer)) {
      this.#assertDone();
      return this.#result;
    }
    this.#isAsync = true;
    this.#late = Promise.withResolvers();
    if (this.#progress !== 'runs' || this.#failure !== undefined) {
      this.#await();
    }
    const result = this.#whenSettled(answer, this.#late.promise);
    this.#settled = result.then(ignore, ignore);
    return result;
  }

  /** The client has ended. */
  abandon(): void {
    this.#abandon(this.#owner.signal.reason);
  }

  readonly #work = (): unknown => {
    this.#stopWaiting();
    try {
      this.#owner.signal.throwIfAborted();
      this.#progress = 'runs';
      const result = this.#handle();
      return isThenable(result) ? this.#handledLater(result) : this.#handled(result);
    } catch (error) {
      throw this.#failed(error);
    }
  };

  #handledLater(result: Promise<unknown>): Promise<unknown> {
    const handled = this.#whenHandled(result);
    // A store that does not wait for it has failed: that is the error to report.
    handled.catch(ignore);
    return handled;
  }

  async #whenHandled(result: Promise<unknown>): Promise<unknown> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#abandon = reject;
    try {
      return this.#handled(await Promise.race([result, promise]));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #handled(result: unknown): unknown {
    // A handler may have ended its own client.
    this.#owner.signal.throwIfAborted();
    this.#progress = 'commits';
    this.#result = result;
    this.#awaitIfAsync();
    return result;
  }

  #failed(error: unknown): unknown {
    this.#failure = { error };
    this.#awaitIfAsync();
    return error;
  }

  async #whenSettled(answer: Promise<unknown>, late: Promise<never>): Promise<unknown> {
    try {
      await Promise.race([answer, late]);
      this.#assertDone();
      return this.#result;
    } finally {
      this.#stopWaiting();
    }
  }

  #assertDone(): void {
    if (this.#progress !== 'commits') {
      throw new Error(
        `Expected the store to end the transaction of the cursor ${this.#options.key} after its work, got an end before`,
      );
    }
  }

  #awaitIfAsync(): void {
    if (this.#isAsync) {
      this.#await();
    }
  }

  #await(): void {
    const { key, timeout = defaultTimeout } = this.#options;
    const verb = this.#progress === 'begins' ? 'begin' : 'end';
    this.#pendingSince = this.#owner.clock.now();
    this.#deadline = new Deadline(this.#owner.clock, timeout, () => {
      const what = `Expected the store to ${verb} the transaction of the cursor ${key} within ${timeout} ms`;
      this.#late?.reject(new Error(`${what}, got no answer`));
    });
  }

  #stopWaiting(): void {
    this.#pendingSince = undefined;
    this.#deadline?.clear();
  }
}

function ignore(): void {
  // The outcome is reported elsewhere.
}
