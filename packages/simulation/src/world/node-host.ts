import type { TimeoutHandle } from '@reprise/actor';

/** What the code of a node finds in the places of the globals of its host. */
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
 * That of the node whose code runs now; `undefined` outside of a simulation. Nodes share no
 * microtasks, so it is one variable, and needs no async context.
 */
export function currentHost(): NodeHost | undefined {
  return locate();
}

/** Says how it is found; without an argument there is none. */
export function findHostBy(how: Locate = nowhere): void {
  locate = how;
}
