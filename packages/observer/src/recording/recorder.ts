import { type ExitReason, isAbnormal, type Pid, processInfo, type System } from '@reprise/actor';
import { shown, shownReason, type SupervisorInfo, type Witness } from '@reprise/actor/inspect';

import { History } from '../history/history.ts';
import type { Presence } from '../history/presence.ts';
import { pathOf } from '../history/rows.ts';
import {
  type AbnormalEnd,
  abnormalEnd,
  addFollower,
  EndsOfNow,
  type Failure,
} from './abnormal-ends.ts';
import { addTakenAlong, CrashBook, type CrashKind, type OpenReport } from './crash-book.ts';
import { withoutEventData } from './event-data.ts';
import { pathOfProcess } from './places.ts';
import { shownName } from './shown-name.ts';

/** The last crash of a child of a supervisor, or its own: whose, and its report if there is one. */
interface OpenCrash {
  readonly pid: Pid;
  readonly report: OpenReport | undefined;
}

/** Writes what happens in a system into its history and its crash book. */
export class Recorder implements Witness {
  readonly history: History;
  readonly crashes: CrashBook = new CrashBook();
  readonly #system: System;
  /** When each process was started that runs. */
  readonly #startedAt: Map<number, number> = new Map();
  /** The child that each supervisor starts, until there is a process for it. */
  readonly #starting: Map<number, Presence> = new Map();
  readonly #failures: Map<number, Failure> = new Map();
  /** How the process of a start has failed: its supervisor tells of that. */
  readonly #attempts: WeakMap<Presence, AbnormalEnd> = new WeakMap();
  /**
   * Children that have ended by a signal. What their supervisor does next decides whether that is a
   * crash. Gone with the child: no supervisor that has ended decides.
   */
  readonly #doubts: WeakMap<Presence, AbnormalEnd> = new WeakMap();
  readonly #endsOfNow: EndsOfNow = new EndsOfNow();
  /** The last crash of a child of each supervisor, until that does something about it. */
  readonly #open: Map<number, OpenCrash> = new Map();
  /** Why supervisors gave up that have not ended yet. */
  readonly #gaveUp: Map<number, string> = new Map();

