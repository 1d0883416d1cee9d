import type { StreamStatus } from './stream-status.ts';

/** What a process counts, and those before it in its place. */
export interface ProcessTotals {
  /** Messages taken. */
  messages: number;
  /** How long its turns have held the thread, in ms. */
  busy: number;
}

/** What a stream counts, over its processes. */
export interface StreamTotals {
  /** Handled events. */
  events: number;
  /** Bytes of the bodies, decompressed. */
  bytes: number;
  /** Events that were dropped as handled before. */
  repeats: number;
  /** Connections made. */
  connections: number;
  /** Attempts that have failed, by the type of the failure. */
  readonly connectFailures: Map<string, number>;
  /** Streams that have ended, by the type of their end. */
  readonly disconnects: Map<string, number>;
}

export function noProcessTotals(): ProcessTotals {
  return { messages: 0, busy: 0 };
}

export function noStreamTotals(): StreamTotals {
  return {
    events: 0,
    bytes: 0,
    repeats: 0,
    connections: 0,
    connectFailures: new Map(),
    disconnects: new Map(),
  };
}

/** Adds what one process of a stream has counted. */
export function addStream(totals: StreamTotals, status: StreamStatus): void {
  totals.events += status.events;
  totals.bytes += status.bytes;
  totals.repeats += status.repeats;
  totals.connections += status.url === undefined ? 0 : status.reconnects + 1;
  addCounts(totals.connectFailures, Object.entries(status.connectFailures));
  addCounts(totals.disconnects, Object.entries(status.disconnects));
}

/** Adds what other processes of a stream have counted. */
export function addTotals(totals: StreamTotals, others: StreamTotals): void {
  totals.events += others.events;
  totals.bytes += others.bytes;
  totals.repeats += others.repeats;
  totals.connections += others.connections;
  addCounts(totals.connectFailures, others.connectFailures);
  addCounts(totals.disconnects, others.disconnects);
}

export function addCounts(
  counts: Map<string, number>,
  others: Iterable<readonly [name: string, count: number]>,
): void {
  for (const [name, count] of others) {
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
}
