import type { NodeRow, SeenNode } from '../store.ts';
import type { NodeAction } from './messages.ts';
import type { Times } from './times.ts';
import { Watch } from './watch.ts';

/** The nodes of the store as the last answer showed them. */
export class Others {
  readonly #watch: Watch;
  #nodes: readonly NodeRow[] = [];

  constructor(times: Times, random: () => number) {
    this.#watch = new Watch(times, random);
  }

  get nodes(): readonly NodeRow[] {
    return this.#nodes;
  }

  /** When the next node is dead, unless its value changes. */
  get dueAt(): number {
    return this.#watch.dueAt;
  }

  seenFor(id: string, now: number): number | undefined {
    return this.#watch.seenFor(id, now);
  }

  takeDead(now: number): readonly SeenNode[] {
    return this.#watch.takeDead(now);
  }

  /** Whether another node than this one takes streams. */
  hasTaker(id: string): boolean {
    return this.#nodes.some((node) => node.id !== id && !node.draining);
  }

  /** Whether a node has come or gone, drains, or has another list. `id` is the own one. */
  show(nodes: readonly NodeRow[], id: string, now: number): boolean {
    const before = this.#nodes;
    this.#nodes = nodes;
    this.#watch.show(nodes, id, now);
    return nodes.length !== before.length || nodes.some((node, at) => !isLike(node, before[at]));
  }

  /** Another node has the name of this one. One whose value changes is alive. */
  meet(holder: NodeRow, id: string, now: number): readonly NodeAction[] {
    const isAlive = this.#watch.hasChanged(holder);
    const isKnown = this.#watch.seenFor(holder.id, now) !== undefined;
    this.#watch.show([holder], id, now);
    if (isAlive) {
      return [{ type: 'refuse', holder }];
    }
    const { name, host, pid } = holder;
    const text = `waits for the lease of ${name}, process ${pid} on ${host}, to end`;
    return isKnown ? [] : [{ type: 'warn', text }];
  }

  forget(): void {
    this.#nodes = [];
  }
}

/** The order of the rows may differ: then a look is made in vain. */
function isLike(node: NodeRow, before: NodeRow | undefined): boolean {
  return node.id === before?.id && node.draining === before.draining && node.list === before.list;
}
