import { isA } from '../brand.ts';
import { type Cell, cellOf, cellOfProcess } from '../process/cell.ts';
import { labelField } from '../process/label.ts';
import { BoundedMailbox, type MailboxOptions } from '../process/mailbox.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { ServerProcess } from '../server/server-process.ts';

/** A snapshot of a process: plain data, which does not change when the process does. */
export interface ProcessInfo {
  readonly pid: Pid;
  /** The registered name. */
  readonly name: string | undefined;
  /** If it has one: see `setLabel`. As a report shows it. */
  readonly label?: unknown;
  /**
   * - `running`: its code is on the stack.
   * - `runnable`: it is ready for its next turn.
   * - `awaiting`: the promise of a callback of the server has not settled.
   * - `suspended`: by `sys.suspend`.
   * - `waiting`: none of these. It waits for messages, or, if its code is a function, perhaps for
   *   another promise.
   */
  readonly status: 'running' | 'runnable' | 'awaiting' | 'suspended' | 'waiting';
  /**
   * Only while it is `awaiting`: since when, on the system's clock (`system.clock.now()`), in whole
   * ms. A callback whose promise never settles shows here: it has no limit of its own.
   */
  readonly awaitingSince?: number;
  /** Only while it is `awaiting`: that callback, `init` for example, or `handleCall.pop`. */
  readonly awaitedCallback?: string;
  readonly messageQueueLen: number;
  /** How many messages it has taken since it was started. */
  readonly handled: number;
  /**
   * How long its turns have held the thread, in ms. The work of a callback after it has awaited I/O
   * or a timer does not count.
   */
  readonly busy: number;
  /** In the order they were linked. */
  readonly links: readonly Pid[];
  /** The processes that it monitors, one for each monitor, in order. */
  readonly monitors: readonly Pid[];
  /** The processes that monitor it, one for each monitor, in order. */
  readonly monitoredBy: readonly Pid[];
  readonly trapExit: boolean;
  /** The process that started it; `undefined` for the root, and once that process has ended. */
  readonly parent: Pid | undefined;
  /** If it is bounded: its options, and how many messages have been dropped or rejected. */
  readonly mailbox: (MailboxOptions & { readonly dropped: number }) | undefined;
}

/**
 * A snapshot of a process, taken without a message to it; `undefined` when it has ended.
 * @throws TypeError for anything but a pid
 * @see OTP manual, `erlang:process_info/1`
 * @example
 * ```ts
 * import { createSystem, processInfo, send, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => {
 *   await self.receive((text) => text === 'stop');
 * });
 * send(pid, 'ignored');
 * console.log(processInfo(pid)?.messageQueueLen); // 1
 * await system.stop();
 * console.log(processInfo(pid)); // undefined
 * ```
 */
export function processInfo(pid: Pid): ProcessInfo | undefined {
  const cell = cellOf(pid);
  const status = statusOf(cell);
  return status && { ...describeCell(cell), status, ...awaitedBy(cell) };
}

/**
 * The running processes of a system, itself included, in the order in which they were started.
 * `system`: the system, or any process in it.
 * @throws TypeError for anything but a process
 * @see OTP manual, `erlang:processes/0`
 * @example
 * ```ts
 * import { createSystem, processes, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, async () => {});
 * console.log(processes(system).includes(pid)); // true
 * await system.stop();
 * console.log(processes(system)); // []
 * ```
 */
export function processes(system: Process): readonly Pid[] {
  return pidsOf([...cellOfProcess(system, 'system').runtime.processes]);
}

function describeCell(cell: Cell): Omit<ProcessInfo, 'status'> {
  return {
    pid: cell.pid,
    name: cell.name,
    ...labelField(cell),
    messageQueueLen: cell.messageQueueLen,
    handled: cell.handled,
    // It begins as -0.
    busy: Math.abs(cell.busy),
    links: pidsOf(cell.links),
    monitors: pidsOf(cell.monitors),
    monitoredBy: pidsOf(cell.monitoredBy),
    trapExit: cell.trapExit,
    parent: cell.parent?.pid,
    mailbox: boundsOf(cell),
  };
}

function awaitedBy({ awaitingSince, awaitedCallback }: Cell) {
  return awaitingSince === undefined || awaitedCallback === undefined
    ? {}
    : { awaitingSince, awaitedCallback };
}

function statusOf(cell: Cell): ProcessInfo['status'] | undefined {
  const { status } = cell;
  // From the moment when `sys.suspend` resolves, even if the server's turn is not over yet.
  if (status !== 'dead' && isA(cell, ServerProcess) && cell.isSuspended) {
    return 'suspended';
  }
  switch (status) {
    case 'dead':
      return undefined;
    case 'ready':
      return 'runnable';
    case 'waiting':
      return 'awaiting';
    case 'idle':
      return 'waiting';
    case 'running':
    case 'suspended':
      return status;
    default:
      return status satisfies never;
  }
}

function boundsOf({ mailbox }: Cell): ProcessInfo['mailbox'] {
  const inner = 'inner' in mailbox ? mailbox.inner : mailbox;
  const ordinary = 'ordinary' in inner ? inner.ordinary : inner;
  return isA(ordinary, BoundedMailbox)
    ? { ...ordinary.options, dropped: ordinary.dropped }
    : undefined;
}

function pidsOf(cells: readonly Cell[]): readonly Pid[] {
  return cells.map(({ pid }) => pid);
}
