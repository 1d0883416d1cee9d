import type { NodeRow } from '../store.ts';

/**
 * Looks, at the start of a node, for nodes of another `ttl`: they would bury this one too early, or
 * be buried by it. One that is dead does no harm: its value stands still.
 */
export class Neighbours {
  readonly #ttl: number;
  readonly #seen: Map<string, { readonly renewal: string; readonly since: number }> = new Map();

  constructor(ttl: number) {
    this.#ttl = ttl;
  }

  /**
   * What an answer of the store shows, at its arrival: a living node of another `ttl`; `unsure`
   * while one may be alive; `undefined` if there is none.
   */
  look(nodes: readonly NodeRow[], now: number): NodeRow | 'unsure' | undefined {
    const others = nodes.filter(({ ttl }) => ttl !== this.#ttl);
    const alive = others.find(
      ({ id, renewal }) => (this.#seen.get(id)?.renewal ?? renewal) !== renewal,
    );
    if (alive !== undefined) {
      return alive;
    }
    for (const { id, renewal } of others.filter((node) => !this.#seen.has(node.id))) {
      this.#seen.set(id, { renewal, since: now });
    }
    return others.some((node) => this.#mayLive(node, now)) ? 'unsure' : undefined;
  }

  #mayLive({ id, ttl }: NodeRow, now: number): boolean {
    return now - (this.#seen.get(id)?.since ?? now) < Math.max(ttl, this.#ttl);
  }
}
