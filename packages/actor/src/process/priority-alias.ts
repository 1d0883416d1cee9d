import { isA, setBrand } from '../brand.ts';
import type { Cell } from './cell.ts';
import { type AliasMode, MonitorRef, type SendOptions } from './monitor-ref.ts';
import { PriorityMailbox } from './priority-mailbox.ts';
import { TimedMailbox } from './timed-mailbox.ts';

/** An alias that takes priority messages. */
export class PriorityAlias extends MonitorRef<Cell> {
  static {
    setBrand(this, 'priority alias');
  }

  constructor(owner: Cell, mode: AliasMode) {
    super(owner, { pid: owner.pid }, 'DOWN', mode);
    priorityMailboxOf(owner);
  }

  override deliver(message: unknown, options?: SendOptions): boolean {
    return options?.priority === true ? this.#push(message) : super.deliver(message);
  }

  #push(message: unknown): boolean {
    const owner = this.owner();
    const isTaken = priorityMailboxOf(owner).withPriority(() => owner.push(message));
    // A receive that waits has looked at the messages that are now behind this one.
    owner.messagesMoved();
    return isTaken;
  }
}

/** The mailbox of a process, which gets one with priorities if it has none. */
function priorityMailboxOf(owner: Cell): PriorityMailbox {
  const { mailbox } = owner;
  const inner = isA(mailbox, TimedMailbox) ? mailbox.inner : mailbox;
  if (isA(inner, PriorityMailbox)) {
    return inner;
  }
  const made = new PriorityMailbox(inner);
  if (isA(mailbox, TimedMailbox)) {
    mailbox.inner = made;
  } else {
    owner.mailbox = made;
  }
  return made;
}
