import type { Clock } from '../host/clock.ts';
import type { Logger } from '../host/logger.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Pid, Ref } from './pid.ts';

/**
 * A process as it sees itself: passed to its own code, last, as `self`. What takes a `Process` is
 * what only that process may do (link, trap exits, receive), or what needs a parent. Nothing
 * ambient: it is right after an `await` too.
 */
export interface Process<in Message = never> {
  readonly pid: Pid<Message>;
  readonly system: System;
  /**
   * Aborts when the process ends, with an `ExitError` that says why; for `fetch`, timers, streams.
   */
  readonly signal: AbortSignal;
  /** How many messages wait. */
  readonly messageQueueLen: number;
}

/**
 * Processes that know of each other, with one clock and one scheduler; itself the root process, and
 * so the parent of what is started at the top. It does not trap exits: a process linked to it that
 * ends abnormally ends the system, loudly. Only a start that fails does not: whoever started it has
 * been told.
 */
export interface System extends Process {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Settles with the reason once the system has ended. */
  readonly whenExited: Promise<ExitReason>;
  /**
   * Ends the system: what is linked to it is shut down and waited for, one by one, in reverse order
   * of its start; whatever still lives then is killed. Nothing of the system runs afterwards. A
   * second call waits for the first.
   *
   * `timeout`, in ms: after it nothing is waited for any more, all is killed. Default: `Infinity`,
   * as in OTP. `reason`: what `whenExited` is to tell. Default: `shutdown`. The processes are told
   * `shutdown` in any case.
   */
  stop(options?: StopOptions): Promise<void>;
}

export interface StopOptions {
  readonly timeout?: number;
  readonly reason?: ExitReason;
}

/** A linked process ended, and this one traps exits (or: `exit(from, this, reason)` was called). */
export interface ExitMessage {
  readonly type: 'EXIT';
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** A monitored process ended, or was not there (`noproc`). */
export interface DownMessage {
  readonly type: 'DOWN';
  readonly ref: Ref;
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** The same for a monitor by name: what it watched is told by that name. */
export interface NameDownMessage {
  readonly type: 'DOWN';
  readonly ref: Ref;
  readonly name: string;
  readonly reason: ExitReason;
}

export type SystemMessage = ExitMessage | DownMessage;
