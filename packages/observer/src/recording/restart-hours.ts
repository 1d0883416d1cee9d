import type { Pid, System } from '@reprise/actor';
import type { Witness } from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import type { Row } from '../history/rows.ts';

/** The restarts of a child in the last hour. */
export interface RestartHour {
  /** When the first part begins that has one, on the system's clock. */
  readonly from: number;
  /** How long a part is, in ms. Each begins at a multiple of it. */
  readonly part: number;
  /** How many restarts each part has, up to the last that has one: 13 parts at most. */
  readonly counts: readonly number[];
}

/** 5 min: as many bars as fit into a cell. The last hour touches 13 of them. */
const part = 300_000;
const parts = 13;

/**
 * When children were restarted within the last hour, and up to five minutes before. One that was
 * not restarted has no entry, and one that was has 13 numbers at most, however often that was.
 */
export class RestartHours implements Witness {
  readonly #system: System;
  readonly #history: History;
  /** A place in the tree outlives its supervisor: so do its restarts. */
  readonly #hours: WeakMap<Row, RestartHour> = new WeakMap();

  constructor(system: System, history: History) {
    this.#system = system;
    this.#history = history;
  }

  childRestarts(supervisor: Pid, id: string, before: Pid | undefined): void {
    const row = this.#rowOf(supervisor, id, before);
    if (row !== undefined) {
      this.#hours.set(row, withRestart(this.of(row), this.#now));
    }
  }

  /** The next child of this id is another one, though it may get the row. */
  childRemoved(supervisor: Pid, id: string, before: Pid | undefined): void {
    const row = this.#rowOf(supervisor, id, before);
    if (row !== undefined) {
      this.#hours.delete(row);
    }
  }

  /** The number of the part of an hour that goes on: with the next one, the oldest is forgotten. */
  get part(): number {
    return Math.floor(this.#now / part);
  }

  /** `undefined` for a child that was not restarted within the hour. */
  of(row: Row): RestartHour | undefined {
    const hour = this.#hours.get(row);
    return hour && withoutOld(hour, this.#now);
  }

  #rowOf(supervisor: Pid, id: string, before: Pid | undefined): Row | undefined {
    return this.#history.childOf(supervisor.id, id, before?.id)?.row;
  }

  get #now(): number {
    return this.#system.clock.now();
  }
}

function withRestart(hour: RestartHour | undefined, now: number): RestartHour {
  const from = hour?.from ?? Math.floor(now / part) * part;
  const last = Math.floor((now - from) / part);
  const counts = Array.from({ length: last + 1 }, (_, at) => hour?.counts[at] ?? 0);
  return { from, part, counts: counts.with(last, (counts[last] ?? 0) + 1) };
}

function withoutOld({ from, counts }: RestartHour, now: number): RestartHour | undefined {
  const first = (Math.floor(now / part) - parts + 1) * part;
  const old = Math.max(0, (first - from) / part);
  return old >= counts.length
    ? undefined
    : { from: from + old * part, part, counts: counts.slice(old) };
}
