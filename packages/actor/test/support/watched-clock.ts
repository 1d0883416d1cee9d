import type { Clock } from '@reprise/actor';
import { virtualClock } from '@reprise/actor/testing';

/** A virtual clock, and a count of its timers that would keep a program alive. */
export function watchedClock(): { readonly clock: Clock; readonly timers: () => number } {
  const time = virtualClock();
  const alive = new Set<object>();
  const clock: Clock = {
    now: () => time.now(),
    setTimeout: (callback, ms) => {
      const handle = {
        of: time.setTimeout(() => {
          alive.delete(handle);
          callback();
        }, ms),
        ref: () => void alive.add(handle),
        unref: () => void alive.delete(handle),
      };
      alive.add(handle);
      return handle;
    },
    clearTimeout: (handle) => {
      alive.delete(handle);
      time.clearTimeout((handle as { readonly of: never }).of);
    },
  };
  return { clock, timers: () => alive.size };
}
