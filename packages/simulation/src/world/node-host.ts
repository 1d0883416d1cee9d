import type { TimeoutHandle } from '@reprise/actor';

/** The clock and the randomness that the globals of the host give to the code of a node. */
export interface NodeHost {
  readonly clock: HostClock;
  /** As `Math.random`: drawn. */
  random(): number;
  /**
   * Whole numbers from 0 to 2^32 - 1 for ids. They are not drawn one by one: however tame the run
   * is, no two ids are equal.
   */
  word(): number;
}

export interface HostClock {
  /** Monotonic, in ms. */
  now(): number;
  /** The wall clock: whole ms since 1970. */
  date(): number;
  setTimeout(callback: () => void, ms: number): TimeoutHandle;
  setImmediate(callback: () => void): TimeoutHandle;
  /** Of an immediate, too. */
  clearTimeout(handle: TimeoutHandle): void;
}

type Locate = () => NodeHost | undefined;

const nowhere: Locate = () => undefined;

let locate: Locate = nowhere;

/**
 * The host of the node whose code runs now; `undefined` outside of a simulation. Nodes share no
 * microtasks, so it is one variable, and needs no async context.
 */
export function currentHost(): NodeHost | undefined {
  return locate();
}

/** Sets how `currentHost` finds it; without an argument there is none. */
export function findHostBy(how: Locate = nowhere): void {
  locate = how;
}
