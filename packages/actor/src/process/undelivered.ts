import { isA } from '../brand.ts';
import { Queue } from '../collections/queue.ts';
import { describe } from '../describe.ts';
import { queueMicrotask } from '../host.ts';
import { Timer } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { callListener } from '../maybe-promise.ts';
import { fieldOf, hasProxy } from '../shown/reading.ts';
import { snapshot } from '../shown/snapshot.ts';
import { type Cell, cellOfProcess, nameOf } from './cell.ts';
import { unwrap } from './envelope.ts';
import { isExit } from './exit-message.ts';
import type { ExitReason } from './exit-reason.ts';
import { MonitorRef } from './monitor-ref.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

/** A message that was in a mailbox when its process ended. */
export interface UndeliveredMessage {
  /** The process that has ended. */
  readonly pid: Pid;
  readonly reason: ExitReason;
  /** As its sender wrote it; a cast as `{ cast, payload }`. */
  readonly message: unknown;
}

/** A message as it is kept: as a report shows it. */
export interface KeptMessage {
  /** The registered name, or else the pid, and the label. */
  readonly process: string;
  readonly message: unknown;
}

export interface UndeliveredOptions {
  /**
   * Is called with each message, after the signals of the end are sent. An error that it throws, or
   * that its promise rejects with, is reported. Default: none.
   */
  readonly tell?: (undelivered: UndeliveredMessage) => void;
  /** Keeps the last hundred, bounded and without secrets. Default: false. */
  readonly keep?: boolean;
}

const undeliveredKeys: KeysOf<UndeliveredOptions> = { tell: true, keep: true };

/** The messages that were not delivered, since `undelivered` was called. */
export interface Undelivered {
  readonly count: number;
  /** The last hundred, the oldest first; none without `keep`. */
  readonly last: readonly KeptMessage[];
}

/**
 * Counts, from now on, the messages that are left in the mailboxes of a system when their processes
 * end: dead letters. Nothing else reports them. Calls do not count, since their callers get an
 * error; neither do the system's own messages, such as EXIT and DOWN. A message that is sent after
 * the end is dropped, as in OTP, and does not count.
 *
 * Until it is called, a message left behind costs nothing.
 * @throws TypeError for an unknown option, and for a `tell` that is no function
 * @example
 * ```ts
 * import { createSystem, exit, kill, send, spawn, undelivered } from '@reprise/actor';
 *
 * const system = createSystem();
 * const dead = undelivered(system, { keep: true });
 * const pid = spawn<string>(system, async (self) => {
 *   await self.receive((text) => text === 'go');
 * });
 * send(pid, 'one');
 * send(pid, 'two');
 * exit(system, pid, kill);
 * console.log(dead.count, dead.last.map(({ message }) => message)); // 2 [ 'one', 'two' ]
 * await system.stop();
 * ```
 */
export function undelivered(system: Process, options: UndeliveredOptions = {}): Undelivered {
  assertKnownKeys('undelivered', options, undeliveredKeys);
  const { tell } = options;
  if (tell !== undefined && typeof tell !== 'function') {
    // Refused here, and not at the end of a process.
    throw new TypeError(
      `Expected tell to be a function (undelivered) => void, got ${describe(tell)}`,
    );
  }
  const { runtime } = cellOfProcess(system, 'system');
  const counted = new Counted(options);
  const { undelivered: earlier } = runtime;
  runtime.undelivered = (cell) => {
    earlier?.(cell);
    counted.take(cell);
  };
  return counted;
}

/** How many messages are kept. */
const mostKept = 100;

class Counted implements Undelivered {
  readonly #options: UndeliveredOptions;
  readonly #kept: Queue<KeptMessage> = new Queue();
  count = 0;

  constructor(options: UndeliveredOptions) {
    this.#options = options;
  }

  get last(): readonly KeptMessage[] {
    return Array.from({ length: this.#kept.length }, (_, at) => this.#kept.at(at));
  }

  /** Takes the messages of a process that is about to end. */
  take(cell: Cell): void {
    const { tell, keep = false } = this.#options;
    const left = leftIn(cell.mailbox);
    this.count += left.length;
    if (keep) {
      this.#keep(cell, left.slice(-mostKept));
    }
    if (tell !== undefined && left.length > 0) {
      tellLater(cell, left, tell);
    }
  }

  #keep(cell: Cell, messages: readonly unknown[]): void {
    const process = nameOf(cell);
    for (const message of messages) {
      if (this.#kept.length === mostKept) {
        this.#kept.shift();
      }
      this.#kept.push({ process, message: snapshot(message, cell.runtime.redaction) });
    }
  }
}

/** The messages in a mailbox that nothing else reports. */
function leftIn(mailbox: Cell['mailbox']): readonly unknown[] {
  const left: unknown[] = [];
  for (let at = 0; at < mailbox.length; at++) {
    const message = mailbox.at(at);
    if (!isOwn(message)) {
      left.push(unwrap(message));
    }
  }
  return left;
}

/** A message of the system's own, or a call, whose caller gets an error. */
function isOwn(message: unknown): boolean {
  // A call, a request to stop and the idle timeout of a server are timers.
  return isReadable(message) && (isA(message, Timer) || isExit(message) || isDown(message));
}

function isDown(message: object): boolean {
  const ref = fieldOf(message, 'ref');
  return isReadable(ref) && isA(ref, MonitorRef) && ref.isDown(message);
}

/** A message may be anything, also a proxy that is revoked. */
function isReadable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !hasProxy(value);
}

/** The listener is user code, and may rely on all signals of the end being sent. */
function tellLater(
  cell: Cell,
  messages: readonly unknown[],
  tell: (undelivered: UndeliveredMessage) => void,
): void {
  const { pid, runtime } = cell;
  const reason = cell.reason as ExitReason;
  const failed = (err: unknown): void => {
    runtime.logger.error({ err }, `undelivered: the listener failed for ${nameOf(cell)}`);
  };
  queueMicrotask(() => {
    for (const message of messages) {
      const call = (): unknown =>
        runtime.context.runInAsyncScope(tell, undefined, { pid, reason, message });
      callListener(call, failed);
    }
  });
}
