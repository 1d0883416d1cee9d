import { setTimeout as delay } from 'node:timers/promises';

import type { CursorStore } from '@reprise/sse';
import type { Random } from '@reprise/sse/testing';

import type { Role } from './roles.ts';

/** The same store three times: as it is, slow, and now and then without an answer to a write. */
export function storesOver(
  store: CursorStore,
  random: Random,
): Readonly<Record<Role['store'], CursorStore>> {
  const slow = <Result>(act: () => Result): Promise<Result> => delay(random() * 100).then(act);
  const around = {
    open: () => store.open?.(),
    close: () => store.close?.(),
  };
  return {
    quick: store,
    slow: {
      ...around,
      get: (key) => slow(() => store.get(key)),
      set: (key, value) => slow(() => store.set(key, value)),
    },
    hanging: {
      ...around,
      get: (key) => store.get(key),
      set: (key, value) =>
        random() < 1 / 100 ? new Promise(() => undefined) : store.set(key, value),
    },
  };
}
