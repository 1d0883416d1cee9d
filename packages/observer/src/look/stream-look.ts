import type { Pid } from '@reprise/actor';

import type { StreamNow } from '../recording/stream-recorder.ts';
import type { StreamStatus } from '../recording/stream-status.ts';

/** A client of `@reprise/sse` at one moment. */
export interface StreamLook {
  readonly path: string;
  readonly pid: number;
  /** A client that waits for its next attempt is disconnected. */
  readonly state: 'disconnected' | 'connecting' | 'connected';
  readonly since: number;
  /** Since when it is not connected; `undefined` while it is. */
  readonly lostAt: number | undefined;
  /** Why the last attempt failed, or the last connection ended. */
  readonly failure: string | undefined;
  /** Attempts since a connection was last made, the current one included. */
  readonly attempt: number;
  /** When it will connect, if it waits for that. */
  readonly nextAttemptAt: number | undefined;
  /** When the last byte came, or the connection if none has: silence counts from here. */
  readonly heardAt: number | undefined;
  /** How long the connection may be silent, in ms. */
  readonly idleTimeout: number | undefined;
  /** The usual time between two events of this connection, in ms; known from 10 events on. */
  readonly usualGap: number | undefined;
  /** Since when the handler of an event has not settled. Meanwhile the client reads nothing. */
  readonly inHandSince: number | undefined;
  /** Events that have arrived and are not handled. */
  readonly unhandled: number;
  /** The id of the last handled event; `""` for none. */
  readonly lastEventId: string;
  /** The last id that the store of the cursor has; `undefined` for none. */
  readonly kept: string | undefined;
  /** How many moves of the cursor its store does not have yet. */
  readonly unwritten: number;
  readonly events: number;
  readonly bytes: number;
  readonly reconnects: number;
  /**
   * How old the last event was when it was handled, in ms: of a handler that is `timed` with an
   * `eventTime`.
   */
  readonly lag: number | undefined;
}

const fewestEvents = 10;

export function streamLook(
  pid: Pid,
  status: StreamStatus,
  now: StreamNow,
  lag: number | undefined,
): StreamLook {
  const { state, since, lastByteAt } = status;
  const inHandSince = status.awaiting.find(({ type }) => type === 'event')?.since;
  return {
    path: now.path,
    pid: pid.id,
    state,
    since,
    lostAt: now.lostAt,
    failure: now.failure,
    attempt: status.attempt,
    nextAttemptAt: status.nextAttemptAt,
    heardAt: state === 'connected' ? Math.max(since, lastByteAt ?? since) : lastByteAt,
    idleTimeout: status.idleTimeout,
    usualGap: usualGapOf(status),
    inHandSince,
    unhandled: status.unhandled,
    lastEventId: status.lastEventId,
    kept: status.kept,
    unwritten: status.unwritten,
    events: status.events,
    bytes: status.bytes,
    reconnects: status.reconnects,
    lag,
  };
}

function usualGapOf({ connectionEvents, lastEventAt, since, state }: StreamStatus) {
  const isKnown = state === 'connected' && connectionEvents >= fewestEvents;
  return isKnown && lastEventAt !== undefined
    ? (lastEventAt - since) / connectionEvents
    : undefined;
}
