/** When a node does things, in ms. All of it follows from T, the time to live of a lease. */
export interface Times {
  /** T. */
  readonly ttl: number;
  /** How far the rates of two clocks may differ within T, and the time to stop the streams. */
  readonly margin: number;
  /** Between two renewals. */
  readonly renew: number;
  /** Between two looks at the nodes. */
  readonly watch: number;
  /** Between two views while nothing changes. */
  readonly look: number;
  /** Between two views while streams move, and before the first plan of a node that has joined. */
  readonly fastLook: number;
  /** After a request that failed. */
  readonly retry: number;
  /** A burial is late by at most this: several nodes do not ask for it at one instant. */
  readonly jitter: number;
  /** Before the next life of a node, at least; at most twice as long again. */
  readonly rejoin: number;
  /** A stream that is free for longer goes to any node that has room. */
  readonly unclaimed: number;
}

/** The times for a T of so many ms. */
export function timesOf(ttl: number): Times {
  return {
    ttl,
    margin: ttl / 10,
    renew: ttl / 4,
    watch: Math.min(ttl / 16, 500),
    look: ttl / 4,
    fastLook: Math.min(ttl / 4, 250),
    retry: 150,
    jitter: 50,
    rejoin: 50,
    unclaimed: ttl / 4,
  };
}
