import { isAlive, type Pid } from '@reprise/actor';

import type { History } from '../history/history.ts';

/** The restarts of one child in the last ten minutes. */
export interface RecentRestarts {
  /** The one that has it now, or had it last: the place of a child outlives its supervisor. */
  supervisor: Pid;
  /** The ids of the processes of those above that one, the nearest first. */
  above: readonly number[];
  readonly id: string;
  /** The newest hundred, the oldest first. An end for which its supervisor gave up is one. */
  readonly times: readonly number[];
  /** How many of them, the newest, `supervisor` has counted. */
  counted: number;
  /** Whether its supervisor gave up at the newest: the child is started again along with that. */
  readonly hasGivenUp: boolean;
  /** Why it was restarted the last time. */
  readonly reason: string;
  /**
   * The processes that were linked to it or monitored it when it crashed, the newest last: one that
   * has waited since an earlier crash does not monitor the process of a later one.
   */
  readonly watchers: readonly Pid[];
}

/** A restart that is to be noted. */
export interface Restart {
  readonly at: number;
  readonly supervisor: Pid;
  readonly id: string;
  readonly reason: string;
  readonly hasGivenUp: boolean;
  readonly watchers: readonly Pid[];
}

/** A crash loop is over when its child has run for so long, in ms. */
export const healthyAfter = 120_000;
/** Of so many restarts of a child the times are known. */
export const mostTimes = 100;
export const tenMinutes = 600_000;
const mostChildren = 1000;
const mostWatchers = 20;

/** The children that were restarted lately, by path. */
export class Restarts {
  /** Those whose last restart is the oldest come first. */
  readonly #byPath: Map<string, RecentRestarts> = new Map();
  /** How many of them have each id. */
  readonly #ids: Map<string, number> = new Map();
  /** When a child was left out last. */
  leftOutAt: number = -Infinity;
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  get size(): number {
    return this.#byPath.size;
  }

  get(path: string): RecentRestarts | undefined {
    return this.#byPath.get(path);
  }

  /** Whether a child of this id is among them: most programs have few, and start many others. */
  hasId(id: string): boolean {
    return this.#ids.has(id);
  }

  delete(path: string): void {
    const known = this.#byPath.get(path);
    if (known !== undefined) {
      this.#byPath.delete(path);
      const count = (this.#ids.get(known.id) ?? 1) - 1;
      if (count === 0) {
        this.#ids.delete(known.id);
      } else {
        this.#ids.set(known.id, count);
      }
    }
  }

  [Symbol.iterator](): Iterator<readonly [path: string, restarts: RecentRestarts]> {
    return this.#byPath.entries();
  }

  add(path: string, restart: Restart): void {
    const { at, supervisor, id, hasGivenUp } = restart;
    const known = this.#byPath.get(path);
    if (known === undefined && !this.#hasRoom(at)) {
      this.leftOutAt = at;
      return;
    }
    const times = (known?.times ?? []).filter((time) => time >= at - tenMinutes);
    const same = known?.supervisor === supervisor ? known : undefined;
    const watchers = new Set([...(known?.watchers ?? []), ...restart.watchers]);
    this.delete(path);
    this.#ids.set(id, (this.#ids.get(id) ?? 0) + 1);
    this.#byPath.set(path, {
      supervisor,
      above: same?.above ?? this.#idsAbove(supervisor.id),
      id,
      times: [...times, at].slice(-mostTimes),
      counted: Math.min((same?.counted ?? 0) + 1, times.length + 1, mostTimes),
      hasGivenUp,
      reason: restart.reason,
      watchers: [...watchers].filter(isAlive).slice(-mostWatchers),
    });
  }

  /** The child runs in this supervisor from now on. */
  startedIn(supervisor: Pid, path: string): void {
    const known = this.#byPath.get(path);
    if (known !== undefined && known.supervisor !== supervisor) {
      known.supervisor = supervisor;
      known.above = this.#idsAbove(supervisor.id);
      known.counted = 0;
    }
  }

  /**
   * One that may still be in a crash loop stays: of more loops than there is room for, each would
   * push out the next to be restarted, and none would ever be found.
   */
  #hasRoom(now: number): boolean {
    if (this.#byPath.size < mostChildren) {
      return true;
    }
    const [[path, { times }]] = this.#byPath as Iterable<unknown> as [[string, RecentRestarts]];
    const isOver = (times.at(-1) ?? now) < now - healthyAfter;
    if (isOver) {
      this.delete(path);
    }
    return isOver;
  }

  #idsAbove(supervisor: number): readonly number[] {
    const above = this.#history.presenceOf(supervisor)?.supervisor ?? 0;
    return above === 0 ? [] : [above, ...this.#idsAbove(above)];
  }
}