  constructor(system: System) {
    this.#system = system;
    this.history = new History(this.#now, (id) => shownName(system, id));
  }

  /** A supervisor that is older than the recording. */
  adopt(supervisor: Pid, { startedAt: since, children }: SupervisorInfo): void {
    this.#startedAt.set(supervisor.id, since);
    this.#addTop(supervisor);
    for (const { id, pid, lastPid, startedAt } of children) {
      if (pid === undefined) {
        const presence = this.history.child(supervisor.id, id, undefined, this.#now);
        if (lastPid === undefined) {
          // Perhaps the supervisor starts it now: a recording begins within a start.
          this.#starting.set(supervisor.id, presence);
        }
      } else {
        this.#startedAt.set(pid.id, startedAt ?? this.#now);
        this.childStarted(supervisor, id, pid, undefined);
      }
    }
  }

  /** A process that is older than the recording. Its supervisor may still start it. */
  adoptStart(pid: Pid): void {
    if (this.history.presenceOf(pid.id) === undefined) {
      this.#attempted(pid, processInfo(pid)?.parent);
    }
  }

  // Processes

  started(pid: Pid, parent: Pid | undefined): void {
    this.#startedAt.set(pid.id, this.#now);
    this.#attempted(pid, parent);
  }

  #attempted(pid: Pid, parent: Pid | undefined): void {
    const now = this.#now;
    const presence = parent && this.#starting.get(parent.id);
    if (parent !== undefined && presence !== undefined) {
      this.#starting.delete(parent.id);
      this.history.attempts(presence, { pid: pid.id, from: now }, now);
    }
  }

  crashed(pid: Pid, _reason: ExitReason, details: object): void {
    this.#failures.set(pid.id, { path: this.#pathOf(pid), details });
  }

  ended(pid: Pid, reason: ExitReason, handled: number, _busy: number, by: Pid | undefined): void {
    const now = this.#now;
    const from = this.#startedAt.get(pid.id) ?? now;
    this.#startedAt.delete(pid.id);
    const end = isAbnormal(reason) ? this.#endedAbnormally(pid, reason, by) : undefined;
    const gaveUp = this.#gaveUp.get(pid.id);
    this.#failures.delete(pid.id);
    this.#open.delete(pid.id);
    this.#gaveUp.delete(pid.id);
    this.#starting.delete(pid.id);
    const text = reason.type === 'normal' ? 'normal' : (gaveUp ?? this.#textOf(reason));
    const isCrash = end?.isCrash === true || gaveUp !== undefined;
    const life = this.history.ended({ pid: pid.id, from, to: now, handled, isCrash }, text, now);
    if (end !== undefined) {
      end.life = life;
    }
  }

  #endedAbnormally(pid: Pid, reason: ExitReason, by: Pid | undefined): AbnormalEnd | undefined {
    const presence = this.history.presenceOf(pid.id);
    const failure = this.#failures.get(pid.id);
    const cause = this.#endsOfNow.causeOf(by, reason);
    const isSupervised = presence?.isOrphan === false && presence.supervisor !== 0;
    const path = failure?.path ?? this.#pathOf(pid);
    const end = abnormalEnd({ pid, reason, path, failure, isSupervised });
    if (presence?.attempt === pid.id) {
      this.#attempts.set(presence, end);
    } else if (failure !== undefined || (presence?.supervisor === 0 && reason.type === 'killed')) {
      this.#crash('exit', end);
    } else if (cause !== undefined) {
      addFollower(cause, end, () => this.#lineOf(end));
      this.#endsOfNow.add(pid, cause);
      return end;
    } else if (isSupervised) {
      this.#doubts.set(presence, end);
    } else {
      return undefined;
    }
    this.#endsOfNow.add(pid, end);
    return end;
  }

  // Children

  childStarting(supervisor: Pid, id: string, before: Pid | undefined): void {
    this.#decide(before);
    this.#addTop(supervisor);
    const presence = this.history.child(supervisor.id, id, before?.id, this.#now);
    this.#starting.set(supervisor.id, presence);
  }

  childStarted(supervisor: Pid, id: string, pid: Pid, before: Pid | undefined): void {
    const now = this.#now;
    this.#addTop(supervisor);
    this.#open.delete(supervisor.id);
    this.#starting.delete(supervisor.id);
    const from = this.#startedAt.get(pid.id) ?? now;
    const presence = this.history.child(supervisor.id, id, before?.id, now);
    this.history.runs(presence, { pid: pid.id, from }, now);
  }

  childFailed(supervisor: Pid, id: string, before: Pid | undefined, reason: ExitReason): void {
    this.#starting.delete(supervisor.id);
    this.#open.delete(supervisor.id);
    const presence = this.history.child(supervisor.id, id, before?.id, this.#now);
    const path = pathOf(presence.row);
    const attempt = this.#attempts.get(presence) ?? abnormalEnd({ pid: supervisor, reason, path });
    this.#attempts.delete(presence);
    this.#crash('start', { ...attempt, reason, path });
  }

  childRestarts(_supervisor: Pid, _id: string, before: Pid | undefined): void {
    this.#decide(before);
  }

  childWaits(supervisor: Pid, _id: string, before: Pid | undefined): void {
    this.#decide(before);
    this.#open.delete(supervisor.id);
  }

  childShutDown(supervisor: Pid, id: string, pid: Pid, reason: ExitReason): void {
    const followers = this.#takeDoubt(pid)?.followers ?? [];
    const open = this.#open.get(supervisor.id);
    if (open === undefined) {
      // The child was ended on purpose, and the others were not.
      for (const end of followers) {
        if (end.isSupervised) {
          this.#crash('exit', end);
        }
      }
    } else if (open.pid === pid) {
      this.#open.delete(supervisor.id);
    } else {
      const line = () => `${this.history.nameOf(id)} ${String(pid)}: ${this.#textOf(reason)}`;
      addTakenAlong(open.report, line);
      this.#follow(followers, open.report);
    }
  }

  childRemoved(supervisor: Pid, id: string, before: Pid | undefined): void {
    this.#decide(before);
    this.#starting.delete(supervisor.id);
    if (before !== undefined && this.#open.get(supervisor.id)?.pid === before) {
      this.#open.delete(supervisor.id);
    }
    this.history.removed(supervisor.id, id, before?.id, this.#now);
  }

  gaveUp(supervisor: Pid, _id: string, before: Pid | undefined, why: string): void {
    this.#decide(before);
    const reason = String(shown(this.#system, why));
    const report = this.crashes.add({
      path: this.#pathOf(supervisor),
      kind: 'gaveUp',
      reason,
      at: this.#now,
      report: () => this.#report(supervisor, { text: reason, stack: undefined }),
    });
    this.#open.set(supervisor.id, { pid: supervisor, report });
    this.#gaveUp.set(supervisor.id, reason);
  }

  /** The supervisor goes on with a child: it had not ended it itself. */
  #decide(before: Pid | undefined): void {
    const end = before && this.#takeDoubt(before);
    if (end !== undefined) {
      this.#crash('exit', end);
    }
  }

  #takeDoubt(pid: Pid): AbnormalEnd | undefined {
    const presence = this.history.presenceOf(pid.id);
    const end = presence && this.#doubts.get(presence);
    if (presence !== undefined) {
      this.#doubts.delete(presence);
    }
    return end;
  }

  #crash(kind: CrashKind, end: AbnormalEnd): void {
    const { pid, reason, path, failure, life } = end;
    const why = shownReason(this.#system, reason);
    const isInInit = kind === 'start' && life !== undefined;
    const report = this.crashes.add({
      path,
      kind,
      reason: why.text,
      at: this.#now,
      report: () => this.#report(pid, why, failure, isInInit),
    });
    const supervisor = this.history.presenceOf(pid.id)?.supervisor;
    if (supervisor !== undefined) {
      this.#open.set(supervisor, { pid, report });
    }
    end.isCrash = true;
    end.report = report;
    if (life !== undefined) {
      this.history.crashed(life);
    }
    this.#follow(end.followers.splice(0), report);
  }

  #follow(followers: readonly AbnormalEnd[], report: OpenReport | undefined): void {
    for (const follower of followers) {
      addTakenAlong(report, () => this.#lineOf(follower));
    }
  }

  #report(
    pid: Pid,
    { text, stack }: { readonly text: string; readonly stack: string | undefined },
    failure?: Failure,
    isInInit = false,
  ): OpenReport {
    return {
      at: this.#now,
      process: String(pid),
      isInInit,
      reason: text,
      stack: stack?.slice(0, longestStack),
      message: this.#json(withoutEventData(failure?.details.lastMessage)),
      state: this.#json(failure?.details.state),
      takenAlong: [],
    };
  }

  #json(value: unknown): string | undefined {
    return value === undefined
      ? undefined
      : JSON.stringify(shown(this.#system, value))?.slice(0, longestValue);
  }

  #lineOf({ path, reason }: AbnormalEnd): string {
    return `${path}: ${this.#textOf(reason)}`;
  }

  #textOf(reason: ExitReason): string {
    return shownReason(this.#system, reason).text;
  }

  /** A supervisor that is not the child of another one, seen for the first time. */
  #addTop(supervisor: Pid): void {
    if (this.history.presenceOf(supervisor.id) === undefined) {
      const from = this.#startedAt.get(supervisor.id) ?? this.#now;
      const id = processInfo(supervisor)?.name ?? String(supervisor);
      this.history.addTop(id, { pid: supervisor.id, from });
    }
  }

  #pathOf(pid: Pid): string {
    return pathOfProcess(this.history, pid);
  }

  get #now(): number {
    return this.#system.clock.now();
  }
}

/** In characters: both reports of a group have 16 KB at most. */
const longestStack = 4000;
const longestValue = 1500;
