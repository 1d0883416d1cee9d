import type {
  Figures,
  Finding,
  Hello,
  Judgement,
  Stream,
  TreeRow,
  Vitals,
} from '@reprise/observer/wire';

import { eventIn } from './answers.ts';

/** The numbers of a process, and by how much they grow in a second. */
export interface Measured {
  readonly queue: number;
  readonly awaitingSince: number | undefined;
  /** Messages a second, and the share of the thread in percent; unknown after one look. */
  readonly rate: number | undefined;
  readonly busy: number | undefined;
}

interface Seen {
  readonly at: number;
  readonly pid: number | undefined;
  readonly handled: number;
  readonly busy: number;
}

/** Between two looks that are farther apart there is no rate, in ms. */
const longest = 5000;

/** A running program as its observer tells of it. */
export class Model {
  hello: Hello | undefined = undefined;
  vitals: Vitals | undefined = undefined;
  judgement: Judgement | undefined = undefined;
  /** Events a second, of all streams. */
  events: number | undefined = undefined;
  /** Whether reports of the observer arrive; else all values are those of the last report. */
  isLive = false;
  readonly #rows: Map<number, TreeRow> = new Map();
  #children: Map<number, number[]> | undefined = undefined;
  #measured: ReadonlyMap<number, Measured> = new Map();
  #seen: ReadonlyMap<number, Seen> = new Map();
  #streams: readonly Stream[] = [];

  /**
   * An event of `api/live`. One of a type that is not known changes nothing.
   * @throws OtherDataError for data that no observer sends
   */
  apply(type: string, data: string): void {
    const value = eventIn(type, data);
    this.isLive = true;
    switch (type) {
      case 'hello':
        this.hello = value as Hello;
        break;
      case 'snapshot':
        this.#rows.clear();
        this.#change(value as readonly TreeRow[], []);
        break;
      case 'changes': {
        const { rows, removed } = value as { rows: readonly TreeRow[]; removed: readonly number[] };
        this.#change(rows, removed);
        break;
      }
      case 'rows':
        this.#measure(value as { at: number; rows: readonly Figures[] });
        break;
      case 'streams':
        this.#streams = value as readonly Stream[];
        break;
      case 'vitals':
        this.#see(value as Vitals);
        break;
      case 'findings':
        this.judgement = value as Judgement;
        break;
      default:
        break;
    }
  }

  get size(): number {
    return this.#rows.size;
  }

  get streams(): readonly Stream[] {
    return this.#streams;
  }

  /** The time of the last look, on the clock of the program. */
  get now(): number {
    return this.vitals?.at ?? 0;
  }

  get(row: number): TreeRow | undefined {
    return this.#rows.get(row);
  }

  get rows(): Iterable<TreeRow> {
    return this.#rows.values();
  }

  measured(row: number): Measured | undefined {
    return this.#measured.get(row);
  }

  /** In the order of their first start; processes that are no children come last. */
  childrenOf(row: number): readonly number[] {
    this.#children ??= this.#index();
    return this.#children.get(row) ?? [];
  }

  /** The rows from the top down, with the row itself. */
  ancestorsOf(row: number): readonly TreeRow[] {
    const above: TreeRow[] = [];
    for (let at = this.#rows.get(row); at !== undefined; at = this.#rows.get(at.parent)) {
      above.unshift(at);
    }
    return above;
  }

  /** The ids from the top down. */
  pathOf(row: number): string {
    return this.ancestorsOf(row)
      .map(({ id }) => id)
      .join(' / ');
  }

  /** The most urgent finding about a process. */
  findingOf(path: string): Finding | undefined {
    return this.judgement?.findings.find((finding) => finding.path === path);
  }

  #change(rows: readonly TreeRow[], removed: readonly number[]): void {
    for (const row of removed) {
      this.#rows.delete(row);
    }
    for (const row of rows) {
      this.#rows.set(row.row, row);
    }
    this.#children = undefined;
  }

  #index(): Map<number, number[]> {
    const inOrder = [...this.#rows.values()].toSorted((a, b) => rank(a.row) - rank(b.row));
    return Map.groupBy(
      inOrder.map(({ row }) => row),
      (row) => {
        const { parent = 0 } = this.#rows.get(row) ?? {};
        return this.#rows.has(parent) ? parent : 0;
      },
    );
  }

  #measure({ at, rows }: { readonly at: number; readonly rows: readonly Figures[] }): void {
    const before = this.#seen;
    const seen = rows.map(([row, , , handled, busy]): readonly [number, Seen] => [
      row,
      { at, pid: this.#rows.get(row)?.pid, handled, busy },
    ]);
    this.#seen = new Map(seen);
    this.#measured = new Map(
      rows.map(([row, , queue, , , awaitingSince]) => [
        row,
        {
          queue,
          awaitingSince: awaitingSince ?? undefined,
          ...growth(before.get(row), this.#seen.get(row)),
        },
      ]),
    );
  }

  #see(vitals: Vitals): void {
    const { at = 0, events = 0 } = this.vitals ?? {};
    const span = vitals.at - at;
    // A program that was started again counts anew.
    const isKnown = this.vitals !== undefined && isShort(span) && vitals.events >= events;
    this.events = isKnown ? ((vitals.events - events) / span) * 1000 : undefined;
    this.vitals = vitals;
  }
}

/** Processes that are no children have rows below 0. */
function rank(row: number): number {
  return row < 0 ? 1e12 - row : row;
}

function isShort(span: number): boolean {
  return span > 0 && span <= longest;
}

function growth(before: Seen | undefined, now: Seen | undefined): Pick<Measured, 'rate' | 'busy'> {
  const span = (now?.at ?? 0) - (before?.at ?? 0);
  return before === undefined || now === undefined || before.pid !== now.pid || !isShort(span)
    ? { rate: undefined, busy: undefined }
    : {
        rate: ((now.handled - before.handled) / span) * 1000,
        busy: ((now.busy - before.busy) / span) * 100,
      };
}
