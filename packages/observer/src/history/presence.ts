import type { Row } from './rows.ts';

/** A process that runs. */
export interface Running {
  readonly pid: number;
  readonly from: number;
}

/** A short life that ended as it should: whether it is kept is decided by what follows. */
export interface ShortLife extends Running {
  readonly to: number;
  readonly handled: number;
}

/** A child that its supervisor has now, running or not. */
export interface Presence {
  readonly row: Row;
  /** The id of its supervisor's process. */
  readonly supervisor: number;
  readonly from: number;
  /** The process that it runs as. */
  running: Running | undefined;
  /** The process that has started last; `undefined` before the first. */
  lastPid: number | undefined;
  /** The process that was made for the start that goes on, or that has failed. */
  attempt: number | undefined;
  short: ShortLife | undefined;
  /** Its supervisor has ended, and its process has not, so far. */
  isOrphan: boolean;
}

/** The children that the supervisors of a system have now. */
export class Presences {
  readonly #all: Map<number, Presence> = new Map();
  readonly #byPid: Map<number, Presence> = new Map();
  readonly #bySupervisor: Map<number, Set<Presence>> = new Map();
  /** Those that have not run yet: a start looks at none of the other siblings, however many. */
  readonly #unstarted: Map<number, Set<Presence>> = new Map();

  add(row: Row, supervisor: number, from: number): Presence {
    const presence: Presence = {
      row,
      supervisor,
      from,
      running: undefined,
      lastPid: undefined,
      attempt: undefined,
      short: undefined,
      isOrphan: false,
    };
    this.#all.set(row.number, presence);
    addTo(this.#bySupervisor, presence);
    addTo(this.#unstarted, presence);
    return presence;
  }

  /** The child that runs as this process, or ran as it last. */
  byPid(pid: number): Presence | undefined {
    return this.#byPid.get(pid);
  }

  /** The child of this id that has not run yet. */
  unstarted(supervisor: number, id: string): Presence | undefined {
    for (const presence of this.#unstarted.get(supervisor) ?? []) {
      if (presence.row.id === id) {
        return presence;
      }
    }
    return undefined;
  }

  /** A process was made for the start of a child: it may be the one, or fail. */
  attempts(presence: Presence, running: Running): void {
    this.#dropAttempt(presence);
    presence.running = running;
    presence.attempt = running.pid;
    this.#byPid.set(running.pid, presence);
  }

  runs(presence: Presence, running: Running): void {
    this.#dropAttempt(presence);
    if (presence.lastPid === undefined) {
      deleteFrom(this.#unstarted, presence);
    } else {
      this.#byPid.delete(presence.lastPid);
    }
    presence.running = running;
    presence.lastPid = running.pid;
    this.#byPid.set(running.pid, presence);
  }

  #dropAttempt(presence: Presence): void {
    if (presence.attempt !== undefined) {
      this.#byPid.delete(presence.attempt);
      presence.attempt = undefined;
    }
  }

  delete(presence: Presence): void {
    this.#all.delete(presence.row.number);
    this.#dropAttempt(presence);
    if (presence.lastPid !== undefined) {
      this.#byPid.delete(presence.lastPid);
    }
    deleteFrom(this.#bySupervisor, presence);
    deleteFrom(this.#unstarted, presence);
  }

  childrenOf(supervisor: number): readonly Presence[] {
    return [...(this.#bySupervisor.get(supervisor) ?? [])];
  }

  [Symbol.iterator](): Iterator<Presence> {
    return this.#all.values();
  }
}

type BySupervisor = Map<number, Set<Presence>>;

function addTo(map: BySupervisor, presence: Presence): void {
  const siblings = map.get(presence.supervisor) ?? new Set();
  map.set(presence.supervisor, siblings.add(presence));
}

function deleteFrom(map: BySupervisor, presence: Presence): void {
  const siblings = map.get(presence.supervisor);
  siblings?.delete(presence);
  if (siblings?.size === 0) {
    map.delete(presence.supervisor);
  }
}
