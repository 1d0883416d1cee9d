import { isAlive, type Pid, processes, processInfo, type System } from '@reprise/actor';
import { type SupervisedChild, supervisorInfo, type Witness } from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import { placeOf } from '../recording/places.ts';
import type { RestartHour, RestartHours } from '../recording/restart-hours.ts';

/** A place in the tree, and the process that runs there. */
export interface TreeRow {
  /** Stays the same when the child, or its supervisor, is started again. */
  readonly row: number;
  /** The row of the supervisor, or of the parent of a process that is no child; 0 at the top. */
  readonly parent: number;
  readonly id: string;
  /** `process`: it is no child of a supervisor. */
  readonly type: 'supervisor' | 'worker' | 'process';
  /** The number of the process; `undefined` if none runs. */
  readonly pid: number | undefined;
  readonly state: 'running' | 'restarting' | 'stopped';
  readonly startedAt: number | undefined;
  /** Since its supervisor was started. */
  readonly restarts: number;
  /** The restarts of the last hour; `undefined` for none. */
  readonly restartHour: RestartHour | undefined;
  /** Its restart type; `undefined` for a process that is no child. */
  readonly restart: string | undefined;
  /** Why the process before this one ended. */
  readonly reason: string | undefined;
  /** When it is started next, and after which delay, if it waits for that. */
  readonly nextStartAt: number | undefined;
  readonly delay: number | undefined;
  /** Of a supervisor that runs. */
  readonly supervises: Supervises | undefined;
}

interface Supervises {
  readonly strategy: string;
  readonly isDynamic: boolean;
  /** The restarts that count now, and how many are allowed within how many seconds. */
  readonly counting: number;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

/** What has changed since the last time. */
export interface Changes {
  /** Rows as JSON. */
  readonly changed: readonly string[];
  readonly removed: readonly number[];
}

/** Of processes that are no children so many are shown. */
const mostOthers = 200;

/**
 * The rows of a system, kept current: what happens marks supervisors, and only those that are
 * marked are read again.
 */
export class Structure implements Witness {
  readonly #history: History;
  readonly #restartHours: RestartHours;
  readonly #rows: Map<number, TreeRow> = new Map();
  /** The text of each row as it was told last. */
  readonly #told: Map<number, string> = new Map();
  readonly #touched: Set<number> = new Set();
  readonly #rowByPid: Map<number, number> = new Map();
  readonly #children: Map<number, ReadonlySet<number>> = new Map();
  readonly #marked: Set<Pid> = new Set();
  readonly #fresh: Set<Pid> = new Set();
  #others = 0;
  /** More of them, in the order in which they get a row once another one has ended. */
  readonly #withoutRow: Set<Pid> = new Set();

  constructor(system: System, history: History, restartHours: RestartHours) {
    this.#history = history;
    this.#restartHours = restartHours;
    for (const pid of processes(system)) {
      if (pid !== system.pid) {
        this.#fresh.add(pid);
      }
    }
  }

  started(pid: Pid): void {
    this.#fresh.add(pid);
  }

  ended(pid: Pid): void {
    this.#fresh.delete(pid);
    this.#withoutRow.delete(pid);
    if (this.#children.has(this.#rowByPid.get(pid.id) ?? 0)) {
      this.#marked.add(pid);
    }
    if (this.#rowByPid.get(pid.id) === -pid.id) {
      this.#others -= 1;
      this.#remove(-pid.id);
    }
  }

  childStarting(supervisor: Pid): void {
    this.#marked.add(supervisor);
  }

  childStarted(supervisor: Pid): void {
    this.#marked.add(supervisor);
  }

  childFailed(supervisor: Pid): void {
    this.#marked.add(supervisor);
  }

  childWaits(supervisor: Pid): void {
    this.#marked.add(supervisor);
  }

  childShutDown(supervisor: Pid): void {
    this.#marked.add(supervisor);
  }

  childRemoved(supervisor: Pid): void {
    this.#marked.add(supervisor);
  }

  get size(): number {
    return this.#rows.size;
  }

  get rows(): Iterable<TreeRow> {
    return this.#rows.values();
  }

  rowOf(pid: number): number | undefined {
    return this.#rowByPid.get(pid);
  }

  get(row: number): TreeRow | undefined {
    return this.#rows.get(row);
  }

  /** The id in the child spec: that of a row has no secrets. */
  idOf(row: number): string {
    return this.#history.row(row)?.id ?? '';
  }

  /** All rows as they were told last, as JSON. */
  get snapshot(): string {
    return `[${[...this.#told.values()].join(',')}]`;
  }

