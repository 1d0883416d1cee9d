import type { Process } from '@reprise/actor';

/** The last argument of `handle`, `until` and `onStatus`: one object for the life of a client. */
export interface HandleContext {
  /** The process of the client: `name.in(self)` addresses another process of its system. */
  readonly self: Process;
  /** Aborts when the client ends, also when it is killed: for `fetch`, timers and streams. */
  readonly signal: AbortSignal;
}

/**
 * The last argument of a function that gives the request, or a part of it: one for each attempt.
 */
export interface RequestContext extends HandleContext {
  /**
   * Aborts when the function takes longer than its limit, and when the attempt is given up or the
   * client ends before there is a connection.
   */
  readonly signal: AbortSignal;
  /**
   * The id of the last handled event, or that of the cursor, which its report has told before; `""`
   * for none. `resilient` sends it, as does every client with a cursor; any other client sends the
   * `lastEventId` of its request.
   */
  readonly lastEventId: string;
  /**
   * The position of the last handled event that brought one, as `cursorOf` has found it: for the
   * function to put where the server wants it. Without `cursorOf` the same as `lastEventId`. `""`
   * for none.
   */
  readonly cursor: string;
  /** Attempts since a connection was last made, this one included: from 1 on. */
  readonly attempt: number;
}
