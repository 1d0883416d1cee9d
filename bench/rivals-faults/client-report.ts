/** The contender's own state. */
export type State = 'connecting' | 'open' | 'closed';

/** The observations of the contender's program, sent at intervals while it runs. */
export interface ClientReport {
  readonly state: State;
  /** The last failure for which the user got a reason. */
  readonly lastReason?: string;
  /** Events that the user got. */
  readonly delivered: number;
  /** Events that the handler finished. */
  readonly handled: number;
  /** The most events in the handler at the same time. */
  readonly atOnce: number;
  /** In bytes, at most so far. */
  readonly peakRss: number;
  /** The starts of TCP connections since the last report, in ms since 1970. */
  readonly attempts: readonly number[];
}

/** From a contender's program to the bench. */
export type Message =
  /** Everything is loaded; the client is made now. `rss` is in bytes. */
  | { readonly type: 'ready'; readonly rss: number }
  | { readonly type: 'report'; readonly report: ClientReport };
