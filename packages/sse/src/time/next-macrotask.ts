import type { Clock } from '@reprise/actor';

/** Calls back once the sockets have been read, on a clock that may leave that to the host. */
export function nextMacrotask(clock: Clock, callback: () => void): void {
  if (clock.setImmediate === undefined) {
    hostImmediate(callback);
  } else {
    clock.setImmediate(callback);
  }
}

/** Kept from the start: a test framework may install fake timers later. */
const hostImmediate: (callback: () => void) => unknown = setImmediate;
