/**
 * Why a run failed. `violation`: a check or the test program threw. `stuck`: the test program waits
 * and nothing can happen any more, or time cannot pass. `unhandled`: an error that would have ended
 * the program of a node. `escape`: something outside of the simulation was used. `limit`: more
 * steps than allowed.
 */
export type ViolationKind = 'violation' | 'stuck' | 'unhandled' | 'escape' | 'limit';

export interface Violation {
  readonly kind: ViolationKind;
  /** One line, and further lines for details. */
  readonly message: string;
  /** The value that was thrown, if one was. */
  readonly error?: unknown;
  /** The number of the step after which it was seen. */
  readonly step: number;
  /** Its virtual time, in microseconds. */
  readonly t: number;
}
