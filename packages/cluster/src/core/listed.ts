import type { DeclaredStream } from '../store.ts';
import { hashOf } from './rank.ts';

/** The streams that a node may own. */
export class Listed {
  /** The same text for the same keys, in any order; `""` for none. */
  readonly id: string;
  readonly #keys: ReadonlySet<string>;
  readonly #specs: ReadonlyMap<string, string>;

  constructor(keys: readonly string[], specs: ReadonlyMap<string, string> = new Map()) {
    this.#keys = new Set(keys);
    this.#specs = specs;
    this.id = idOf(this.#keys);
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  get declared(): readonly DeclaredStream[] {
    return [...this.#keys].map((key) => ({ key, spec: this.#specs.get(key) ?? '' }));
  }
}

/** Two sums of hashes, since one of 32 bits is too short for a name. */
function idOf(keys: ReadonlySet<string>): string {
  let sum = 0;
  let other = 0;
  for (const key of keys) {
    sum = (sum + hashOf(key)) >>> 0;
    other = (other + hashOf(`${key} `)) >>> 0;
  }
  return keys.size === 0 ? '' : [keys.size, sum, other].map((part) => part.toString(36)).join('-');
}
