import { type EndedPhase, Endings } from './endings.ts';
import { chunkSize, type LifeKind, Lives } from './lives.ts';
import { type PastChild, type PastTree, treesOf } from './past.ts';
import { type Presence, Presences, type Running } from './presence.ts';
import { type Row, Rows } from './rows.ts';
import { Texts } from './texts.ts';

/** An hour. */
const age = 3_600_000;
const lives = 16 * chunkSize;
/** A process that ended `normal` within this time, in ms, is counted and not kept. */
const short = 1000;

/** A process that has ended. */
export interface EndedProcess extends Running {
  readonly to: number;
  readonly handled: number;
  /** That end was a crash. It may turn out to be one: see `crashed`. */
  readonly isCrash?: boolean;
}

/** Which children and processes there were, and when. */
export class History {
  readonly #startedAt: number;
  readonly #texts = new Texts();
  readonly #rows: Rows;
  readonly #presences = new Presences();
  readonly #lives: Lives = new Lives({ lives, age }, (row, reason) => {
    this.#forget(row, reason);
  });
  /** What has ended, as it is told. */
  readonly endings: Endings;
  /** An id, or another name of a process, as it is shown. */
  readonly nameOf: (id: string) => string;
  /** Processes that ended `normal` within a second, and are not kept. */
  shortLived = 0;

  constructor(now: number, nameOf: (id: string) => string) {
    this.#startedAt = now;
    this.nameOf = nameOf;
    this.#rows = new Rows(nameOf);
    this.endings = new Endings(this.#lives, this.#rows, this.#texts);
  }

  /** How many lives that have ended are kept. */
  get length(): number {
    return this.#lives.length;
  }

  since(now: number): number {
    this.#lives.expire(now);
    return Math.max(this.#startedAt, this.#lives.completeSince);
  }

  /** The row of this number, as long as there is something of it. */
  row(number: number): Row | undefined {
    return this.#rows.get(number);
  }

  /** The child that runs, or ran last, as this process. */
  presenceOf(pid: number): Presence | undefined {
    return this.#presences.byPid(pid);
  }

  /** The children that run, in the order in which they came, and as which process. */
  *running(): Generator<readonly [row: Row, pid: number]> {
    for (const { row, running } of this.#presences) {
      if (running !== undefined) {
        yield [row, running.pid];
      }
    }
  }

  /** The ids of the processes of supervisors that are no children. */
  *tops(): Generator<number> {
    for (const { supervisor, running } of this.#presences) {
      if (supervisor === 0 && running !== undefined) {
        yield running.pid;
      }
    }
  }

  /** A supervisor that is no child. */
  addTop(id: string, running: Running): void {
    const presence = this.#presences.add(this.#rows.take(undefined, id), 0, running.from);
    this.#presences.runs(presence, running);
  }

  /** A child is started: the one that ran as `before`, one that has not run yet, or a new one. */
  child(supervisor: number, id: string, before: number | undefined, now: number): Presence {
    const known = this.childOf(supervisor, id, before);
    return known ?? this.#presences.add(this.#take(supervisor, id), supervisor, now);
  }

  /** The child that ran last as the process `before`, or one of this id that has not run yet. */
  childOf(supervisor: number, id: string, before: number | undefined): Presence | undefined {
    return before === undefined
      ? this.#presences.unstarted(supervisor, id)
      : this.#presences.byPid(before);
  }

  #take(supervisor: number, id: string): Row {
    return this.#rows.take(this.presenceOf(supervisor)?.row, id);
  }

  /** A process was made for the start of a child. */
  attempts(presence: Presence, running: Running, now: number): void {
    this.#keepShort(presence, now);
    this.#presences.attempts(presence, running);
  }

  /** That start has succeeded. */
  runs(presence: Presence, running: Running, now: number): void {
    this.#keepShort(presence, now);
    this.#presences.runs(presence, running);
  }

  /**
   * A process has ended: of a child, or one that was none. Returns the number of its life, if that
   * is kept.
   */
  ended(process: EndedProcess, reason: string, now: number): number | undefined {
    const presence = this.#presences.byPid(process.pid);
    const isShort = reason === 'normal' && process.to - process.from < short;
    const life = isShort
      ? undefined
      : this.#add(presence?.row.number ?? 0, process, 'process', reason, now);
    if (presence !== undefined) {
      presence.running = undefined;
      presence.short = isShort ? process : presence.short;
    } else if (isShort) {
      this.shortLived += 1;
    }
    for (const child of this.#presences.childrenOf(process.pid)) {
      child.isOrphan = true;
      this.#goneIfAlone(child, now);
    }
    if (presence !== undefined) {
      this.#goneIfAlone(presence, now);
    }
    return life;
  }

  /** The end of this life was a crash. */
  crashed(life: number): void {
    this.#lives.crashed(life);
  }

  /** The supervisor of a child has ended, or it has none: the end of its process is its own. */
  #goneIfAlone(presence: Presence, now: number): void {
    const isAlone = presence.isOrphan || presence.supervisor === 0;
    if (isAlone && presence.running === undefined) {
      this.#gone(presence, now);
    }
  }

  removed(supervisor: number, id: string, before: number | undefined, now: number): void {
    const presence = this.childOf(supervisor, id, before);
    if (presence !== undefined) {
      this.#gone(presence, now);
    }
  }

  /** There is no such child any more. One that was there for one short life leaves no trace. */
  #gone(presence: Presence, now: number): void {
    const { row, from, short: last } = presence;
    this.#presences.delete(presence);
    if (last !== undefined && last.from === from) {
      this.shortLived += 1;
    } else {
      this.#keepShort(presence, now);
      this.#add(row.number, { pid: 0, from, to: now, handled: 0 }, 'presence', '', now);
    }
    this.#rows.vacate(row);
  }

  #keepShort(presence: Presence, now: number): void {
    const { short: last, row } = presence;
    if (last !== undefined) {
      presence.short = undefined;
      this.#add(row.number, last, 'process', 'normal', now);
    }
  }

  #add(row: number, ended: EndedProcess, kind: LifeKind, reason: string, now: number): number {
    const holder = this.#rows.get(row);
    if (holder !== undefined) {
      this.#rows.use(holder);
    }
    const text = this.#texts.add(reason);
    return this.#lives.add({ row, isCrash: false, ...ended, kind, reason: text }, now);
  }

  #forget(row: number, reason: number): void {
    this.#texts.release(reason);
    const holder = this.#rows.get(row);
    if (holder !== undefined) {
      this.#rows.release(holder);
    }
  }

  // Streams

  /** A row for a stream that is no child. */
  takeRow(above: Row | undefined, id: string): Row {
    return this.#rows.take(above, id);
  }

  /** That stream has ended. */
  vacate(row: Row): void {
    this.#rows.vacate(row);
  }

  /** A phase of a stream is over, or a moment of it has passed. */
  phaseEnded(row: Row, { pid, from, to, kind, reason }: EndedPhase, now: number): void {
    this.#add(row.number, { pid, from, to, handled: 0 }, kind, reason, now);
  }

  /** The trees of supervisors at `time`. */
  at(time: number): readonly PastTree[] {
    return treesOf(this.#childrenAt(time));
  }

  #childrenAt(time: number): Iterable<PastChild> {
    const rows = new Map<number, PastChild>();
    for (const { row, from, running, short: last } of this.#presences) {
      if (from <= time) {
        const ran = last !== undefined && last.from <= time && time < last.to ? last : running;
        rows.set(row.number, childAt(row, ran !== undefined && ran.from <= time ? ran : undefined));
      }
    }
    const past = [...this.#lives.at(time)];
    for (const { row, kind } of past) {
      this.#addPast(rows, row, kind === 'presence', undefined);
    }
    for (const { row, kind, pid, from } of past) {
      this.#addPast(rows, row, kind === 'process' && rows.has(row), { pid, from });
    }
    return rows.values();
  }

  #addPast(
    rows: Map<number, PastChild>,
    number: number,
    isMeant: boolean,
    running: Running | undefined,
  ): void {
    const row = isMeant ? this.#rows.get(number) : undefined;
    if (row !== undefined) {
      rows.set(number, childAt(row, running));
    }
  }
}

function childAt(row: Row, running: Running | undefined): PastChild {
  return { row, pid: running?.pid, startedAt: running?.from };
}
