import type { NodeRow, SeenNode } from '../store.ts';
import type { Times } from './times.ts';

interface Seen {
  readonly renewal: string;
  /** The arrival of the answer that showed this value first. */
  readonly since: number;
  /** When its node is dead, unless the value changes. */
  dueAt: number;
}

/**
 * What a node sees of the others, by its own monotonic clock: since when the value of each stands
 * still. One that stands still for T is that of a node whose lease is over.
 */
export class Watch {
  readonly #times: Times;
  readonly #random: () => number;
  #seen: ReadonlyMap<string, Seen> = new Map();

  constructor(times: Times, random: () => number) {
    this.#times = times;
    this.#random = random;
  }

  /** An answer has arrived that shows these nodes; `id` is the own one. */
  show(nodes: readonly NodeRow[], id: string, now: number): void {
    const others = nodes.filter((node) => node.id !== id);
    this.#seen = new Map(others.map((node) => [node.id, this.#look(node, now)]));
  }

  /** Whether an answer has shown a value of this node, and now another one. */
  hasChanged({ id, renewal }: SeenNode): boolean {
    const seen = this.#seen.get(id);
    return seen !== undefined && seen.renewal !== renewal;
  }

  /** For how long the value of a node stands still, in ms; `undefined` for an unknown node. */
  seenFor(id: string, now: number): number | undefined {
    const seen = this.#seen.get(id);
    return seen === undefined ? undefined : now - seen.since;
  }

  /** When the next node is dead, unless its value changes. */
  get dueAt(): number {
    let least = Infinity;
    for (const { dueAt } of this.#seen.values()) {
      least = Math.min(least, dueAt);
    }
    return least;
  }

  /** The nodes that are dead. They are asked for again if the answer still has their values. */
  takeDead(now: number): readonly SeenNode[] {
    const dead: SeenNode[] = [];
    for (const [id, seen] of this.#seen) {
      if (now >= seen.dueAt) {
        seen.dueAt = now + this.#times.retry;
        dead.push({ id, renewal: seen.renewal });
      }
    }
    return dead;
  }

  #look({ id, renewal, ttl }: NodeRow, now: number): Seen {
    const seen = this.#seen.get(id);
    if (seen?.renewal === renewal) {
      return seen;
    }
    // A node that believes in a longer T is given that time.
    const wait = Math.max(ttl, this.#times.ttl) + this.#random() * this.#times.jitter;
    return { renewal, since: now, dueAt: now + wait };
  }
}
