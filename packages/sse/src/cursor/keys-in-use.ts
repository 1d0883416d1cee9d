import type { CursorStore } from './store.ts';

/** One position: a store, and a key in it. */
export interface CursorKey {
  readonly store: CursorStore;
  readonly key: string;
}

/** By key: in use by a client, or still being written for a client that has ended. */
type KeysInUse = Map<string, 'client' | Promise<void>>;

const keysInUse = new WeakMap<CursorStore, KeysInUse>();

/**
 * Settles when the last write of a client that has ended is done; `undefined` if there is none
 * under this key.
 */
export function lastWriting({ store, key }: CursorKey): Promise<void> | undefined {
  const use = keysInUse.get(store)?.get(key);
  return use === 'client' ? undefined : use;
}

/**
 * Takes the key. Returns the function that leaves it and calls `close`, once `writing` is done:
 * if the next client took it before, the last write of this one could arrive after the first write
 * of that one, and move the position back. A second call does nothing.
 * @throws Error if another client of this program uses the key, or if it is still written.
 */
export function takeKey(
  { store, key }: CursorKey,
  close: () => void,
): (writing?: Promise<void>) => void {
  const keys: KeysInUse = keysInUse.get(store) ?? new Map();
  if (keys.has(key)) {
    throw new Error(`Expected the cursor ${key} to be free, got one that another client uses`);
  }
  keysInUse.set(store, keys.set(key, 'client'));
  let isLeft = false;
  const free = (): void => {
    keys.delete(key);
    close();
  };
  return (writing) => {
    if (!isLeft) {
      isLeft = true;
      if (writing === undefined) {
        free();
      } else {
        keys.set(key, writing.then(free));
      }
    }
  };
}
