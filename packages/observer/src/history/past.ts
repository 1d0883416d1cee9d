import type { Row } from './rows.ts';

/** A child at a time in the past, and its process if it ran. */
export interface PastChild {
  readonly row: Row;
  readonly pid: number | undefined;
  readonly startedAt: number | undefined;
}

/** A process of a supervision tree as it was. */
export interface PastTree {
  /**
   * The id in its child spec, without secrets; of a supervisor that is no child, its name or its
   * pid.
   */
  readonly id: string;
  /** The number of its process, which is unique in its system; `undefined` if it did not run. */
  readonly pid: number | undefined;
  /** When that process was started, on the system's clock. */
  readonly startedAt: number | undefined;
  /** In the order in which they were started for the first time. */
  readonly children: readonly PastTree[];
}

/** The trees of these children: one for each supervisor that is no child itself. */
export function treesOf(children: Iterable<PastChild>): readonly PastTree[] {
  const nodes = new Map<number, PastTree & { readonly children: PastTree[] }>();
  const inOrder = [...children].toSorted((a, b) => a.row.number - b.row.number);
  const tops: PastTree[] = [];
  for (const { row, pid, startedAt } of inOrder) {
    const node = { id: row.name, pid, startedAt, children: [] };
    nodes.set(row.number, node);
    // A supervisor has its row before its children have theirs.
    const above = row.parent === undefined ? tops : nodes.get(row.parent.number)?.children;
    above?.push(node);
  }
  return tops;
}
