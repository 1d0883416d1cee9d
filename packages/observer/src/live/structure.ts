import { type Pid, processes, type System } from '@reprise/actor';
import {
  type SupervisedChild,
  type SupervisorInfo,
  supervisorInfo,
  type Witness,
} from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import type { RestartHours } from '../recording/restart-hours.ts';
import { Others } from './others.ts';
import { aloneRow, type Changes, type TreeRow, TreeRows } from './tree-rows.ts';

/** A supervisor that has a row. */
interface Supervisor {
  readonly pid: Pid;
  /** The rows of its children. */
  readonly children: ReadonlySet<number>;
}

/**
 * The rows of a system, kept current: what happens marks supervisors, and only those that are
 * marked are read again.
 */
export class Structure implements Witness {
  readonly #history: History;
  readonly #restartHours: RestartHours;
  readonly #rows = new TreeRows();
  /** Each by its row. */
  readonly #supervisors: Map<number, Supervisor> = new Map();
  readonly #marked: Set<Pid> = new Set();
  /** Those that are still to be read in this update. */
  #unread: Set<Pid> = new Set();
  readonly #fresh: Set<Pid> = new Set();
  readonly #others: Others;
  /** Which part of an hour the restarts are shown for. */
  #part: number;

  constructor(system: System, history: History, restartHours: RestartHours) {
    this.#history = history;
    this.#restartHours = restartHours;
    this.#part = restartHours.part;
    this.#others = new Others(history, this.#rows);
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
    this.#others.remove(pid);
    const row = this.#placeOf(pid);
    if (row === undefined) {
      return;
    }
    if (this.#supervisors.has(row)) {
      this.#marked.add(pid);
    }
    const above = this.#supervisors.get(this.#rows.get(row)?.parent ?? 0);
    if (above !== undefined) {
      this.#marked.add(above.pid);
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
    return this.#rows.all;
  }

  rowOf(pid: number): number | undefined {
    return this.#rows.of(pid);
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
    return this.#rows.snapshot;
  }

  update(): Changes {
    for (const pid of this.#fresh) {
      if (supervisorInfo(pid) !== undefined) {
        this.#marked.add(pid);
      }
    }
    // Some are marked again by what they read, for the next time.
    this.#unread = new Set(this.#marked);
    this.#marked.clear();
    for (const pid of this.#unread) {
      this.#read(pid);
    }
    for (const pid of this.#fresh) {
      this.#others.add(pid);
    }
    this.#fresh.clear();
    this.#others.update();
    this.#forgetRestarts();
    return this.#rows.changes();
  }

  /** They leave the hour by time alone. */
  #forgetRestarts(): void {
    const { part } = this.#restartHours;
    if (part !== this.#part) {
      this.#part = part;
      for (const row of [...this.#rows.all].filter(({ restartHour }) => restartHour)) {
        const place = this.#history.row(row.row);
        this.#rows.set({ ...row, restartHour: place && this.#restartHours.of(place) });
      }
    }
  }

  #read(pid: Pid): void {
    const row = this.#placeOf(pid);
    if (row === undefined) {
      return;
    }
    const place = this.#history.presenceOf(pid.id)?.row;
    const info = supervisorInfo(pid);
    const { parent: above, pid: shown } = this.#rows.get(row) ?? {};
    if (info === undefined && above === 0 && shown === pid.id) {
      // No supervisor tells of it.
      this.#remove(row);
      return;
    }
    if (info !== undefined && place !== undefined && place.parent === undefined) {
      const { startedAt } = info;
      this.#set({ ...aloneRow, type: 'supervisor', row, id: place.name, startedAt }, pid);
    }
    this.#readChildren(pid, row, info);
    const known = this.#rows.get(row);
    if (info !== undefined && known?.state === 'running') {
      const { strategy, isDynamic, countingRestarts: counting, maxRestarts, maxSeconds } = info;
      const supervises = { strategy, isDynamic, counting, maxRestarts, maxSeconds };
      this.#rows.set({ ...known, type: 'supervisor', supervises });
      if (counting > 0 || info.children.some(isToBeHandled)) {
        // Restarts stop to count by time alone, and nobody tells when an end is handled.
        this.#marked.add(pid);
      }
    }
  }

  /** The row of its child, also of one that is still being started as this process. */
  #placeOf(pid: Pid): number | undefined {
    return this.#history.presenceOf(pid.id)?.row.number ?? this.#rows.of(pid.id);
  }

  #readChildren(supervisor: Pid, row: number, info: SupervisorInfo | undefined): void {
    const children = new Set(
      info?.children.flatMap((child) => this.#child(supervisor, row, child)),
    );
    const before = this.#supervisors.get(row)?.children ?? [];
    this.#supervisors.set(row, { pid: supervisor, children });
    for (const child of before) {
      if (!children.has(child)) {
        this.#remove(child);
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
    const before = this.#rows.get(row);
    const same = pid !== undefined && before?.pid === pid.id ? before : undefined;
    if (same === undefined && pid !== undefined && supervisorInfo(pid) !== undefined) {
      // After its own supervisor, also if it was before.
      this.#unread.delete(pid);
      this.#unread.add(pid);
    }
    this.#set(
      {
        row,
        parent,
        id: place.name,
        type: same?.type ?? type,
        pid: pid?.id,
        state,
        startedAt,
        restarts,
        restartHour: this.#restartHours.of(place),
        restart,
        reason: lastEnd?.reason,
        nextStartAt: wait?.until,
        delay: wait?.delay,
        supervises: same?.supervises,
      },
      pid,
    );
    return [row];
  }

  /** A process has one row. */
  #set(row: TreeRow, pid: Pid | undefined): void {
    if (pid !== undefined) {
      this.#fresh.delete(pid);
      this.#others.remove(pid, row.row);
    }
    this.#rows.set({ ...row, pid: pid?.id });
  }

  #remove(number: number): void {
    this.#rows.remove(number);
    const { children = [] } = this.#supervisors.get(number) ?? {};
    this.#supervisors.delete(number);
    for (const child of children) {
      this.#remove(child);
    }
  }
}

/** It has ended, and its supervisor does not know that yet. */
function isToBeHandled({ pid, lastPid, lastEnd }: SupervisedChild): boolean {
  return pid === undefined && lastPid !== undefined && lastEnd === undefined;
}
