import { setBrand } from '../brand.ts';
import { Queue } from '../collections/queue.ts';
import type { BoundedMailbox, FullMailbox, Mailbox, MailboxOptions } from './mailbox.ts';

/**
 * A mailbox with priority messages, which come before all others, in the order sent. A process gets
 * one with its first priority alias, around the mailbox that it had: other mailboxes know nothing
 * of priorities. The messages of both kinds count towards the capacity.
 */
export class PriorityMailbox {
  static {
    setBrand(this, 'priority mailbox');
  }

  /** The other messages. */
  readonly ordinary: Mailbox;
  readonly #urgent: Queue<unknown> = new Queue();
  #isUrgent = false;

  constructor(ordinary: Mailbox) {
    this.ordinary = ordinary;
  }

  get length(): number {
    return this.#urgent.length + this.ordinary.length;
  }

  isFull(): this is FullMailbox {
    return this.ordinary.isFull(this.#urgent.length);
  }

  /** Read only when it is full: then it is bounded. */
  get options(): MailboxOptions {
    return (this.ordinary as BoundedMailbox).options;
  }

  /** `push` puts its message in front while it runs: by the rules of a full mailbox, as any. */
  withPriority(push: () => boolean): boolean {
    this.#isUrgent = true;
    try {
      return push();
    } finally {
      this.#isUrgent = false;
    }
  }

  push(message: unknown): void {
    (this.#isUrgent ? this.#urgent : this.ordinary).push(message);
  }

  pushSystem(message: object): void {
    this.ordinary.pushSystem(message);
  }

  /** The oldest message is a priority message only if there is no other. */
  pushFull(message: unknown): unknown {
    const ordinary = this.ordinary as BoundedMailbox;
    if (ordinary.options.overflow !== 'dropOldest') {
      return ordinary.pushFull(message);
    }
    ordinary.dropped += 1;
    const oldest = ordinary.counting > 0 ? ordinary.removeOldest() : this.#urgent.shift();
    this.push(message);
    return oldest;
  }

  shift(): unknown {
    return this.removeAt(0);
  }

  at(index: number): unknown {
    const { length } = this.#urgent;
    return index < length ? this.#urgent.at(index) : this.ordinary.at(index - length);
  }

  removeAt(index: number): unknown {
    const { length } = this.#urgent;
    return index < length ? this.#urgent.removeAt(index) : this.ordinary.removeAt(index - length);
  }

  removeWhere(matches: (message: unknown) => boolean): void {
    this.#urgent.removeWhere(matches);
    this.ordinary.removeWhere(matches);
  }

  clear(): void {
    this.#urgent.clear();
    this.ordinary.clear();
  }
}
