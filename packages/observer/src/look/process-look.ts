import { type Pid, processInfo } from '@reprise/actor';

import type { History } from '../history/history.ts';
import { pathOfProcess } from '../recording/places.ts';
import { type RecentRestarts, tenMinutes } from '../recording/restarts.ts';
import type { Trouble } from '../recording/trouble.ts';
import type { Supervisors } from './supervisors.ts';

/** A child that was restarted within the last ten minutes. */
export interface RestartingChild {
  readonly path: string;
  /** How often; from 100 on it is more. */
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Why it was restarted the last time. */
  readonly reason: string;
  readonly isRunning: boolean;
  /** When it is started again, if it waits for that. */
  readonly nextStartAt: number | undefined;
  /** Its own; while that does not run, the one above that is to start it again. */
  readonly supervisor: Intensity;
  /** Processes that were linked to it or monitored it, and have messages waiting now. */
  readonly waiting: readonly WaitingProcess[];
}

/** The restarts of a supervisor that count now, and how many it allows within how long. */
export interface Intensity {
  readonly path: string;
  readonly counting: number;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

/** A process that waits for another one, perhaps. */
export interface WaitingProcess {
  readonly path: string;
  readonly pid: number;
  readonly messages: number;
}

/** A server whose callback awaits a promise. */
export interface StuckProcess {
  readonly path: string;
  readonly pid: number;
  /** Such as `handleCall.pop`. */
  readonly callback: string;
  readonly since: number;
  /** The messages that wait behind it. */
  readonly messages: number;
}

/** A restart of a child, and who waits for that child now. */
export interface RestartedChild {
  readonly at: number;
  /** Which one it is, of the restarts since its supervisor was started. */
  readonly number: number;
  readonly supervisor: string;
  readonly strategy: string;
  /** How many restarts counted then, this one included; `undefined` if that is not known. */
  readonly counted: number | undefined;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  /** Processes that were linked to it or monitored it, and have messages waiting now. */
  readonly waiting: readonly WaitingProcess[];
}

/**
 * `undefined` for one that was restarted long ago, or is not to run any more: somebody has stopped
 * it, or its supervisor, or that one has given up.
 */
export function restartingChild(
  path: string,
  restarts: RecentRestarts,
  { supervisors, history, now }: LookedAt,
): RestartingChild | undefined {
  const { times, reason, watchers } = restarts;
  const recent = times.filter((at) => at >= now - tenMinutes);
  const [firstAt] = recent;
  const keeper = firstAt === undefined ? undefined : supervisors.keeperOf(restarts);
  if (firstAt === undefined || keeper === undefined) {
    return undefined;
  }
  const { pid, info, child, isOwn } = keeper;
  const { countingRestarts: counting, maxRestarts, maxSeconds } = info;
  return {
    path,
    count: recent.length,
    firstAt,
    lastAt: recent.at(-1) ?? firstAt,
    reason,
    isRunning: isOwn && child.state === 'running',
    nextStartAt: child.wait?.until,
    supervisor: { path: pathOfProcess(history, pid), counting, maxRestarts, maxSeconds },
    waiting: watchers.flatMap((watcher) => waitingProcess(watcher, history)),
  };
}

/** What a look has at hand. */
export interface LookedAt {
  readonly supervisors: Supervisors;
  readonly history: History;
  readonly now: number;
}

/**
 * The last restart of a child, if it was within the last ten minutes; `undefined` if its supervisor
 * gave up instead, or does not run now.
 */
export function restartedChild(
  path: string,
  trouble: Trouble,
  { supervisors, history, now }: LookedAt,
): RestartedChild | undefined {
  const restarts = trouble.restarts.get(path);
  const at = restarts?.times.at(-1);
  const info = restarts && supervisors.infoOf(restarts.supervisor);
  const isOld = at === undefined || at < now - tenMinutes;
  if (restarts === undefined || isOld || info === undefined || restarts.hasGivenUp) {
    return undefined;
  }
  const { supervisor, id, watchers } = restarts;
  const { strategy, maxRestarts, maxSeconds } = info;
  return {
    at,
    number: supervisors.childOf(supervisor, id)?.restarts ?? 0,
    supervisor: pathOfProcess(history, supervisor),
    strategy,
    // Another one counted it, and has ended since.
    counted: restarts.counted === 0 ? undefined : trouble.counted(supervisor, info, at),
    maxRestarts,
    maxSeconds,
    waiting: watchers.flatMap((pid) => waitingProcess(pid, history)),
  };
}

function waitingProcess(pid: Pid, history: History): readonly WaitingProcess[] {
  const messages = processInfo(pid)?.messageQueueLen ?? 0;
  return messages === 0 ? [] : [{ path: pathOfProcess(history, pid), pid: pid.id, messages }];
}

export function stuckProcess(pid: Pid, history: History): readonly StuckProcess[] {
  const { awaitingSince, awaitedCallback, messageQueueLen: messages } = processInfo(pid) ?? {};
  return awaitingSince === undefined || awaitedCallback === undefined || messages === undefined
    ? []
    : [
        {
          path: pathOfProcess(history, pid),
          pid: pid.id,
          callback: awaitedCallback,
          since: awaitingSince,
          messages,
        },
      ];
}
