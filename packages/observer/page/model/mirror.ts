import type { PastTree, TreeRow } from '@reprise/observer/wire';

/** The rows of the tree as the server has told them, with their children and paths. */
export class Mirror {
  readonly #rows: Map<number, TreeRow> = new Map();
  #children: Map<number, number[]> | undefined = undefined;
  #byPid: Map<number, number> | undefined = undefined;

  get size(): number {
    return this.#rows.size;
  }

  replace(rows: readonly TreeRow[]): void {
    this.#rows.clear();
    this.change(rows, []);
  }

  change(rows: readonly TreeRow[], removed: readonly number[]): void {
    for (const number of removed) {
      this.#rows.delete(number);
    }
    for (const row of rows) {
      this.#rows.set(row.row, row);
    }
    this.#children = undefined;
    this.#byPid = undefined;
  }

  get(row: number): TreeRow | undefined {
    return this.#rows.get(row);
  }

  get all(): Iterable<TreeRow> {
    return this.#rows.values();
  }

  byPid(pid: number): TreeRow | undefined {
    this.#byPid ??= new Map([...this.#rows.values()].map(({ pid: own = 0, row }) => [own, row]));
    return this.#rows.get(this.#byPid.get(pid) ?? 0);
  }

  byPath(path: string): TreeRow | undefined {
    for (const row of this.#rows.values()) {
      // An id may have a slash in it.
      if (path.endsWith(row.id) && this.pathOf(row.row) === path) {
        return row;
      }
    }
    return undefined;
  }

  /** In the order of their first start; processes that are no children come last. */
  childrenOf(row: number): readonly number[] {
    this.#children ??= this.#index();
    return this.#children.get(row) ?? [];
  }

  #index(): Map<number, number[]> {
    const children = new Map<number, number[]>();
    const order = [...this.#rows.keys()].toSorted((a, b) => rank(a) - rank(b));
    for (const number of order) {
      const { parent = 0 } = this.#rows.get(number) ?? {};
      const above = this.#rows.has(parent) ? parent : 0;
      const list = children.get(above) ?? [];
      list.push(number);
      children.set(above, list);
    }
    return children;
  }

  /** The ids from the top down. */
  pathOf(row: number): string {
    return this.ancestorsOf(row)
      .map((one) => this.#rows.get(one)?.id ?? '')
      .join(' / ');
  }

  /** From the top down, with the row itself. */
  ancestorsOf(row: number): readonly number[] {
    const above: number[] = [];
    for (let at = row; at !== 0 && this.#rows.has(at); at = this.#rows.get(at)?.parent ?? 0) {
      above.unshift(at);
    }
    return above;
  }
}

/** Rows of processes that are no children are below 0. */
function rank(row: number): number {
  return row < 0 ? 1e12 - row : row;
}

/** A tree of the past as rows of its own. */
export function rowsOfPast(trees: readonly PastTree[]): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (tree: PastTree, parent: number): void => {
    const row = rows.length + 1;
    const { id, pid, startedAt, children } = tree;
    rows.push({
      row,
      parent,
      id,
      type: children.length > 0 ? 'supervisor' : 'worker',
      ...(pid === undefined ? {} : { pid }),
      ...(startedAt === undefined ? {} : { startedAt }),
      state: pid === undefined ? 'restarting' : 'running',
      restarts: 0,
    });
    children.forEach((child) => {
      add(child, row);
    });
  };
  trees.forEach((tree) => {
    add(tree, 0);
  });
  return rows;
}
