/**
 * What a process has been sent and not yet taken: first in, first out, by a ring whose length is a
 * power of two.
 *
 * ```text
 *   slots  [ e  f  .  .  .  b  c  d ]      head = 5, length = 5
 *                  ^ the next push  ^ shift takes b
 * ```
 *
 * Pushing and taking touch one slot each, so a mailbox of any length drains in time linear in its
 * length. An unused mailbox owns no slots: most processes are idle.
 */
export class Mailbox {
  length = 0;
  #slots: unknown[] = none;
  #head = 0;

  push(message: unknown): void {
    if (this.length === this.#slots.length) {
      this.#grow();
    }
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = message;
    this.length += 1;
  }

  isFull(): boolean {
    return false;
  }

  /** A message of the system's own: here one like any other. */
  pushSystem(message: object): void {
    this.push(message);
  }

  /** Takes the oldest message; only to be asked when `length` is above 0. */
  shift(): unknown {
    const message = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.length -= 1;
    if (this.length === 0 && this.#slots.length > keptSlots) {
      // A burst is over: its slots are given back.
      this.#release();
    }
    return message;
  }

  /** The message at `index`, counted from the oldest. */
  at(index: number): unknown {
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  /** Takes the message at `index`, leaving the others in order. */
  removeAt(index: number): unknown {
    const mask = this.#slots.length - 1;
    const message = this.at(index);
    for (let i = index; i > 0; i--) {
      this.#slots[(this.#head + i) & mask] = this.#slots[(this.#head + i - 1) & mask];
    }
    // Its place is taken, and that of the oldest is free.
    this.#slots[this.#head] = message;
    return this.shift();
  }

  /** Drops every message that `matches`. */
  removeWhere(matches: (message: unknown) => boolean): void {
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
   * A burst goes on for a while: growing fourfold copies it fewer times, as long as that costs
   * little memory.
   */
  #grow(): void {
    const { length } = this;
    const factor = length < fastGrowth ? 4 : 2;
    const slots = new Array<unknown>(length === 0 ? 4 : length * factor);
    for (let index = 0; index < this.length; index++) {
      slots[index] = this.at(index);
    }
    this.#slots = slots;
    this.#head = 0;
  }
}

const keptSlots = 64;
const fastGrowth = 2 ** 16;
/** Shared by all that hold nothing; its length of 0 makes the first push resize. */
const none: unknown[] = [];
