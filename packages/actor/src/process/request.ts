import { setBrand } from '../brand.ts';
import { Timer } from '../host/timers.ts';
import type { ExitReason } from './exit-reason.ts';

/**
 * A request that waits for the answer of a process, and fails if that process ends first. It is its
 * own timer and its own entry in a linked list: a call needs no object beside this one.
 */
export abstract class Request extends Timer {
  static {
    setBrand(this, 'request');
  }

  previous: Request | undefined = undefined;
  next: Request | undefined = undefined;

  /** There will be no answer: the process has ended, or its mailbox is full. */
  abstract fail(reason: ExitReason): void;
}
