import { type ExitReason, isAbnormal, type Pid, processInfo, type System } from '@reprise/actor';
import { shown, shownReason, type SupervisorInfo, type Witness } from '@reprise/actor/inspect';

import { History } from '../history/history.ts';
import type { Presence } from '../history/presence.ts';
import { pathOf } from '../history/rows.ts';
import { addTakenAlong, CrashBook, type CrashKind, type OpenReport } from './crash-book.ts';
import { withoutEventData } from './event-data.ts';
import { pathOfProcess } from './places.ts';
import { shownName } from './shown-name.ts';

/** What a process was at when it failed. */
interface Failure {
  readonly path: string;
  readonly details: { readonly lastMessage?: unknown; readonly state?: unknown };
  /** It had not started yet. */
  readonly isInInit?: boolean;
}

/** A child has ended by a signal. What its supervisor does next decides whether it is a crash. */
interface Doubt {
  readonly pid: Pid;
  readonly reason: ExitReason;
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
  readonly #attempts: WeakMap<Presence, Failure & { readonly pid: Pid }> = new WeakMap();
  readonly #doubts: Map<number, Doubt> = new Map();
  /** The last crash of a child of each supervisor, until that does something about it. */
  readonly #open: Map<number, OpenReport> = new Map();
  /** The crash whose exit signals are sent now: linked processes end with the very reason. */
  #signalled: { readonly reason: ExitReason; readonly report: OpenReport } | undefined = undefined;

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

  ended(pid: Pid, reason: ExitReason, handled: number): void {
    const now = this.#now;
    const from = this.#startedAt.get(pid.id) ?? now;
    this.#startedAt.delete(pid.id);
    if (isAbnormal(reason)) {
      this.#endedAbnormally(pid, reason);
    }
    this.#failures.delete(pid.id);
    this.#open.delete(pid.id);
    const text = reason.type === 'normal' ? 'normal' : this.#textOf(reason);
    this.history.ended({ pid: pid.id, from, to: now, handled }, text, now);
  }

  #endedAbnormally(pid: Pid, reason: ExitReason): void {
    const failure = this.#failures.get(pid.id);
    const presence = this.history.presenceOf(pid.id);
    if (presence?.attempt === pid.id) {
      this.#attempts.set(presence, { path: '', details: {}, ...failure, pid });
    } else if (failure !== undefined) {
      this.#crash('exit', failure.path, pid, reason, failure);
    } else if (this.#signalled?.reason === reason) {
      addTakenAlong(this.#signalled.report, `${this.#pathOf(pid)}: ${this.#textOf(reason)}`);
    } else if (presence !== undefined) {
      this.#doubts.set(pid.id, { pid, reason });
    }
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
    const failure = this.#attempts.get(presence);
    this.#attempts.delete(presence);
    this.#crash('start', pathOf(presence.row), failure?.pid ?? supervisor, reason, {
      ...failure,
      isInInit: failure !== undefined,
    });
  }

  childRestarts(_supervisor: Pid, _id: string, before: Pid | undefined): void {
    this.#decide(before);
  }

  childWaits(supervisor: Pid, _id: string, before: Pid | undefined): void {
    this.#decide(before);
    this.#open.delete(supervisor.id);
  }

  childShutDown(supervisor: Pid, id: string, pid: Pid, reason: ExitReason): void {
    this.#doubts.delete(pid.id);
    const report = this.#open.get(supervisor.id);
    if (report !== undefined) {
      addTakenAlong(report, `${this.history.nameOf(id)} ${String(pid)}: ${this.#textOf(reason)}`);
    }
  }

  childRemoved(supervisor: Pid, id: string, before: Pid | undefined): void {
    this.#decide(before);
    this.#starting.delete(supervisor.id);
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
    this.#open.set(supervisor.id, report);
  }

  /** The supervisor goes on with a child: it had not ended it itself. */
  #decide(before: Pid | undefined): void {
    const doubt = before && this.#doubts.get(before.id);
    if (doubt !== undefined) {
      this.#doubts.delete(doubt.pid.id);
      this.#crash('exit', this.#pathOf(doubt.pid), doubt.pid, doubt.reason);
    }
  }

  #crash(
    kind: CrashKind,
    path: string,
    pid: Pid,
    reason: ExitReason,
    failure: Partial<Failure> = {},
  ): void {
    const why = shownReason(this.#system, reason);
    const report = this.crashes.add({
      path,
      kind,
      reason: why.text,
      at: this.#now,
      report: () => this.#report(pid, why, failure),
    });
    const supervisor = this.history.presenceOf(pid.id)?.supervisor;
    if (supervisor !== undefined) {
      this.#open.set(supervisor, report);
    }
    this.#signalled = { reason, report };
    // The exit signals are sent before any microtask runs.
    queueMicrotask(() => {
      this.#signalled = undefined;
    });
  }

  #report(
    pid: Pid,
    { text, stack }: { readonly text: string; readonly stack: string | undefined },
    { details: { lastMessage, state } = {}, isInInit = false }: Partial<Failure> = {},
  ): OpenReport {
    return {
      at: this.#now,
      process: String(pid),
      isInInit,
      reason: text,
      stack: stack?.slice(0, longestStack),
      message: this.#json(withoutEventData(lastMessage)),
      state: this.#json(state),
      takenAlong: [],
    };
  }

  #json(value: unknown): string | undefined {
    return value === undefined
      ? undefined
      : JSON.stringify(shown(this.#system, value))?.slice(0, longestValue);
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
