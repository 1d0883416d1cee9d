import { isAlive } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import type { OwnedStream } from './owned-stream.ts';

/** A stream that makes no progress. */
export interface Stall {
  readonly key: string;
  /** For how long, in ms. */
  readonly ms: number;
  /**
   * `start`: its client has not started. `source`: its client is without a connection. `handler`: a
   * handler or its transaction has not settled. `crash`: its client has crashed, and has handled no
   * event since.
   */
  readonly why: 'start' | 'source' | 'handler' | 'crash';
}

/** The most stalls that are told. */
const most = 100;

/** The streams of a node: those that run, and those that crash again and again and do not. */
export interface StreamsOfNode {
  readonly running: Iterable<OwnedStream>;
  readonly crashed: readonly (readonly [key: string, since: number])[];
}

/** The streams without progress for more than `limit` ms, the longest first. */
export function stallsOf(
  { running, crashed }: StreamsOfNode,
  now: number,
  limit: number,
): readonly Stall[] {
  return [
    ...Array.from(running, (stream) => longestOf(stream, now)),
    ...crashed.map(([key, since]) => ({ key, ms: now - since, why: 'crash' }) as const),
  ]
    .filter(({ ms }) => ms > limit)
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, most);
}

function longestOf(stream: OwnedStream, now: number): Stall {
  const stalls = stallsIn(stream).map(([why, since = now]) => ({ why, ms: now - since }));
  const none = { why: 'start', ms: 0 } as const;
  return {
    key: stream.key,
    ...stalls.reduce((one, other) => (other.ms > one.ms ? other : one), none),
  };
}

/** Each reason for which a stream makes no progress, with the time since when it does not. */
function stallsIn(stream: OwnedStream): readonly (readonly [Stall['why'], number | undefined])[] {
  const { pid, startedAt, lostSince, crashedSince, hasHandled } = stream;
  const crash = ['crash', hasHandled ? undefined : crashedSince] as const;
  if (pid === undefined || !isAlive(pid)) {
    return [['start', startedAt], crash];
  }
  const handlers = SseClient.status(pid).awaiting.filter(
    ({ type }) => type === 'event' || type === 'cursor',
  );
  return [
    ['source', lostSince],
    ...handlers.map(({ since }) => ['handler', since] as const),
    crash,
  ];
}
