import { Mailbox } from '../collections/queue.ts';
import { describe } from '../describe.ts';

/** How many messages may wait, and what happens to one more. */
export interface MailboxOptions {
  /**
   * A whole number from 1 on. The system's own messages (exits, DOWNs, orders to stop) do not count
   * and always get in.
   */
  readonly capacity: number;
  /**
   * - `dropNewest`: it is dropped.
   * - `dropOldest`: it gets in, and the one that has waited longest is dropped.
   * - `reject`: `send` answers `false`.
   * - `exit`: the process ends with `mailboxOverflow`.
   *
   * A call that is dropped or rejected fails at once.
   */
  readonly overflow: 'dropNewest' | 'dropOldest' | 'reject' | 'exit';
}

const policies: readonly unknown[] = ['dropNewest', 'dropOldest', 'reject', 'exit'];

/** A mailbox that knows when it is full. */
export class BoundedMailbox extends Mailbox {
  readonly options: MailboxOptions;
  /** Messages that did not get in, or were put out. */
  dropped = 0;
  readonly #system: Set<unknown> = new Set();

  constructor(options: MailboxOptions) {
    super();
    assertOptions(options);
    this.options = options;
  }

  override isFull(): boolean {
    return this.length - this.#system.size >= this.options.capacity;
  }

  /** Puts in what does not count. */
  override pushSystem(message: object): void {
    this.#system.add(message);
    this.push(message);
  }

  override shift(): unknown {
    const message = super.shift();
    this.#system.delete(message);
    return message;
  }

  override clear(): void {
    this.#system.clear();
    super.clear();
  }

  /** Takes the oldest message that counts; only to be asked when full. */
  removeOldest(): unknown {
    let index = 0;
    while (this.#system.has(this.at(index))) {
      index += 1;
    }
    return this.removeAt(index);
  }
}

function assertOptions({ capacity, overflow }: MailboxOptions): void {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new RangeError(
      `Expected the capacity of a mailbox to be a whole number from 1 on, got ${describe(capacity)}`,
    );
  }
  if (!policies.includes(overflow)) {
    throw new TypeError(
      `Expected overflow to be ${policies.join(' or ')}, got ${describe(overflow)}`,
    );
  }
}
