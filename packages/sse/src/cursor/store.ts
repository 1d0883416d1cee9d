import type { Maybe } from '../format/maybe.ts';
import { isThenable } from '../maybe-promise.ts';

/**
 * A place for cursors, each a text under its key: any Keyv, any storage adapter of Keyv (Redis,
 * Postgres, etcd, …), a `Map`, or `sqlite(file)`. The form of the text is the business of this
 * package alone; a store keeps it as it is.
 * @see https://keyv.org
 */
export interface CursorStore {
  get(key: string): unknown;
  set(key: string, value: string): unknown;
  /**
   * Prepares a write that `commit` completes. It is called before an event is handled, so that only
   * the commit lies between the end of the handler and the kept position: a kill in that moment
   * makes the event come twice. The caller commits or rolls back before it uses the store again;
   * other clients may write in between.
   */
  stage?(key: string, value: string): StagedWrite;
  /**
   * Called before the first use, and waited for. Throws if the store is in use elsewhere, or cannot
   * be used.
   */
  open?(): unknown;
  /** Called after the last use, once for each `open`. An error of it is logged. */
  close?(): unknown;
}

export interface StagedWrite {
  commit(): void;
  rollback(): void;
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
export function writeStore(store: CursorStore, key: string, value: string): Maybe<undefined> {
  return callStore(store, () => store.set(key, value), asWritten);
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
