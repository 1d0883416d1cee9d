import type { ExitReason, Pid, System } from '@reprise/actor';
import { type Sample, sample, type Witness } from '@reprise/actor/inspect';

/**
 * A process in numbers: its row, its status (a place in `statuses`), messages that wait, messages
 * handled, ms on the thread, and since when its callback awaits a promise, if it does.
 */
export type Figures = readonly [
  row: number,
  status: number,
  queue: number,
  handled: number,
  busy: number,
  awaitingSince: number | null,
];

/** Which processes are first, by each measure. */
const places = 20;

/** The numbers of all processes, from look to look. */
export class Numbers implements Witness {
  readonly #system: System;
  #now: Sample | undefined = undefined;
  #before: Sample | undefined = undefined;
  /** Messages handled by processes that have ended since it is told of ends. */
  #ended = 0;
  /** What had been handled at the first look. */
  #first: number | undefined = undefined;
  /** Messages handled by all processes since the first look. */
  handled = 0;

  constructor(system: System) {
    this.#system = system;
  }

  /** Also of one that has lived between two looks. */
  ended(_pid: Pid, _reason: ExitReason, handled: number): void {
    this.#ended += handled;
  }

  update(): void {
    const next = sample(this.#system, this.#before);
    this.#before = this.#now;
    this.#now = next;
    const handled = this.#ended + sumOf(next.handled, next.length);
    this.#first ??= handled;
    this.handled = handled - this.#first;
  }

  /** The numbers of a process; `undefined` if it has ended. */
  of(row: number, pid: number): Figures | undefined {
    const now = this.#now;
    const at = now === undefined ? -1 : indexOf(now, pid);
    return now === undefined || at === -1 ? undefined : figuresAt(now, row, at);
  }

  /** The numbers of those that are first by queue, by messages handled, and by time since. */
  top(): ReadonlySet<number> {
    const { ids, queues, handled, busy, length } = this.#now ?? sample(this.#system);
    const since = (column: 'handled' | 'busy', values: Float64Array) => (at: number) =>
      (values[at] ?? 0) - this.#valueBefore(column, ids[at] ?? 0);
    const measures = [
      (at: number) => queues[at] ?? 0,
      since('handled', handled),
      since('busy', busy),
    ];
    const first = measures.flatMap((measure) => firstBy(length, measure));
    return new Set(first.map((at) => ids[at] ?? 0));
  }

  #valueBefore(column: 'handled' | 'busy', pid: number): number {
    const before = this.#before;
    const at = before === undefined ? -1 : indexOf(before, pid);
    return (at === -1 ? undefined : before?.[column][at]) ?? 0;
  }
}

function sumOf(values: Float64Array, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) {
    sum += values[at] ?? 0;
  }
  return sum;
}

function figuresAt(now: Sample, row: number, at: number): Figures {
  const since = now.awaitingSince[at] ?? Number.NaN;
  return [
    row,
    now.statuses[at] ?? 0,
    now.queues[at] ?? 0,
    now.handled[at] ?? 0,
    Math.round((now.busy[at] ?? 0) * 100) / 100,
    Number.isNaN(since) ? null : since,
  ];
}

/** The places of the largest values above 0, the largest first. */
function firstBy(length: number, valueAt: (at: number) => number): readonly number[] {
  const first: { readonly at: number; readonly value: number }[] = [];
  for (let at = 0; at < length; at++) {
    const value = valueAt(at);
    if (value > 0 && (first.length < places || value > (first.at(-1)?.value ?? 0))) {
      first.push({ at, value });
      first.sort((a, b) => b.value - a.value);
      first.length = Math.min(first.length, places);
    }
  }
  return first.map(({ at }) => at);
}

function indexOf({ ids, length }: Sample, pid: number): number {
  let [low, high] = [0, length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const id = ids[middle] ?? 0;
    if (id === pid) {
      return middle;
    }
    if (id < pid) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return -1;
}
