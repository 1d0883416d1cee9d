type Maybe<Value> = Value | Promise<Value>;

/**
 * Where cursors are kept, each a text under its key: any Keyv, any storage adapter of Keyv (Redis,
 * Postgres, etcd, …), a `Map`, or `sqlite(file)`.
 * @see https://keyv.org
 */
export interface CursorStore {
  get(key: string): unknown;
  set(key: string, value: string): unknown;
  /**
   * Makes ready to keep a text, so that as little as can be is between the end of a handler and its
   * keeping, where a kill makes an event come twice. Before anything else is done with the store it
   * is either committed or rolled back.
   */
  stage?(key: string, value: string): StagedWrite;
  /** Before the first use; throws when somebody else uses the store, or nobody can. */
  open?(): void;
  /** After the last; once for each `open`. */
  close?(): void;
}

export interface StagedWrite {
  commit(): void;
  rollback(): void;
}

/**
 * What is kept under the key, `undefined` if there is nothing. An error of the store is thrown or
 * rejects.
 */
export function readStore(store: CursorStore, key: string): Maybe<unknown> {
  return loudly(store, () => store.get(key), asMissing);
}

/**
 * Keeps a text. An error of the store is thrown or rejects; what is returned is a promise only
 * where the store makes one.
 */
export function writeStore(store: CursorStore, key: string, value: string): Maybe<undefined> {
  return loudly(store, () => store.set(key, value), asWritten);
}

export function isStore(given: unknown): given is CursorStore {
  const { get, set } = (given ?? {}) as Partial<CursorStore>;
  return typeof get === 'function' && typeof set === 'function';
}

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
}

/** A Keyv tells its errors by an event, and answers as if there was nothing. */
function loudly<Result>(
  store: CursorStore & Partial<Emitter>,
  call: () => unknown,
  judge: (answer: unknown) => Result,
): Maybe<Result> {
  if (typeof store.on !== 'function' || typeof store.off !== 'function') {
    const answer = call();
    return answer instanceof Promise ? answer.then(judge) : judge(answer);
  }
  return heard(store as Emitter, call).then(judge);
}

async function heard(store: Emitter, call: () => unknown): Promise<unknown> {
  const errors: unknown[] = [];
  const hear = (error: unknown): void => {
    errors.push(error);
  };
  store.on('error', hear);
  try {
    const answer = await call();
    if (errors.length > 0) {
      throw errors[0];
    }
    return answer;
  } finally {
    store.off('error', hear);
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
