import type { CursorStore } from '@reprise/sse';

import type { OwnedTransaction } from '../options/sink.ts';
import { NotOwnerError, type OpenStore } from '../store.ts';
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
    const stream = this.#stream;
    const { key, epoch, cursor: was } = stream;
    const move = { key, epoch, was, cursor: value ?? was };
    const run = (tx: unknown): unknown => this.#run(tx, work);
    try {
      const { id, store } = this.#target;
      const result = store.transact(id, move, run, stream.signal);
      return isThenable(result) ? this.#settled(result, move.cursor) : this.#done(move.cursor);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** The store may begin it later than it was asked to: the lease is looked at again. */
  #run(tx: unknown, work: () => unknown): unknown {
    const stream = this.#stream;
    if (!stream.mayBegin()) {
      throw new NotBegun();
    }
    const { key, data, epoch, signal, host } = stream;
    this.#owned = { tx, key, data, epoch, signal };
    const from = host.clock.now();
    const result = work();
    host.heldThread.note(key, host.clock.now() - from);
    return result;
  }

  async #settled(pending: Promise<unknown>, cursor: string): Promise<unknown> {
    try {
      await pending;
      return this.#done(cursor);
    } catch (error) {
      return await this.#failed(error);
    }
  }

  #done(cursor: string): undefined {
    this.#owned = undefined;
    this.#stream.cursor = cursor;
    this.#stream.hasHandled = true;
  }

  /** Another node owns the stream by now: that is the end of the client, and no crash. */
  #failed(error: unknown): Promise<never> {
    this.#owned = undefined;
    if (error instanceof NotOwnerError) {
      this.#stream.refuse();
      return never();
    }
    if (error instanceof NotBegun) {
      return never();
    }
    throw error;
  }
}

function nothing(): void {
  // Only the cursor moves.
}

/** The lease is over, or the stream is another's: the client is about to end. */
class NotBegun extends Error {}
