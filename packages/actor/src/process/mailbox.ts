import { setBrand } from '../brand.ts';
import { Queue } from '../collections/queue.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { assertOneOf } from '../one-of.ts';

/** How many messages may wait in a mailbox, and the fate of one more. */
export interface MailboxOptions {
  /**
   * A whole number from 1 on. The system's own messages (EXIT, DOWN, requests to stop) do not count
   * and are never dropped.
   */
  readonly capacity: number;
  /**
   * - `dropNewest`: the new message is dropped.
   * - `dropOldest`: the oldest message is dropped to make room.
   * - `reject`: the new message is dropped, and `send` returns `false`.
   * - `exit`: the process ends with `mailboxOverflow`.
   *
   * A call that is dropped rejects at once.
   */
  readonly overflow: 'dropNewest' | 'dropOldest' | 'reject' | 'exit';
}

const mailboxKeys: KeysOf<MailboxOptions> = { capacity: true, overflow: true };

const policies: readonly unknown[] = ['dropNewest', 'dropOldest', 'reject', 'exit'];

/** A mailbox that is full, and has a policy for that. */
export interface FullMailbox {
  readonly options: MailboxOptions;
  /** Drops one message, by the overflow policy, and returns it: this one, or the oldest. */
  pushFull(message: unknown): unknown;
}

/** The messages that a process has been sent and has not taken yet. */
export class Mailbox extends Queue<unknown> {
  /** Only a bounded mailbox can be full. `more`: how many messages count besides those in it. */
  isFull(_more = 0): this is FullMailbox {
    return false;
  }

  /** A message of the system's own: here one like any other. */
  pushSystem(message: object): void {
    this.push(message);
  }
}

/** A mailbox with a capacity. The messages of the system do not count towards it. */
export class BoundedMailbox extends Mailbox {
  static {
    setBrand(this, 'bounded mailbox');
  }

  readonly options: MailboxOptions;
  /** How many messages have been dropped or rejected. */
  dropped = 0;
  readonly #system: Set<unknown> = new Set();

  constructor(options: MailboxOptions) {
    super();
    assertOptions(options);
    this.options = options;
  }

  override isFull(more = 0): this is FullMailbox {
    return this.counting + more >= this.options.capacity;
  }

  /** How many messages count towards the capacity. */
  get counting(): number {
    return this.length - this.#system.size;
  }

  pushFull(message: unknown): unknown {
    this.dropped += 1;
    if (this.options.overflow !== 'dropOldest') {
      return message;
    }
    const oldest = this.removeOldest();
    this.push(message);
    return oldest;
  }

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

  /** Takes the oldest message that counts; there is one when the mailbox is full. */
  removeOldest(): unknown {
    let index = 0;
    while (this.#system.has(this.at(index))) {
      index += 1;
    }
    return this.removeAt(index);
  }
}

function assertOptions(options: MailboxOptions): void {
  assertKnownKeys('a mailbox', options, mailboxKeys);
  const { capacity, overflow } = options;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new RangeError(
      `Expected the capacity of a mailbox to be a whole number from 1 on, got ${describe(capacity)}`,
    );
  }
  assertOneOf('Expected overflow to be', overflow, policies);
}
