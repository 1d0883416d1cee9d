import type { Pid } from './pid.ts';

/** One turn of a process that is ready: it handles some of its messages. */
export interface Turn {
  /** The process that is ready. */
  readonly pid: Pid;
  /**
   * Runs the process, in the async context of its system, until it waits or has handled
   * `turnLength` messages. Does nothing when the process has ended or waits. Throws nothing.
   */
  run(): void;
}

/**
 * Decides when the ready processes of a system have their turns, and in which order. The default
 * runs them in microtasks, first come, first served, and lets timers and I/O in every 4 ms. Another
 * one is for tests: for one order among all that are possible. It may be given to several systems.
 */
export interface Scheduler {
  /** Calls `run` of the turn once: later, never inside this call. */
  ready(turn: Turn): void;
  /**
   * Called inside `run`: code that awaits an answer, or a message, goes on in microtasks, before
   * the next process has its turn. `turn`: given when that is code of the process itself.
   */
  yieldToMicrotasks(turn?: Turn): void;
  /** How many messages a server may handle in one turn, at least 1. It is read at each turn. */
  readonly turnLength: number;
  /** Whether no process is ready. Processes may still wait for promises, timers or messages. */
  readonly isIdle: boolean;
}
