import type { CursorStore } from '@reprise/sse';

import type { OwnedTransaction } from '../options/sink.ts';
import { type CursorMove, NotOwnerError, type OpenStore } from '../store.ts';
import { isThenable, never } from './never.ts';
import type { OwnedStream } from './owned-stream.ts';

/** Where the effects of a node go. */
export interface SinkTarget {
  /** One life of the node. */
  readonly id: string;
  readonly store: OpenStore<unknown>;
}

type Owned = OwnedTransaction<unknown, unknown>;

/** The cursor of a stream whose effects, cursor and fence are one transaction of the store. */
export class TransactionCursor implements CursorStore {
  readonly #stream: OwnedStream;
  readonly #target: SinkTarget;
  #owned: Owned | undefined = undefined;
  /** Whether the last transaction has come to its work. */
  #hasBegun = false;
  /** How many attempts of it in a row have not. */
  #failures = 0;

  constructor(stream: OwnedStream, target: SinkTarget) {
    this.#stream = stream;
    this.#target = target;
  }

  /** What the sink gets; only while a transaction runs. */
  get owned(): Owned {
    if (this.#owned === undefined) {
      throw new Error('Expected a transaction that runs, got one that has ended');
    }
    return this.#owned;
  }

  get(): object | undefined {
    const { cursor, recent } = this.#stream.claim;
    return cursor === '' ? undefined : { value: cursor, recent };
  }

  /** A move without an event that is handled. That of a client that has ended goes with its end. */
  set(key: string, value: string): unknown {
    const stream = this.#stream;
    if (!stream.signal.aborted) {
      return value === stream.cursor ? undefined : this.transaction(key, value, nothing);
    }
    stream.unsaved += Number(value !== stream.cursor);
    stream.cursor = value;
    return undefined;
  }

  setWithRecent(key: string, value: string, recent: string): unknown {
    this.#stream.recent = recent;
    return this.set(key, value);
  }

  transaction(_key: string, value: string | undefined, work: () => unknown): unknown {
    const { key, epoch, cursor: was } = this.#stream;
    this.#failures = 0;
    if (work !== nothing) {
      this.#stream.begins();
    }
    return this.#attempt({ key, epoch, was, cursor: value ?? was }, work);
  }

  #attempt(move: CursorMove, work: () => unknown): unknown {
    const { id, store } = this.#target;
    this.#hasBegun = false;
    this.#stream.begun = move;
    try {
      const run = (tx: unknown): unknown => this.#run(tx, work);
      const result = store.transact(id, move, run, this.#stream.signal);
      return isThenable(result) ? this.#settled(result, move, work) : this.#done(move, work);
    } catch (error) {
      return this.#failed(error, move, work);
    }
  }

  /** The store may begin it later than it was asked to: the lease is looked at again. */
  #run(tx: unknown, work: () => unknown): unknown {
    const stream = this.#stream;
    if (!stream.mayBegin()) {
      throw new NotBegun();
    }
    const { key, data, epoch, signal, host } = stream;
    this.#hasBegun = true;
    this.#owned = { tx, key, data, epoch, signal };
    const from = host.clock.now();
    const result = work();
    host.heldThread.note(key, host.clock.now() - from);
    return result;
  }

  async #settled(
    pending: Promise<unknown>,
    move: CursorMove,
    work: () => unknown,
  ): Promise<unknown> {
    try {
      await pending;
      return this.#done(move, work);
    } catch (error) {
      return this.#failed(error, move, work);
    }
  }

  #done(move: CursorMove, work: () => unknown): undefined {
    this.#owned = undefined;
    this.#stream.committed = move;
    this.#stream.cursor = move.cursor;
    if (work !== nothing) {
      this.#stream.handled();
    }
  }

  /** Another node owns the stream by now: that is the end of the client, and no crash. */
  async #failed(error: unknown, move: CursorMove, work: () => unknown): Promise<unknown> {
    const stream = this.#stream;
    this.#owned = undefined;
    if (error instanceof NotOwnerError) {
      stream.refuse();
      return never();
    }
    if (error instanceof NotBegun) {
      return never();
    }
    if (this.#hasBegun || stream.signal.aborted) {
      throw error;
    }
    // The store has no connection, say. That is no fault of the stream: it waits, and its source.
    stream.host.failed(error);
    await this.#pause();
    return this.#attempt(move, work);
  }

  /** Longer each time, and not the same for all streams. Ends early with the client. */
  async #pause(): Promise<void> {
    const { signal, host } = this.#stream;
    const { clock, random } = host;
    const longest = Math.min(longestPause, firstPause * 2 ** this.#failures);
    this.#failures += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.setTimeout(resolve, (longest * (1 + random())) / 2);
    const end = (): void => {
      resolve();
    };
    signal.addEventListener('abort', end);
    await promise;
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Between two attempts to begin a transaction, in ms. */
const firstPause = 1000;
const longestPause = 5000;

function nothing(): void {
  // Only the cursor moves.
}

/** The lease is over, or the stream is another's: the client is about to end. */
class NotBegun extends Error {}
