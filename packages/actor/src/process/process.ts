import type { Clock } from '../host/clock.ts';
import type { Logger } from '../host/logger.ts';
import { type KeysOf } from '../known-keys.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Pid, Ref } from './pid.ts';

/**
 * A process as its own code sees it: the last argument of that code, `self`. Functions take a
 * `Process` for actions that only that process may do (link, trap exits, receive), or as a parent.
 * It is an argument, and not ambient: it is the right process after an `await`, too.
 */
export interface Process<in Message = never> {
  readonly pid: Pid<Message>;
  readonly system: System;
  /**
   * Aborts when the process ends, with an `ExitError` as the reason; for `fetch`, timers, streams.
   */
  readonly signal: AbortSignal;
  /** How many messages are in the mailbox. */
  readonly messageQueueLen: number;
}

/**
 * A set of processes with one clock and one scheduler. It is itself a process, the root: the parent
 * of the processes at the top. It does not trap exits: the abnormal end of a process that is linked
 * to it ends the system, and is logged. A start that fails does not end it, since that rejects the
 * promise of the start.
 */
export interface System extends Process {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Returns a number from 0 on and below 1: `Math.random`, unless the system was given another. */
  readonly random: () => number;
  /** Settles with the reason once the system has ended. */
  readonly whenExited: Promise<ExitReason>;
  /**
   * The same reason from the beginning of the stop on; `undefined` before. A process that ends gets
   * `shutdown` in any case: this tells it whether the program has failed.
   */
  readonly stopReason: ExitReason | undefined;
  /**
   * Ends the system. The processes linked to it are shut down one after another, in reverse order
   * of their start, each before the next; then all others are killed. No process of the system runs
   * afterwards. A second call waits for the first.
   */
  stop(options?: StopOptions): Promise<void>;
}

export interface StopOptions {
  /** In ms: after that, all processes are killed. Default: `Infinity`, as in OTP. */
  readonly timeout?: number;
  /**
   * The reason that `whenExited` resolves with. The processes themselves get `shutdown` in any
   * case. Default: `shutdown`.
   */
  readonly reason?: ExitReason;
}

export const stopSystemKeys: KeysOf<StopOptions> = { timeout: true, reason: true };

/** To a process that traps exits: a linked process ended, or another sent this exit signal. */
export interface ExitMessage {
  readonly type: 'EXIT';
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** A monitored process ended, or did not exist (`noproc`). */
export interface DownMessage {
  readonly type: 'DOWN';
  readonly ref: Ref;
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** The same for a monitor that was given a name: it has that name in place of the pid. */
export interface NameDownMessage {
  readonly type: 'DOWN';
  readonly ref: Ref;
  readonly name: string;
  readonly reason: ExitReason;
}

export type SystemMessage = ExitMessage | DownMessage;
