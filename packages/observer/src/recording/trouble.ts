import {
  type ExitReason,
  isAbnormal,
  isAlive,
  type Pid,
  processInfo,
  type System,
} from '@reprise/actor';
import { shown, shownReason, supervisorInfo, type Witness } from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import { pathOfProcess } from './places.ts';
import { Recent } from './recent.ts';
import { SlowCallbacks } from './slow-callbacks.ts';

/** The restarts of one child in the last ten minutes. */
export interface RecentRestarts {
  readonly supervisor: Pid;
  readonly id: string;
  /** The newest hundred, the oldest first. */
  readonly times: number[];
  /** Why it was restarted the last time. */
  reason: string;
  /**
   * The processes that were linked to it or monitored it when it crashed, the newest last: one that
   * has waited since an earlier crash does not monitor the process of a later one.
   */
  watchers: readonly Pid[];
}

/** A child that has ended abnormally and is not restarted, or a supervisor that has given up. */
export interface LostChild {
  readonly at: number;
  readonly reason: string;
}

/** Something that has happened, and where it did last. */
export interface LastTime {
  readonly at: number;
  readonly path: string;
}

/** How many restarts a supervisor allows within how many seconds. */
interface Limits {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

const tenMinutes = 600_000;
const mostTimes = 100;
const mostChildren = 1000;
const mostWatchers = 20;

/**
 * What may need somebody: restarts of the last minutes, children that are lost, slow callbacks,
 * dropped messages. It follows the recorder, which knows the children.
 */
export class Trouble implements Witness {
  readonly restarts: Recent<RecentRestarts> = new Recent(mostChildren);
  readonly lost: Recent<LostChild> = new Recent(mostChildren);
  lastDropped: LastTime | undefined = undefined;
  lastSlow: (LastTime & { readonly ms: number }) | undefined = undefined;
  readonly slowCallbacks: SlowCallbacks = new SlowCallbacks();
  readonly #system: System;
  readonly #history: History;
  /** Of processes that have crashed, until they are restarted. */
  readonly #watchers: Recent<readonly Pid[]> = new Recent(mostChildren);
  /** Why children have ended, until their supervisor does something about it. */
  readonly #ends: Recent<LostChild> = new Recent(mostChildren);

  constructor(system: System, history: History) {
    this.#system = system;
    this.#history = history;
  }

  crashed(pid: Pid): void {
    const { links = [], monitoredBy = [], parent } = processInfo(pid) ?? {};
    const watchers = new Set([...links, ...monitoredBy].filter((one) => one !== parent));
    if (watchers.size > 0) {
      this.#watchers.set(String(pid.id), [...watchers]);
    }
  }

  ended(pid: Pid, reason: ExitReason): void {
    if (isAbnormal(reason) && this.#history.presenceOf(pid.id) !== undefined) {
      const { text } = shownReason(this.#system, reason);
      this.#ends.set(String(pid.id), { at: this.#now, reason: text });
    }
  }

  childRestarts(supervisor: Pid, id: string, before: Pid | undefined, reason: ExitReason): void {
    const now = this.#now;
    const path = this.#childOf(supervisor, id);
    const known = this.restarts.get(path);
    const key = String(before?.id);
    const watchers = new Set([...(known?.watchers ?? []), ...(this.#watchers.get(key) ?? [])]);
    this.#watchers.delete(key);
    this.#ends.delete(key);
    const times = (known?.times ?? []).filter((at) => at >= now - tenMinutes);
    const text = shownReason(this.#system, reason).text;
    this.restarts.set(path, {
      supervisor,
      id,
      times: [...times, now].slice(-mostTimes),
      reason: text,
      watchers: [...watchers].filter(isAlive).slice(-mostWatchers),
    });
  }

  /**
   * How many restarts of a supervisor counted at a time of the last ten minutes; `undefined` where
   * it counts more of them, or for longer, than is known here.
   */
  counted(supervisor: Pid, { maxRestarts, maxSeconds }: Limits, at: number): number | undefined {
    const from = at - maxSeconds * 1000;
    if (maxRestarts >= mostTimes || from < this.#now - tenMinutes) {
      return undefined;
    }
    let count = 0;
    for (const [, { supervisor: other, times }] of this.restarts) {
      count += other === supervisor ? times.filter((time) => time >= from && time <= at).length : 0;
    }
    return count;
  }

  childStarted(supervisor: Pid, id: string): void {
    this.lost.delete(this.#childOf(supervisor, id));
  }

  childShutDown(_supervisor: Pid, _id: string, pid: Pid): void {
    this.#ends.delete(String(pid.id));
  }

  /** A job that has crashed is not missed; a child with a place of its own is. */
  childRemoved(supervisor: Pid, id: string, before: Pid | undefined): void {
    const end = this.#ends.get(String(before?.id));
    this.#ends.delete(String(before?.id));
    if (end !== undefined && supervisorInfo(supervisor)?.isDynamic === false) {
      this.lost.set(this.#childOf(supervisor, id), end);
    }
  }

  gaveUp(supervisor: Pid, _id: string, _before: Pid | undefined, why: string): void {
    const reason = String(shown(this.#system, why));
    this.lost.set(this.#pathOf(supervisor), { at: this.#now, reason });
  }

  slow(pid: Pid, ms: number): void {
    this.lastSlow = { at: this.#now, path: this.#pathOf(pid), ms };
    this.slowCallbacks.add(this.lastSlow);
  }

  dropped(pid: Pid): void {
    this.lastDropped = { at: this.#now, path: this.#pathOf(pid) };
  }

  #childOf(supervisor: Pid, id: string): string {
    return `${this.#pathOf(supervisor)} / ${this.#history.nameOf(id)}`;
  }

  #pathOf(pid: Pid): string {
    return pathOfProcess(this.#history, pid);
  }

  get #now(): number {
    return this.#system.clock.now();
  }
}
