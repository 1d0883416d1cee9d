import { setBrand } from '../brand.ts';
import type { BoundedMailbox, FullMailbox, Mailbox, MailboxOptions } from './mailbox.ts';
import type { PriorityMailbox } from './priority-mailbox.ts';

/** Is told of the messages of one mailbox. */
export interface MessageListener {
  came(message: unknown): void;
  /** The process has taken the message. */
  taken(message: unknown): void;
  /** The message was dropped, since the mailbox was full, or taken out unread. */
  dropped(message: unknown): void;
}

/**
 * Stands around the mailbox of a process while that is explained. It has the same messages in the
 * same order, since it holds none itself.
 */
export class TimedMailbox {
  static {
    setBrand(this, 'timed mailbox');
  }

  /** Replaced by the first priority alias of the process. */
  inner: Mailbox | PriorityMailbox;
  readonly #listener: MessageListener;

  constructor(inner: Mailbox | PriorityMailbox, listener: MessageListener) {
    this.inner = inner;
    this.#listener = listener;
  }

  get length(): number {
    return this.inner.length;
  }

  isFull(): this is FullMailbox {
    return this.inner.isFull();
  }

  /** Read only when it is full: then it is bounded. */
  get options(): MailboxOptions {
    return (this.inner as BoundedMailbox | PriorityMailbox).options;
  }

  push(message: unknown): void {
    this.#listener.came(message);
    this.inner.push(message);
  }

  pushSystem(message: object): void {
    this.#listener.came(message);
    this.inner.pushSystem(message);
  }

  pushFull(message: unknown): unknown {
    this.#listener.came(message);
    const dropped = (this.inner as BoundedMailbox | PriorityMailbox).pushFull(message);
    this.#listener.dropped(dropped);
    return dropped;
  }

  at(index: number): unknown {
    return this.inner.at(index);
  }

  shift(): unknown {
    return this.removeAt(0);
  }

  removeAt(index: number): unknown {
    const message = this.inner.removeAt(index);
    this.#listener.taken(message);
    return message;
  }

  removeWhere(matches: (message: unknown) => boolean): void {
    this.inner.removeWhere((message) => {
      const isMatch = matches(message);
      if (isMatch) {
        this.#listener.dropped(message);
      }
      return isMatch;
    });
  }

  clear(): void {
    this.inner.clear();
  }
}
