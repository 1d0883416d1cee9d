import { isAlive, type Pid, processInfo } from '@reprise/actor';

import type { History } from '../history/history.ts';
import { placeOf } from '../recording/places.ts';
import { aloneRow, type TreeRows } from './tree-rows.ts';

/** So many of them are shown. */
const most = 200;

/** The processes that are no children, or not yet: the oldest of them have a row each. */
export class Others {
  readonly #history: History;
  readonly #rows: TreeRows;
  readonly #shown: Set<Pid> = new Set();
  /** More of them, in the order in which they get a row once another one has ended. */
  readonly #withoutRow: Set<Pid> = new Set();

  constructor(history: History, rows: TreeRows) {
    this.#history = history;
    this.#rows = rows;
  }

  add(pid: Pid): void {
    this.#withoutRow.add(pid);
  }

  /** It has ended, or is a child: those below it stand below its new row, if it has one. */
  remove(pid: Pid, row = 0): void {
    this.#withoutRow.delete(pid);
    if (this.#shown.delete(pid)) {
      this.#rows.remove(-pid.id);
      for (const other of this.#shown) {
        const below = this.#rows.get(-other.id);
        if (below?.parent === -pid.id) {
          this.#rows.set({ ...below, parent: row });
        }
      }
    }
  }

  /** Gives rows to those that have none, while there are not too many. */
  update(): void {
    for (const pid of this.#withoutRow) {
      if (this.#shown.size >= most) {
        return;
      }
      this.#withoutRow.delete(pid);
      this.#show(pid);
    }
  }

  #show(pid: Pid): void {
    const info = isAlive(pid) ? processInfo(pid) : undefined;
    if (info !== undefined && this.#rows.of(pid.id) === undefined) {
      const { id } = placeOf(this.#history, pid, String(pid));
      const parent = this.#rows.of(info.parent?.id ?? 0) ?? 0;
      this.#shown.add(pid);
      this.#rows.set({ ...aloneRow, row: -pid.id, parent, id, pid: pid.id });
    }
  }
}
