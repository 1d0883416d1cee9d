import type { SlowCallback } from '../recording/slow-callbacks.ts';

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

/** Changes of one kind to one process, or to streams below one supervisor; or one change. */
export interface MergedChange {
  /** The newest of them. */
  readonly change: Change;
  readonly count: number;
  /** How many processes or streams they are of. */
  readonly paths: number;
  /** When the oldest of them was. */
  readonly since: number;
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
  readonly latest: readonly MergedChange[];
  /** The slowest callbacks, as `slowest` of a look. */
  readonly slowest: readonly SlowCallback[];
}
