import { virtualClock } from '@reprise/actor/testing';

/** A clock that the test turns, as a system gets it, and the timers that are set on it now. */
export function watchedClock() {
  const clock = virtualClock();
  const timers = new Set<unknown>();
  const watched = {
    ...clock,
    setTimeout: (callback: () => void, ms: number) => {
      const handle = clock.setTimeout(() => {
        timers.delete(handle);
        callback();
      }, ms);
      timers.add(handle);
      return handle;
    },
    clearTimeout: (handle: never) => {
      timers.delete(handle);
      clock.clearTimeout(handle);
    },
  };
  return { clock, timers, watched };
}
