import type { RestartHour } from '../recording/restart-hours.ts';

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

/** The rows of a tree, and which of them have changed since that was told. */
export class TreeRows {
  readonly #rows: Map<number, TreeRow> = new Map();
  /** The text of each row as it was told last. */
  readonly #told: Map<number, string> = new Map();
  readonly #touched: Set<number> = new Set();
  readonly #byPid: Map<number, number> = new Map();

  get size(): number {
    return this.#rows.size;
  }

  get all(): Iterable<TreeRow> {
    return this.#rows.values();
  }

  get(row: number): TreeRow | undefined {
    return this.#rows.get(row);
  }

  /** The number of the row that has this process. */
  of(pid: number): number | undefined {
    return this.#byPid.get(pid);
  }

  set(row: TreeRow): void {
    const { pid: before } = this.#rows.get(row.row) ?? {};
    if (before !== row.pid) {
      this.#leave(row.row, before);
    }
    this.#rows.set(row.row, row);
    this.#touched.add(row.row);
    if (row.pid !== undefined) {
      this.#byPid.set(row.pid, row.row);
    }
  }

  remove(number: number): void {
    this.#leave(number, this.#rows.get(number)?.pid);
    this.#rows.delete(number);
    this.#touched.add(number);
  }

  /** The process may have another row by now. */
  #leave(number: number, pid: number | undefined): void {
    if (pid !== undefined && this.#byPid.get(pid) === number) {
      this.#byPid.delete(pid);
    }
  }

  /** All rows as they were told last, as JSON. */
  get snapshot(): string {
    return `[${[...this.#told.values()].join(',')}]`;
  }

  /** What is to be told now. */
  changes(): Changes {
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
}

/** The row of a process of which no supervisor tells. */
export const aloneRow: TreeRow = {
  row: 0,
  parent: 0,
  id: '',
  type: 'process',
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
