import { type Happening, type Owner, Scheduled } from './happening.ts';

/** All happenings to come, by time: a binary heap of the later ones, and a list of those due. */
export class Agenda {
  readonly #future: Scheduled[] = [];
  #due: Scheduled[] = [];
  #scheduled = 0;

  schedule(happening: Happening): Scheduled {
    const { lane } = happening;
    if (lane?.lastAt !== undefined) {
      const at = Math.max(happening.at, lane.lastAt);
      lane.lastAt = at;
      return this.#push(new Scheduled({ ...happening, at }, this.#scheduled++));
    }
    return this.#push(new Scheduled(happening, this.#scheduled++));
  }

  /** The time of the next happening, in microseconds; `Infinity` if there is none. */
  get nextAt(): number {
    this.#dropFirst();
    return this.#future[0]?.wakeAt ?? Infinity;
  }

  /** The happenings that may come now, in order of time. */
  candidates(now: number): readonly Scheduled[] {
    for (let at = this.nextAt; at <= now; at = this.nextAt) {
      const first = this.#pop();
      const { pausedUntil } = first.happening.owner;
      if (pausedUntil > now) {
        first.wakeAt = pausedUntil;
        this.#push(first);
      } else {
        this.#due.push(first);
      }
    }
    if (this.#due.length === 0) {
      return this.#due;
    }
    this.#due = this.#due.filter((one) => !one.isDropped);
    this.#holdPaused(now);
    return this.#due.length === 1 ? this.#due : this.#due.filter(isFirst).toSorted(byTime);
  }

  take(chosen: Scheduled): void {
    this.#due.splice(this.#due.indexOf(chosen), 1);
  }

  /** A pause of `owner` has ended early: its happenings come at their own times again. */
  resume(owner: Owner): void {
    const all = this.#future.splice(0);
    for (const one of all) {
      if (one.happening.owner === owner) {
        one.wakeAt = one.happening.at;
      }
      this.#push(one);
    }
  }

  /** All that is left, for a report. */
  get pending(): readonly Happening[] {
    return [...this.#due, ...this.#future]
      .filter((one) => !one.isDropped)
      .map(({ happening }) => happening);
  }

  /** A node may be paused while happenings of it are due. */
  #holdPaused(now: number): void {
    for (const one of this.#due) {
      const { pausedUntil } = one.happening.owner;
      if (pausedUntil > now) {
        this.take(one);
        one.wakeAt = pausedUntil;
        this.#push(one);
        this.#holdPaused(now);
        return;
      }
    }
  }

  #dropFirst(): void {
    for (let first = this.#future[0]; first?.isDropped === true; first = this.#future[0]) {
      this.#pop();
    }
  }

  #push(scheduled: Scheduled): Scheduled {
    const heap = this.#future;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Scheduled;
      if (!isEarlier(scheduled, parent)) {
        break;
      }
      heap[at] = parent;
      at = above;
    }
    heap[at] = scheduled;
    return scheduled;
  }

  #pop(): Scheduled {
    const heap = this.#future;
    const first = heap[0] as Scheduled;
    const last = heap.pop() as Scheduled;
    if (heap.length > 0) {
      this.#sink(last);
    }
    return first;
  }

  #sink(scheduled: Scheduled): void {
    const heap = this.#future;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let next = heap[left];
      if (next === undefined) {
        break;
      }
      const right = heap[left + 1];
      let below = left;
      if (right !== undefined && isEarlier(right, next)) {
        next = right;
        below = left + 1;
      }
      if (!isEarlier(next, scheduled)) {
        break;
      }
      heap[at] = next;
      at = below;
    }
    heap[at] = scheduled;
  }
}

function isEarlier(a: Scheduled, b: Scheduled): boolean {
  return a.wakeAt < b.wakeAt || (a.wakeAt === b.wakeAt && a.sequence < b.sequence);
}

function byTime(a: Scheduled, b: Scheduled): number {
  return a.isBefore(b) ? -1 : 1;
}

/** Whether nothing that is due has to come before this one. */
function isFirst(one: Scheduled, _at: number, due: readonly Scheduled[]): boolean {
  const { lane, owner, isLast = false } = one.happening;
  return !due.some(
    (other) =>
      other !== one &&
      ((lane !== undefined && other.happening.lane === lane && other.isBefore(one)) ||
        (isLast && other.happening.owner === owner && other.isBefore(one))),
  );
}
