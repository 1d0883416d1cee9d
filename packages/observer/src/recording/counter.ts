import type { ExitReason, Pid } from '@reprise/actor';
import type { Witness } from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import { pathOfProcess } from './places.ts';
import { Series } from './series.ts';
import { addCounts, noProcessTotals, type ProcessTotals } from './totals.ts';

/**
 * Counts what happens in a system. It is told of an end before the recorder, which may forget the
 * child.
 */
export class Counter implements Witness {
  /** Ends of processes, by the type of the reason. */
  readonly exits: Map<string, number> = new Map();
  /** Restarts that count against `maxRestarts`: by supervisor, and by the type of the reason. */
  readonly restarts: Series<Map<string, number>> = new Series(() => new Map());
  readonly gaveUps: Series<{ count: number }> = new Series(() => ({ count: 0 }));
  /** Messages that full mailboxes have dropped or refused. */
  readonly droppedMessages: Series<{ count: number }> = new Series(() => ({ count: 0 }));
  /** Of the children whose processes have ended, by path. */
  readonly processes: Series<ProcessTotals> = new Series(noProcessTotals);
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  ended(pid: Pid, reason: ExitReason, handled: number, busy: number): void {
    addCounts(this.exits, [[reason.type, 1]]);
    if (this.#history.presenceOf(pid.id) !== undefined) {
      const totals = this.processes.of(this.#pathOf(pid));
      totals.messages += handled;
      totals.busy += busy;
    }
  }

  childRestarts(supervisor: Pid, _id: string, _before: Pid | undefined, reason: ExitReason): void {
    addCounts(this.restarts.of(this.#pathOf(supervisor)), [[reason.type, 1]]);
  }

  gaveUp(supervisor: Pid): void {
    this.gaveUps.of(this.#pathOf(supervisor)).count += 1;
  }

  dropped(pid: Pid): void {
    this.droppedMessages.of(this.#pathOf(pid)).count += 1;
  }

  #pathOf(pid: Pid): string {
    return pathOfProcess(this.#history, pid);
  }
}
