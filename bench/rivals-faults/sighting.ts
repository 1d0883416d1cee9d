/** What a contender says of itself. */
export type State = 'connecting' | 'open' | 'closed';

/** What its program sees of it: told again and again while it runs. */
export interface Sighting {
  readonly state: State;
  /** The last failure that its user was given a reason for. */
  readonly told?: string;
  /** Events that its user was given. */
  readonly delivered: number;
  /** Of these, those that the handler was done with. */
  readonly handled: number;
  /** The most that the handler had at the same time. */
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
