/**
 * First in, first out: a ring whose number of slots is a power of two.
 *
 * ```text
 *   slots  [ e  f  .  .  .  b  c  d ]      head = 5, length = 5
 *                  ^ the next push  ^ shift takes b
 * ```
 *
 * `push` and `shift` touch one slot each: a queue of any length drains in time linear in its
 * length. An unused queue owns no slots, since most processes are idle and each has a queue.
 */
export class Queue<Item> {
  length = 0;
  #slots: (Item | undefined)[] = none;
  #head = 0;

  push(item: Item): void {
    if (this.length === this.#slots.length) {
      this.#grow();
    }
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = item;
    this.length += 1;
  }

  /** Takes the oldest item; call it only when `length` is above 0. */
  shift(): Item {
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.length -= 1;
    if (this.length === 0 && this.#slots.length > keptSlots) {
      // A burst is over: its slots are given back.
      this.#release();
    }
    return item as Item;
  }

  /** The item at `index`, counted from the oldest; call it only for an index below `length`. */
  at(index: number): Item {
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)] as Item;
  }

  /** Takes the item at `index`; the others stay in order. */
  removeAt(index: number): Item {
    const mask = this.#slots.length - 1;
    const item = this.at(index);
    for (let i = index; i > 0; i--) {
      this.#slots[(this.#head + i) & mask] = this.#slots[(this.#head + i - 1) & mask];
    }
    // The items before it have each moved up one slot, so the vacated slot is at the head: shift
    // frees it.
    this.#slots[this.#head] = item;
    return this.shift();
  }

  /** Drops every item that `matches`. */
  removeWhere(matches: (item: Item) => boolean): void {
    for (let index = this.length - 1; index >= 0; index--) {
      if (matches(this.at(index))) {
        this.removeAt(index);
      }
    }
  }

  clear(): void {
    this.#release();
  }

  #release(): void {
    this.#slots = none;
    this.#head = 0;
    this.length = 0;
  }

  /**
   * Grows fourfold while that costs little memory: a burst goes on for a while, and is then copied
   * fewer times.
   */
  #grow(): void {
    const { length } = this;
    const factor = length < fastGrowth ? 4 : 2;
    const slots = new Array<Item | undefined>(length === 0 ? 4 : length * factor);
    for (let index = 0; index < this.length; index++) {
      slots[index] = this.at(index);
    }
    this.#slots = slots;
    this.#head = 0;
  }
}

/** How many slots an empty queue may keep. */
const keptSlots = 64;
/** From this length on the slots double. */
const fastGrowth = 2 ** 16;
/** Shared by all empty queues, and never written to: its length of 0 makes the first push grow. */
const none: undefined[] = [];