  update(): Changes {
    for (const pid of this.#fresh) {
      if (supervisorInfo(pid) !== undefined) {
        this.#marked.add(pid);
      }
    }
    const marked = [...this.#marked];
    // Some are marked again by what they read.
    this.#marked.clear();
    for (const pid of marked) {
      this.#read(pid);
    }
    for (const pid of this.#fresh) {
      this.#fresh.delete(pid);
      this.#withoutRow.add(pid);
    }
    for (const pid of this.#withoutRow) {
      if (this.#others >= mostOthers) {
        break;
      }
      this.#withoutRow.delete(pid);
      this.#addOther(pid);
    }
    return this.#changes();
  }

  #changes(): Changes {
    const changed: string[] = [];
    const removed: number[] = [];
    for (const number of this.#touched) {
      const row = this.#rows.get(number);
      const text = row && JSON.stringify(row);
      if (text === undefined && this.#told.delete(number)) {
        removed.push(number);
      }
      if (text !== undefined && text !== this.#told.get(number)) {
        this.#told.set(number, text);
        changed.push(text);
      }
    }
    this.#touched.clear();
    return { changed, removed };
  }

  #read(pid: Pid): void {
    const row = this.#history.presenceOf(pid.id)?.row.number ?? this.#rowByPid.get(pid.id);
    if (row === undefined) {
      return;
    }
    const info = supervisorInfo(pid);
    const { parent: above, pid: shown } = this.#rows.get(row) ?? {};
    if (info === undefined && above === 0 && shown === pid.id) {
      // No supervisor tells of it.
      this.#remove(row);
      return;
    }
    const { parent } = this.#history.presenceOf(pid.id)?.row ?? {};
    if (info !== undefined && parent === undefined) {
      this.#set({
        ...topRow,
        row,
        id: this.#history.presenceOf(pid.id)?.row.name ?? '',
        pid: pid.id,
        startedAt: info.startedAt,
      });
    }
    const children = new Set(info?.children.flatMap((child) => this.#child(pid, row, child)));
    const before = this.#children.get(row) ?? [];
    this.#children.set(row, children);
    for (const child of before) {
      if (!children.has(child)) {
        this.#remove(child);
      }
    }
    const known = this.#rows.get(row);
    if (known !== undefined && info !== undefined) {
      const { strategy, isDynamic, countingRestarts: counting, maxRestarts, maxSeconds } = info;
      const supervises = { strategy, isDynamic, counting, maxRestarts, maxSeconds };
      this.#set({ ...known, type: 'supervisor', supervises });
      if (counting > 0) {
        // They stop to count by time alone.
        this.#marked.add(pid);
      }
    }
  }

  #child(supervisor: Pid, parent: number, child: SupervisedChild): readonly number[] {
    const { id, type, state, pid, lastPid, restart, restarts, startedAt, lastEnd, wait } = child;
    const place = this.#history.childOf(supervisor.id, id, lastPid?.id)?.row;
    if (place === undefined) {
      return [];
    }
    const row = place.number;
    if (pid !== undefined) {
      this.#fresh.delete(pid);
      this.#rowByPid.set(pid.id, row);
    }
    const { supervises } = this.#rows.get(row) ?? {};
    this.#set({
      row,
      parent,
      id: place.name,
      type,
      pid: pid?.id,
      state,
      startedAt,
      restarts,
      restartHour: this.#restartHours.of(place),
      restart,
      reason: lastEnd?.reason,
      nextStartAt: wait?.until,
      delay: wait?.delay,
      supervises: state === 'running' ? supervises : undefined,
    });
    return [row];
  }

  #addOther(pid: Pid): void {
    if (this.#rowByPid.has(pid.id) || !isAlive(pid) || processInfo(pid) === undefined) {
      return;
    }
    const { id } = placeOf(this.#history, pid, String(pid));
    const parent = this.#rowByPid.get(processInfo(pid)?.parent?.id ?? 0) ?? 0;
    this.#others += 1;
    this.#set({ ...topRow, row: -pid.id, parent, id, type: 'process', pid: pid.id });
  }

  #set(row: TreeRow): void {
    this.#rows.set(row.row, row);
    this.#touched.add(row.row);
    if (row.pid !== undefined) {
      this.#rowByPid.set(row.pid, row.row);
    }
  }

  #remove(number: number): void {
    const { pid } = this.#rows.get(number) ?? {};
    this.#rows.delete(number);
    this.#touched.add(number);
    if (pid !== undefined) {
      this.#rowByPid.delete(pid);
    }
    for (const child of this.#children.get(number) ?? []) {
      this.#remove(child);
    }
    this.#children.delete(number);
  }
}

const topRow: TreeRow = {
  row: 0,
  parent: 0,
  id: '',
  type: 'supervisor',
  pid: undefined,
  state: 'running',
  startedAt: undefined,
  restarts: 0,
  restartHour: undefined,
  restart: undefined,
  reason: undefined,
  nextStartAt: undefined,
  delay: undefined,
  supervises: undefined,
};
