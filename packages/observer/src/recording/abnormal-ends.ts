import type { ExitReason, Pid } from '@reprise/actor';

import { addTakenAlong, type OpenReport } from './crash-book.ts';

/** What a process was at when it failed. */
export interface Failure {
  readonly path: string;
  readonly details: { readonly lastMessage?: unknown; readonly state?: unknown };
}

/** An end as it happens. */
interface Ended {
  readonly pid: Pid;
  readonly reason: ExitReason;
  readonly path: string;
  /** Of a process whose own code has failed. */
  readonly failure?: Failure | undefined;
  /** Its supervisor runs, and will go on with it. */
  readonly isSupervised?: boolean;
}

/** A process has ended abnormally: that is a crash, unless another one has ended it. */
export interface AbnormalEnd extends Ended {
  /** Its life in the history, once that is written. */
  life: number | undefined;
  isCrash: boolean;
  /** Of a crash, if one was made. */
  report: OpenReport | undefined;
  /** The ends that followed this one while nobody knew whether it is a crash. */
  readonly followers: AbnormalEnd[];
}

export function abnormalEnd(ended: Ended): AbnormalEnd {
  return { ...ended, life: undefined, isCrash: false, report: undefined, followers: [] };
}

/** As many as a report names. */
const mostFollowers = 20;

/** Another process has ended, by a link, because this one has. */
export function addFollower(end: AbnormalEnd, follower: AbnormalEnd, text: () => string): void {
  if (end.isCrash) {
    addTakenAlong(end.report, text);
  } else if (end.followers.length < mostFollowers) {
    end.followers.push(follower);
  }
}

/** The ends whose exit signals are sent now: which of them a further end goes back to. */
export class EndsOfNow {
  readonly #ends: Map<number, AbnormalEnd> = new Map();

  /** What ends now, because `pid` does, goes back to `end`. */
  add(pid: Pid, end: AbnormalEnd): void {
    if (this.#ends.size === 0) {
      // The exit signals are sent before any microtask runs.
      queueMicrotask(() => {
        this.#ends.clear();
      });
    }
    this.#ends.set(pid.id, end);
  }

  /** Linked processes end with the very reason. */
  causeOf(by: Pid | undefined, reason: ExitReason): AbnormalEnd | undefined {
    const end = by && this.#ends.get(by.id);
    return end?.reason === reason ? end : undefined;
  }
}
