/** The order to a contender's program: its one argument, as JSON. */
export interface Order {
  readonly url: string;
  /**
   * Whether the stream is all that the program lives for. Otherwise something else keeps it alive,
   * as in a service.
   */
  readonly isOnlyWork: boolean;
  /** How long the handler takes for an event, in ms; for 0 it returns at once. */
  readonly handling: number;
  /** Where a contender has an option for the longest silence: this, in ms. */
  readonly idleTimeout?: number;
  /**
   * Where it has options for backoff: these, in ms. Without them it does what it does by default.
   */
  readonly backoff?: Backoff;
}

export interface Backoff {
  readonly first: number;
  readonly longest: number;
  /** How long a connection has to stand for the delay to begin anew. */
  readonly healthyAfter: number;
}

/** Sent with every request. */
export const headers = { Authorization: 'Bearer secret', 'X-Api-Key': 'secret' } as const;
