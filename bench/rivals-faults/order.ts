/** The order to a contender's program: its one argument, as JSON. */
export interface Order {
  readonly url: string;
  /**
   * Whether the stream is the only work of the program. Otherwise something else keeps it alive, as
   * in a service.
   */
  readonly isOnlyWork: boolean;
  /** How long the handler takes for an event, in ms; for 0 it returns at once. */
  readonly handling: number;
  /** The value for a contender's option of the longest silence, in ms. */
  readonly idleTimeout?: number;
  /**
   * The values for a contender's options of backoff, in ms. Left out: the contender's defaults.
   */
  readonly backoff?: Backoff;
}

export interface Backoff {
  readonly first: number;
  readonly longest: number;
  /** How long a connection has to stay open before the delay starts over, in ms. */
  readonly healthyAfter: number;
}

/** Sent with every request. */
export const headers = { Authorization: 'Bearer secret', 'X-Api-Key': 'secret' } as const;
