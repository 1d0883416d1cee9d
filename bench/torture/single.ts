/** A handler has begun. */
export interface Entry {
  readonly stream: string;
  /** Of its event; of the first one of a batch. */
  readonly number: number;
  readonly epoch: number;
  /** By the machine's clock, in ms. */
  readonly at: number;
  /** The life of the node. */
  readonly node: string;
}

/** The entries of an epoch. */
interface Ownership {
  readonly epoch: number;
  readonly first: Entry;
  readonly last: Entry;
}

/**
 * Whether each stream had a single owner at each instant: no handler of an epoch begins after one
 * of a greater epoch of its stream, and no two lives have one epoch. Entries come in any order.
 */
export class Single {
  readonly #streams = new Map<string, Map<number, Ownership>>();
  readonly #shared: string[] = [];

  /** How many ownerships there were of all streams. */
  get ownerships(): number {
    return [...this.#streams.values()].reduce((sum, { size }) => sum + size, 0);
  }

  add(entry: Entry): void {
    const ownerships = this.#streams.get(entry.stream) ?? new Map<number, Ownership>();
    this.#streams.set(entry.stream, ownerships);
    const known = ownerships.get(entry.epoch);
    ownerships.set(entry.epoch, {
      epoch: entry.epoch,
      first: known === undefined || entry.at < known.first.at ? entry : known.first,
      last: known === undefined || entry.at > known.last.at ? entry : known.last,
    });
    if (known !== undefined && known.first.node !== entry.node) {
      this.#shared.push(
        `two lives have one epoch of ${entry.stream}: ${shown(known.first)}, ${shown(entry)}`,
      );
    }
  }

  /** A line for each ownership that lasted longer than the beginning of a later one. */
  problems(): readonly string[] {
    const overlaps = [...this.#streams].flatMap(([stream, ownerships]) =>
      overlapsOf(stream, [...ownerships.values()]),
    );
    return [...this.#shared, ...overlaps];
  }
}

function overlapsOf(stream: string, ownerships: readonly Ownership[]): readonly string[] {
  let next: Entry | undefined = undefined as Entry | undefined;
  const problems: string[] = [];
  for (const { first, last } of ownerships.toSorted((a, b) => b.epoch - a.epoch)) {
    if (next !== undefined && last.at > next.at) {
      const late = (last.at - next.at).toFixed(1);
      problems.push(
        `two owners of ${stream}: ${shown(last)} began ${late} ms after ${shown(next)}`,
      );
    }
    next = next === undefined || first.at < next.at ? first : next;
  }
  return problems;
}

function shown({ epoch, node, at }: Entry): string {
  return `epoch ${epoch} by ${node} at ${at.toFixed(1)}`;
}
