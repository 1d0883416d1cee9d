import { processes, processInfo, type Pid, type System } from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';

import type { Look } from '../look/looker.ts';
import type { StreamLook } from '../look/stream-look.ts';
import { recordedOf } from '../recording/record.ts';

/** A stream that gets nowhere for so long is without progress, in ms. */
const stalledAfter = 60_000;

/**
 * Why a program is not ready to work; none if it is. One bad stream of many is no reason, unless it
 * is named in `progress`: how long a stream, by its path or its id, may be without an event that is
 * handled and without a byte, in ms.
 */
export function reasonsNotReady(
  system: System,
  seen: Look,
  progress: Readonly<Record<string, number>>,
): readonly string[] {
  return [
    ...topReasons(system),
    ...(seen.streams.length > 0 && seen.streams.every((stream) => isStalled(stream, seen.at))
      ? ['no stream makes progress']
      : []),
    ...Object.entries(progress).flatMap(([name, limit]) => streamReasons(name, limit, seen)),
  ];
}

/** A supervisor that is up, and is not about to end. */
function topReasons(system: System): readonly string[] {
  const { history } = recordedOf(system).recorder;
  const ids = new Set(history.tops());
  // One that has never had a child is not in the history.
  const tops = processes(system).filter(
    (pid) =>
      ids.has(pid.id) ||
      (history.presenceOf(pid.id) === undefined && supervisorInfo(pid) !== undefined),
  );
  if (tops.length === 0) {
    return ['no supervisor runs'];
  }
  return tops.flatMap((top) => topReason(top));
}

function topReason(top: Pid): readonly string[] {
  const { name = String(top), awaitedCallback } = processInfo(top) ?? {};
  switch (awaitedCallback) {
    case 'init':
      return [`${name} starts`];
    case 'terminate':
      return [`${name} stops`];
    default:
      return [];
  }
}

/** Without a connection, or with an event that is not handled. */
function isStalled({ state, lostAt, inHandSince }: StreamLook, now: number): boolean {
  const since = state === 'connected' ? inHandSince : lostAt;
  return since !== undefined && now - since >= stalledAfter;
}

function streamReasons(name: string, limit: number, { at, streams }: Look): readonly string[] {
  const named = streams.filter(({ path }) => path === name || path.endsWith(` / ${name}`));
  if (named.length === 0) {
    return [`there is no stream ${name}`];
  }
  return named.every((stream) => at - progressOf(stream) >= limit)
    ? [`${name} makes no progress`]
    : [];
}

/** When a byte came last, or the event in hand: then the one before it was handled. */
function progressOf({ heardAt, inHandSince, lostAt, since }: StreamLook): number {
  return Math.max(heardAt ?? lostAt ?? since, inHandSince ?? -Infinity);
}
