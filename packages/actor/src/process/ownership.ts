import type { Cell } from './cell.ts';

/** The things of one owner. */
interface Holding<Thing> {
  readonly things: Set<Thing>;
  readonly stopWatching: () => void;
}

/**
 * The things that processes own, each until its owner gives it back or ends. A process that owns
 * nothing is not watched.
 */
export class Ownership<Thing> {
  readonly #holdings: Map<Cell, Holding<Thing>> = new Map();
  readonly #release: (thing: Thing, owner: Cell) => void;

  /** `release` is called with each thing of an owner that has ended, in the order they came. */
  constructor(release: (thing: Thing, owner: Cell) => void) {
    this.#release = release;
  }

  /** `owner` must be alive. */
  add(owner: Cell, thing: Thing): void {
    let holding = this.#holdings.get(owner);
    if (holding === undefined) {
      const stopWatching = owner.onEnd(() => {
        this.#ended(owner);
      });
      holding = { things: new Set(), stopWatching };
      this.#holdings.set(owner, holding);
    }
    holding.things.add(thing);
  }

  /** Changes nothing when `owner` does not own the thing. */
  delete(owner: Cell, thing: Thing): void {
    const holding = this.#holdings.get(owner);
    holding?.things.delete(thing);
    if (holding?.things.size === 0) {
      holding.stopWatching();
      this.#holdings.delete(owner);
    }
  }

  /** The things of an owner, in the order they came. */
  of(owner: Cell): ReadonlySet<Thing> {
    return this.#holdings.get(owner)?.things ?? nothing;
  }

  owners(): readonly Cell[] {
    return [...this.#holdings.keys()];
  }

  /** Forgets all owners, and releases nothing. */
  clear(): void {
    for (const { stopWatching } of this.#holdings.values()) {
      stopWatching();
    }
    this.#holdings.clear();
  }

  #ended(owner: Cell): void {
    const things = this.of(owner);
    this.#holdings.delete(owner);
    for (const thing of things) {
      this.#release(thing, owner);
    }
  }
}

const nothing: ReadonlySet<never> = new Set();
