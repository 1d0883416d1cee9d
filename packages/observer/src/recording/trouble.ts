import { type ExitReason, isAbnormal, type Pid, processInfo, type System } from '@reprise/actor';
import { shown, shownReason, supervisorInfo, type Witness } from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import { pathOfProcess } from './places.ts';
import { Recent } from './recent.ts';
import { mostTimes, Restarts, tenMinutes } from './restarts.ts';
import { SlowCallbacks } from './slow-callbacks.ts';

/** A child that has ended abnormally and is not restarted, or a supervisor that has given up. */
export interface LostChild {
  readonly at: number;
  readonly reason: string;
}

/** When a full mailbox has dropped a message last. */
interface LastDrop {
  at: number;
}

/** When a callback has held the thread last, and for how long. */
interface LastSlow {
  readonly at: number;
  readonly ms: number;
}

/** How many restarts a supervisor allows within how many seconds. */
interface Limits {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

export const mostLost = 1000;
const mostEnds = 1000;
const mostPaths = 100;

/**
 * What may need somebody: restarts of the last minutes, children that are lost, slow callbacks,
 * dropped messages. It follows the recorder, which knows the children.
 */
export class Trouble implements Witness {
  readonly restarts: Restarts;
  readonly lost: Recent<LostChild> = new Recent(mostLost);
  readonly dropping: Recent<LastDrop> = new Recent(mostPaths);
  readonly holding: Recent<LastSlow> = new Recent(mostPaths);
  readonly slowCallbacks: SlowCallbacks = new SlowCallbacks();
  readonly #system: System;
  readonly #history: History;
  /** Of processes that have crashed, until they are restarted. */
  readonly #watchers: Recent<readonly Pid[]> = new Recent(mostEnds);
  /** Why children have ended, until their supervisor does something about it. */
  readonly #ends: Recent<LostChild> = new Recent(mostEnds);
  readonly #dynamic: WeakMap<Pid, boolean> = new WeakMap();
  /** A full mailbox drops again and again: its path is made once. */
  #lastDrop: { readonly pid: Pid; readonly entry: LastDrop } | undefined = undefined;

  constructor(system: System, history: History) {
    this.#system = system;
    this.#history = history;
    this.restarts = new Restarts(history);
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
    const { text } = shownReason(this.#system, reason);
    this.lost.delete(this.#childOf(supervisor, id));
    this.#restarted(supervisor, id, before, { reason: text, hasGivenUp: false });
  }

  #restarted(
    supervisor: Pid,
    id: string,
    before: Pid | undefined,
    how: { readonly reason: string; readonly hasGivenUp: boolean },
  ): void {
    const key = String(before?.id);
    const watchers = this.#watchers.get(key) ?? [];
    this.#watchers.delete(key);
    this.#ends.delete(key);
    const at = this.#now;
    this.restarts.add(this.#childOf(supervisor, id), { at, supervisor, id, watchers, ...how });
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
    for (const [, { supervisor: other, times, counted }] of this.restarts) {
      count +=
        other === supervisor
          ? times.slice(times.length - counted).filter((time) => time >= from && time <= at).length
          : 0;
    }
    return count;
  }

  childStarted(supervisor: Pid, id: string): void {
    // Most starts are of neither, and need no path here.
    if (this.lost.size > 0 || this.restarts.hasId(id)) {
      const path = this.#childOf(supervisor, id);
      this.lost.delete(path);
      this.restarts.startedIn(supervisor, path);
    }
  }

  childShutDown(_supervisor: Pid, _id: string, pid: Pid): void {
    this.#ends.delete(String(pid.id));
  }

  /**
   * A job that has crashed is not missed; a child with a place of its own is. The next child of its
   * id is another one.
   */
  childRemoved(supervisor: Pid, id: string, before: Pid | undefined): void {
    const end = this.#ends.get(String(before?.id));
    this.#ends.delete(String(before?.id));
    const isNoted = end !== undefined || this.restarts.hasId(id);
    if (isNoted && !this.#isDynamic(supervisor)) {
      const path = this.#childOf(supervisor, id);
      this.restarts.delete(path);
      if (end !== undefined) {
        this.lost.set(path, end);
      }
    }
  }

  gaveUp(supervisor: Pid, id: string, before: Pid | undefined, why: string): void {
    const text = String(shown(this.#system, why));
    const end = this.#ends.get(String(before?.id));
    // A child whose start has failed again has no end.
    const { reason = text } = end ?? this.restarts.get(this.#childOf(supervisor, id)) ?? {};
    this.#restarted(supervisor, id, before, { reason, hasGivenUp: true });
    this.lost.set(this.#pathOf(supervisor), { at: this.#now, reason: text });
  }

  slow(pid: Pid, ms: number): void {
    const [at, path] = [this.#now, this.#pathOf(pid)];
    this.holding.set(path, { at, ms });
    this.slowCallbacks.add({ at, path, ms });
  }

  dropped(pid: Pid): void {
    if (this.#lastDrop?.pid === pid) {
      this.#lastDrop.entry.at = this.#now;
    } else {
      const entry = { at: this.#now };
      this.#lastDrop = { pid, entry };
      this.dropping.set(this.#pathOf(pid), entry);
    }
  }

  /** `supervisorInfo` makes an object for each child: of a thousand jobs it is asked once. */
  #isDynamic(supervisor: Pid): boolean {
    const isDynamic =
      this.#dynamic.get(supervisor) ?? supervisorInfo(supervisor)?.isDynamic !== false;
    this.#dynamic.set(supervisor, isDynamic);
    return isDynamic;
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
