import type { TreeRow } from '@reprise/observer/wire';

import type { Mirror } from './mirror.ts';

/** A line of the list: a row of the tree, or a count of those that are folded away. */
export type Line =
  | {
      readonly type: 'row';
      readonly row: TreeRow;
      readonly depth: number;
      readonly isOpen: boolean | undefined;
    }
  | {
      readonly type: 'rest';
      readonly parent: number;
      readonly depth: number;
      readonly count: number;
      readonly areAllRunning: boolean;
    };

export interface ListOptions {
  /** What was opened and folded by hand. */
  readonly folds: ReadonlyMap<number, boolean>;
  /** Rows that are shown even below a supervisor that is folded to a count. */
  readonly notable: (row: TreeRow) => boolean;
  /** And these, while there are not too many of them. */
  readonly restarted: (row: TreeRow) => boolean;
  /** Rows that are searched for; their ancestors are shown, too. `undefined`: all. */
  readonly matches: ((row: TreeRow) => boolean) | undefined;
}

/** A supervisor with more children shows those that need a look, and a count. */
const many = 50;

/** The tree as a list, from the top down. */
export function flatList(mirror: Mirror, options: ListOptions): readonly Line[] {
  const { matches } = options;
  const lines: Line[] = [];
  const found = matches === undefined ? undefined : hits(mirror, matches);
  const visit = (number: number, depth: number): void => {
    const row = mirror.get(number);
    if (row === undefined || (found !== undefined && !found.has(number))) {
      return;
    }
    const children = mirror.childrenOf(number);
    const fold = options.folds.get(number);
    const isOpen = found !== undefined || (fold ?? true);
    lines.push({ type: 'row', row, depth, isOpen: children.length === 0 ? undefined : isOpen });
    if (!isOpen) {
      return;
    }
    const isFolded = children.length > many && fold !== true && found === undefined;
    const shown = isFolded ? notableOf(mirror, children, options) : children;
    for (const child of shown) {
      visit(child, depth + 1);
    }
    if (shown.length < children.length) {
      lines.push({
        type: 'rest',
        parent: number,
        depth: depth + 1,
        ...rest(mirror, children, shown),
      });
    }
  };
  for (const top of mirror.childrenOf(0)) {
    visit(top, 0);
  }
  return lines;
}

function notableOf(
  mirror: Mirror,
  children: readonly number[],
  { notable, restarted }: ListOptions,
): readonly number[] {
  const needed = (row: TreeRow): boolean => row.type === 'supervisor' || notable(row);
  const of = (test: (row: TreeRow) => boolean): readonly number[] =>
    children.filter((child) => {
      const row = mirror.get(child);
      return row !== undefined && test(row);
    });
  const all = of((row) => needed(row) || restarted(row));
  return all.length <= many ? all : of(needed);
}

/** Those that are folded away. */
function rest(mirror: Mirror, children: readonly number[], shown: readonly number[]) {
  const isShown = new Set(shown);
  const folded = children.filter((child) => !isShown.has(child));
  const areAllRunning = folded.every((child) => mirror.get(child)?.state === 'running');
  return { count: folded.length, areAllRunning };
}

/** The rows that match, with all above them. */
function hits(mirror: Mirror, matches: (row: TreeRow) => boolean): ReadonlySet<number> {
  const found = new Set<number>();
  for (const row of mirror.all) {
    if (matches(row)) {
      for (const above of mirror.ancestorsOf(row.row)) {
        found.add(above);
      }
    }
  }
  return found;
}

/** Which rows of one height are to be seen, with a few above and below. */
export function visibleRange(
  { top, height }: { readonly top: number; readonly height: number },
  rowHeight: number,
  count: number,
): readonly [from: number, to: number] {
  const spare = 6;
  const from = Math.min(count, Math.max(0, Math.floor(-top / rowHeight) - spare));
  const to = Math.min(count, Math.ceil((height - top) / rowHeight) + spare);
  return [from, Math.max(from, to)];
}
