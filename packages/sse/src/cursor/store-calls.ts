import type { Clock } from '@reprise/actor';

import type { Maybe } from '../format/maybe.ts';
import { Deadline } from '../time/deadline.ts';
import { defaultTimeout, type KeyedCursorOptions } from './options.ts';
import { openStore, readStore, writeStore } from './store.ts';

/** The client: the clock of its system, and the signal of its end. */
interface Owner {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The calls of one client to its store. None of them is waited for without end: a store that gives
 * no answer, since it has lost its connection, would make a client that neither works nor ends.
 */
export class StoreCalls {
  readonly #options: KeyedCursorOptions;
  readonly #owner: Owner;
  #writing: Promise<undefined> | undefined = undefined;
  #pendingSince: number | undefined = undefined;

  constructor(options: KeyedCursorOptions, owner: Owner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Settles when the write in flight is done, or given up; never rejects. */
  get writing(): Promise<void> | undefined {
    return this.#writing?.catch(() => undefined);
  }

  /** Since when an answer of the store is awaited. */
  get pendingSince(): number | undefined {
    return this.#pendingSince;
  }

  /** Rejects or throws as `read`. A store that opens after that is closed again, by `close`. */
  open(close: () => void): Maybe<unknown> {
    const opening = openStore(this.#options.store);
    if (!(opening instanceof Promise)) {
      return undefined;
    }
    return this.#limit(opening, 'open').catch((error: unknown) => {
      opening.then(close, () => undefined);
      throw error;
    });
  }

  /**
   * Rejects or throws with an error of the store, if it gives no answer in time, and when the
   * client has ended.
   */
  read(): Maybe<unknown> {
    const { store, key } = this.#options;
    return this.#within(readStore(store, key), 'read');
  }

  /**
   * Rejects or throws with an error of the store, or if it gives no answer in time, also after the
   * end of the client. Returns a promise only if the store does.
   */
  write(value: string, recent?: string): Promise<undefined> | undefined {
    const { store, key } = this.#options;
    const writing = this.#within(writeStore(store, key, value, recent), 'write');
    if (writing === undefined) {
      return undefined;
    }
    this.#writing = writing.finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  #within<Value>(answer: Maybe<Value>, verb: string): Maybe<Value> {
    return answer instanceof Promise ? this.#limit(answer, verb) : answer;
  }

  async #limit<Value>(answer: Promise<Value>, verb: string): Promise<Value> {
    const { key, timeout = defaultTimeout } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    const { clock, signal } = this.#owner;
    const deadline = new Deadline(clock, timeout, () => {
      const what = `Expected the store to ${verb} the cursor ${key} within ${timeout} ms`;
      reject(new Error(`${what}, got no answer`));
    });
    const ended = (): void => {
      reject(signal.reason);
    };
    if (verb !== 'write') {
      signal.addEventListener('abort', ended);
    }
    this.#pendingSince = clock.now();
    try {
      return await Promise.race([answer, promise]);
    } finally {
      this.#pendingSince = undefined;
      deadline.clear();
      signal.removeEventListener('abort', ended);
    }
  }
}
