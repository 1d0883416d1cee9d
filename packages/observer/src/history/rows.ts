/**
 * The place of a child in the tree: it stays the same when its process, or its supervisor, is
 * started again. Children of one id, in a dynamic supervisor, have a row each; one that is gone
 * leaves its row to the next.
 */
export interface Row {
  /** From 1 on. */
  readonly number: number;
  /** The row of its supervisor; `undefined` for a supervisor that is no child. */
  readonly parent: Row | undefined;
  readonly id: string;
  /** The id as it is shown. */
  readonly name: string;
  /** How many lives, kept or going on, it is the row of. A row without any is forgotten. */
  uses: number;
}

/** The ids from the top down, as they are shown. */
export function pathOf(row: Row): string {
  const ids: string[] = [];
  for (let at: Row | undefined = row; at !== undefined; at = at.parent) {
    ids.unshift(at.name);
  }
  return ids.join(' / ');
}

/** The rows of a system. */
export class Rows {
  readonly #byNumber: Map<number, Row> = new Map();
  /** Rows that no child has now, by their supervisor and their id. */
  readonly #vacant: Map<string, Row[]> = new Map();
  readonly #nameOf: (id: string) => string;
  #last = 0;

  /** `nameOf`: an id as it is shown. */
  constructor(nameOf: (id: string) => string) {
    this.#nameOf = nameOf;
  }

  get size(): number {
    return this.#byNumber.size;
  }

  get(number: number): Row | undefined {
    return this.#byNumber.get(number);
  }

  /** The numbers of the rows with this path: children of one id have a row each. */
  at(path: string): ReadonlySet<number> {
    const found = new Set<number>();
    for (const row of this.#byNumber.values()) {
      if (path.endsWith(row.name) && pathOf(row) === path) {
        found.add(row.number);
      }
    }
    return found;
  }

  /** A vacant row for a child of this id, or else a new one. It has one use more. */
  take(parent: Row | undefined, id: string): Row {
    const key = keyOf(parent, id);
    const vacant = this.#vacant.get(key);
    const row = vacant?.pop() ?? this.#create(parent, id);
    if (vacant?.length === 0) {
      this.#vacant.delete(key);
    }
    this.use(row);
    return row;
  }

  use(row: Row): void {
    row.uses += 1;
  }

  /** There is no such child any more. */
  vacate(row: Row): void {
    const key = keyOf(row.parent, row.id);
    const vacant = this.#vacant.get(key);
    if (vacant === undefined) {
      this.#vacant.set(key, [row]);
    } else {
      vacant.push(row);
    }
    this.release(row);
  }

  /** It has one use less. The rows above it are used by it. */
  release(row: Row): void {
    row.uses -= 1;
    if (row.uses === 0) {
      this.#forget(row);
    }
  }

  #create(parent: Row | undefined, id: string): Row {
    this.#last += 1;
    const row = { number: this.#last, parent, id, name: this.#nameOf(id), uses: 0 };
    this.#byNumber.set(row.number, row);
    if (parent !== undefined) {
      this.use(parent);
    }
    return row;
  }

  #forget(row: Row): void {
    this.#byNumber.delete(row.number);
    const key = keyOf(row.parent, row.id);
    const vacant = this.#vacant.get(key)?.filter((one) => one !== row) ?? [];
    if (vacant.length === 0) {
      this.#vacant.delete(key);
    } else {
      this.#vacant.set(key, vacant);
    }
    if (row.parent !== undefined) {
      this.release(row.parent);
    }
  }
}

function keyOf(parent: Row | undefined, id: string): string {
  return `${parent?.number ?? 0} ${id}`;
}
