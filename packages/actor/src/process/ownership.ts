import type { Cell } from './cell.ts';

interface Estate<Thing> {
  readonly things: Set<Thing>;
  readonly stopWatching: () => void;
}

/**
 * The things that processes own, each until its owner gives it back or ends. A process that owns
 * nothing is not watched.
 */
export class Ownership<Thing> {
  readonly #estates: Map<Cell, Estate<Thing>> = new Map();
  readonly #release: (thing: Thing, owner: Cell) => void;

  /** `release` is called with each thing of an owner that has ended, in the order they came. */
  constructor(release: (thing: Thing, owner: Cell) => void) {
    this.#release = release;
  }

  /** `owner` must be alive. */
  add(owner: Cell, thing: Thing): void {
    let estate = this.#estates.get(owner);
    if (estate === undefined) {
      const stopWatching = owner.onEnd(() => {
        this.#ended(owner);
      });
      estate = { things: new Set(), stopWatching };
      this.#estates.set(owner, estate);
    }
    estate.things.add(thing);
  }

  /** Changes nothing when `owner` does not own the thing. */
  delete(owner: Cell, thing: Thing): void {
    const estate = this.#estates.get(owner);
    estate?.things.delete(thing);
    if (estate?.things.size === 0) {
      estate.stopWatching();
      this.#estates.delete(owner);
    }
  }

  /** The things of an owner, in the order they came. */
  of(owner: Cell): ReadonlySet<Thing> {
    return this.#estates.get(owner)?.things ?? nothing;
  }

  owners(): readonly Cell[] {
    return [...this.#estates.keys()];
  }

  /** Forgets all owners, and releases nothing. */
  clear(): void {
    for (const { stopWatching } of this.#estates.values()) {
      stopWatching();
    }
    this.#estates.clear();
  }

  #ended(owner: Cell): void {
    const things = this.of(owner);
    this.#estates.delete(owner);
    for (const thing of things) {
      this.#release(thing, owner);
    }
  }
}

const nothing: ReadonlySet<never> = new Set();
