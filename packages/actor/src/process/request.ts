import { Timer } from '../host/timers.ts';
import type { ExitReason } from './exit-reason.ts';

/**
 * A question to a process by somebody who is told if the process ends before it answers. Its own
 * timer, and its own place in a list.
 */
export abstract class Request extends Timer {
  previous: Request | undefined = undefined;
  next: Request | undefined = undefined;
  /** It will not be answered: the server ended, or had no room for it. */
  abstract fail(reason: ExitReason): void;
}
