/** Something that has happened, for a list of changes. Times are those of the system's clock. */
export interface Change {
  readonly at: number;
  readonly path: string;
  readonly kind: 'crash' | 'end' | 'lost' | 'connected';
  /** The process that has ended, or 0. */
  readonly pid: number;
  /** How long it ran, or was connected, in ms. */
  readonly lasted: number;
  readonly reason: string;
}

/** The last hour in parts of half a minute. */
export interface Hour {
  /** When the first part begins. */
  readonly from: number;
  readonly part: number;
  readonly changes: readonly number[];
  readonly crashes: readonly number[];
}

/** The hour as a page gets it. */
export interface ToldHour extends Hour {
  /** When the recording began. */
  readonly since: number;
  /** The newest first. */
  readonly latest: readonly Change[];
}
