import type { TreeRow } from '@reprise/observer/wire';

import type { Model } from './model.ts';
import type { Order, View } from './view.ts';

/** A line of the list of processes. */
export type Line =
  | {
      readonly type: 'row';
      readonly row: TreeRow;
      /** The branches of the tree before its id; a path where there is no tree. */
      readonly before: string;
      readonly isOpen: boolean | undefined;
    }
  /** Children that are not shown. */
  | { readonly type: 'rest'; readonly before: string; readonly count: number };

/** A supervisor with more children shows those that need a look, and a count. */
const many = 50;

/** The processes in the order of the view. */
export function linesOf(model: Model, view: View): readonly Line[] {
  return view.order === 'tree' ? treeLines(model, view) : sortedLines(model, view, view.order);
}

function treeLines(model: Model, view: View): readonly Line[] {
  const found = view.filter === '' ? undefined : hits(model, view.filter);
  const list = new TreeList(model, view, found);
  const tops = list.shownIn(model.childrenOf(0));
  for (const top of tops) {
    list.add(top, '', '');
  }
  return list.lines;
}

/** The rows whose id holds the text, with all above them. */
function hits(model: Model, filter: string): ReadonlySet<number> {
  const text = filter.toLowerCase();
  const matching = [...model.rows].filter(({ id }) => id.toLowerCase().includes(text));
  return new Set(matching.flatMap(({ row }) => model.ancestorsOf(row).map((above) => above.row)));
}

class TreeList {
  readonly lines: Line[] = [];
  readonly #model: Model;
  readonly #folds: View['folds'];
  readonly #found: ReadonlySet<number> | undefined;

  constructor(model: Model, { folds }: View, found: ReadonlySet<number> | undefined) {
    this.#model = model;
    this.#folds = folds;
    this.#found = found;
  }

  shownIn(rows: readonly number[]): readonly number[] {
    const found = this.#found;
    return found === undefined ? rows : rows.filter((row) => found.has(row));
  }

  /** `before` stands before the id, `below` before those of its children. */
  add(number: number, before: string, below: string): void {
    const row = this.#model.get(number);
    const children = this.shownIn(this.#model.childrenOf(number));
    const fold = this.#found === undefined ? this.#folds.get(number) : true;
    const isOpen = children.length === 0 ? undefined : (fold ?? true);
    if (row === undefined) {
      return;
    }
    this.lines.push({ type: 'row', row, before, isOpen });
    if (isOpen === true) {
      this.#addChildren(children, below, fold === true);
    }
  }

  #addChildren(children: readonly number[], below: string, isAll: boolean): void {
    const shown =
      isAll || children.length <= many ? children : children.filter((one) => this.#isNotable(one));
    const count = children.length - shown.length;
    for (const [at, child] of shown.entries()) {
      const isLast = at === shown.length - 1 && count === 0;
      this.add(child, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`);
    }
    if (count > 0) {
      this.lines.push({ type: 'rest', before: `${below}└─ `, count });
    }
  }

  #isNotable(number: number): boolean {
    const row = this.#model.get(number);
    return (
      row?.type === 'supervisor' ||
      (row !== undefined && row.state !== 'running') ||
      this.#model.findingOf(this.#model.pathOf(number)) !== undefined
    );
  }
}

/** The largest first; processes without a value above 0 are left out. */
function sortedLines(model: Model, { filter }: View, order: Order): readonly Line[] {
  const found = hits(model, filter);
  return [...model.rows]
    .map((row) => ({ row, value: valueOf(model, row, order) }))
    .filter(({ row, value }) => value > 0 && found.has(row.row))
    .toSorted((a, b) => b.value - a.value)
    .map(({ row }) => ({ type: 'row', row, before: pathAbove(model, row), isOpen: undefined }));
}

function valueOf(model: Model, { row, restarts }: TreeRow, order: Order): number {
  const { queue = 0, rate = 0, busy = 0 } = model.measured(row) ?? {};
  return { tree: 0, queue, messages: rate, busy, restarts }[order];
}

function pathAbove(model: Model, { parent }: TreeRow): string {
  return parent === 0 || model.get(parent) === undefined ? '' : `${model.pathOf(parent)} / `;
}
