import type { Maybe } from '../format/maybe.ts';
import { isThenable } from '../maybe-promise.ts';

/**
 * A place for cursors, each a text under its key: any Keyv, any storage adapter of Keyv (Redis,
 * Postgres, etcd, …), a `Map`, or `sqlite(file)`. The form of the text is the business of this
 * package alone; a store keeps it as it is.
 * @see https://keyv.org
 */
export interface CursorStore {
  /**
   * The text that was set last; `undefined` or `null` for none. With `setWithRecent` it may also be
   * `{ value, recent }`: that text, and the last `recent`.
   */
  get(key: string): unknown;
  set(key: string, value: string): unknown;
  /**
   * A store that has this function keeps the ids of the last handled events apart: `value` is
   * little more than the last id, which is cheap to write with each event to a store far away. The
   * client calls it in place of `set` when these ids have changed. After a kill they may be older
   * than the position.
   */
  setWithRecent?(key: string, value: string, recent: string): unknown;
  /**
   * Handles an event, or a batch of them, and writes the position after it: both or nothing. The
   * client calls it in place of its handler and `set` where the position is written with each event
   * (`every: 1`). A handler that writes into this store too thus has each effect once.
   *
   * `value` is `undefined` if the position stays as it is: an event without an id, say. `work` is
   * to be called once. It calls the handler, and has its result: a promise of an asynchronous
   * handler. If it throws or rejects, nothing is kept and `transaction` throws or rejects too. It
   * does so at once when the client ends, whatever the handler does.
   *
   * Synchronous if the store and `work` are; otherwise a promise, which settles when the outcome is
   * certain. An error of the store itself crashes the client: the next one reads the position anew.
   */
  transaction?(key: string, value: string | undefined, work: () => unknown): unknown;
  /**
   * Called before the first use, and waited for. Throws if the store is in use elsewhere, or cannot
   * be used.
   */
  open?(): unknown;
  /** Called after the last use, once for each `open`. An error of it is logged. */
  close?(): unknown;
}

/** Opens the store. Throws or rejects with an error of it. */
export function openStore(store: CursorStore): Maybe<unknown> {
  const answer = store.open?.();
  return isThenable(answer) ? Promise.resolve(answer) : undefined;
}

/** Reads a key; `undefined` if nothing is kept. Throws or rejects with an error of the store. */
export function readStore(store: CursorStore, key: string): Maybe<unknown> {
  return callStore(store, () => store.get(key), asMissing);
}

/**
 * Writes a key. Throws or rejects with an error of the store; returns a promise only if the store
 * does.
 */
export function writeStore(
  store: CursorStore,
  key: string,
  value: string,
  recent: string | undefined,
): Maybe<undefined> {
  const write =
    recent === undefined
      ? () => store.set(key, value)
      : () => store.setWithRecent?.(key, value, recent);
  return callStore(store, write, asWritten);
}

export function isStore(given: unknown): given is CursorStore {
  const { get, set } = (given ?? {}) as Partial<CursorStore>;
  return typeof get === 'function' && typeof set === 'function';
}

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
}

/** A Keyv emits its errors as events, and answers as if there was nothing: here they are thrown. */
function callStore<Result>(
  store: CursorStore & Partial<Emitter>,
  call: () => unknown,
  convert: (answer: unknown) => Result,
): Maybe<Result> {
  if (!isEmitter(store)) {
    const answer = call();
    // Some stores answer with a promise of their own kind.
    return isThenable(answer) ? Promise.resolve(answer).then(convert) : convert(answer);
  }
  return withErrors(store, call).then(convert);
}

function isEmitter(store: Partial<Emitter>): store is Emitter {
  return typeof store.on === 'function' && typeof store.off === 'function';
}

async function withErrors(store: Emitter, call: () => unknown): Promise<unknown> {
  const errors: unknown[] = [];
  const collect = (error: unknown): void => {
    errors.push(error);
  };
  store.on('error', collect);
  try {
    const answer = await call();
    if (errors.length > 0) {
      throw errors[0];
    }
    return answer;
  } finally {
    store.off('error', collect);
  }
}

function asMissing(answer: unknown): unknown {
  return answer ?? undefined;
}

function asWritten(answer: unknown): undefined {
  if (answer === false) {
    throw new Error('Expected the store to keep the cursor, got false');
  }
}
