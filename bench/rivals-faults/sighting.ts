/** The contender's own state. */
export type State = 'connecting' | 'open' | 'closed';

/** The observation by the contender's program, sent again and again while it runs. */
export interface Sighting {
  readonly state: State;
  /** The last failure for which the user got a reason. */
  readonly told?: string;
  /** Events that the user got. */
  readonly delivered: number;
  /** Events that the handler finished. */
  readonly handled: number;
  /** The most events in the handler at the same time. */
  readonly atOnce: number;
  /** In bytes, at most so far. */
  readonly peakRss: number;
  /** When it began to open a TCP connection, in ms since 1970: those since the last time. */
  readonly attempts: readonly number[];
}

/** From a contender's program to the bench. */
export type Message =
  /** Everything is loaded; the client is made now. `rss` is in bytes. */
  | { readonly type: 'ready'; readonly rss: number }
  | { readonly type: 'sighting'; readonly sighting: Sighting };
