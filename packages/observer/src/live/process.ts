import { type Pid, processes, type ProcessInfo, processInfo, type System } from '@reprise/actor';
import { type InHand, inHand, shownState } from '@reprise/actor/inspect';

import type { EndedLife } from '../history/endings.ts';
import type { History } from '../history/history.ts';
import { withoutEventData } from '../recording/event-data.ts';
import { pathOfProcess } from '../recording/places.ts';
import type { Recorded } from '../recording/record.ts';
import type { Explanations } from './explanations.ts';
import { type LastMessage, lastMessages } from './last-messages.ts';

/** Another process, named. */
export interface Other {
  readonly pid: number;
  readonly path: string;
}

/** One process that runs. Times are those of the system's clock. */
export interface ProcessPage {
  readonly path: string;
  readonly pid: number;
  readonly name: string | undefined;
  readonly status: string;
  readonly queue: number;
  readonly handled: number;
  readonly busy: number;
  readonly awaitingSince: number | undefined;
  readonly awaitedCallback: string | undefined;
  readonly trapExit: boolean;
  /** How many messages its full mailbox has dropped. */
  readonly dropped: number | undefined;
  readonly links: readonly Other[];
  readonly monitors: readonly Other[];
  readonly monitoredBy: readonly Other[];
  readonly inHand: InHand | undefined;
  /**
   * The newest messages, for one who asks for `api/process/PID?messages`: they are recorded while
   * that is asked again and again. `undefined` also if the program explains this process itself.
   */
  readonly lastMessages: readonly LastMessage[] | undefined;
  readonly state: unknown;
  /** States and messages are not shown here. */
  readonly isStateHidden: boolean;
  /** Those of this place that have ended, the oldest first. */
  readonly lives: readonly EndedLife[];
}

const most = 20;

/** What is shown of a process. */
interface Shown {
  readonly state: boolean;
  /** Who explains it, if its last messages are wanted. */
  readonly explanations: Explanations | undefined;
}

/** One process, for its page; `undefined` if it does not run. */
export function processPage(
  system: System,
  recorded: Recorded,
  id: number,
  { state: showsState, explanations }: Shown,
): ProcessPage | undefined {
  const pid = processes(system).find((one) => one.id === id);
  const info = pid && processInfo(pid);
  if (pid === undefined || info === undefined) {
    return undefined;
  }
  const { history } = recorded.recorder;
  const path = pathOfProcess(history, pid);
  const asked = showsState ? explanations?.of(pid) : undefined;
  return {
    path,
    pid: id,
    name: info.name === undefined ? undefined : history.nameOf(info.name),
    ...numbersOf(info),
    links: named(system, history, info.links),
    monitors: named(system, history, info.monitors),
    monitoredBy: named(system, history, info.monitoredBy),
    inHand: showsState ? handledBy(pid) : undefined,
    lastMessages: asked && lastMessages(asked, history, system.clock.now()),
    state: showsState ? shownState(pid) : undefined,
    isStateHidden: !showsState,
    lives: recorded.endsAt(path, 8),
  };
}

function handledBy(pid: Pid): InHand | undefined {
  const found = inHand(pid);
  return found?.message === undefined
    ? found
    : { ...found, message: withoutEventData(found.message) };
}

function numbersOf(info: ProcessInfo) {
  const { status, messageQueueLen, handled, busy, awaitingSince, awaitedCallback } = info;
  return {
    status,
    queue: messageQueueLen,
    handled,
    busy,
    awaitingSince,
    awaitedCallback,
    trapExit: info.trapExit,
    dropped: info.mailbox?.dropped,
  };
}

function named(system: System, history: History, pids: readonly Pid[]): readonly Other[] {
  return pids
    .filter((pid) => pid !== system.pid)
    .slice(0, most)
    .map((pid) => ({ pid: pid.id, path: pathOfProcess(history, pid) }));
}
