import { type Cell, cellOf, cellOfProcess } from '../process/cell.ts';
import { BoundedMailbox, type MailboxOptions } from '../process/mailbox.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { ServerProcess } from '../server/server-process.ts';

/** A process at one moment: plain data, that does not change with the process. */
export interface ProcessInfo {
  readonly pid: Pid;
  /** The registered name. */
  readonly name: string | undefined;
  /**
   * `running`: its code is on the stack. `runnable`: it is to have a turn. `awaiting`: a callback
   * of the server has not settled. `suspended`: by `sys.suspend`. `waiting`: none of these; it
   * waits for messages, or, if its body is a function, perhaps for something else.
   */
  readonly status: 'running' | 'runnable' | 'awaiting' | 'suspended' | 'waiting';
  readonly messageQueueLen: number;
  /** In the order they were linked. */
  readonly links: readonly Pid[];
  /** The processes that it monitors, one for each monitor, in order. */
  readonly monitors: readonly Pid[];
  /** The processes that monitor it, one for each monitor, in order. */
  readonly monitoredBy: readonly Pid[];
  readonly trapExit: boolean;
  /** Who started it; `undefined` for the root. */
  readonly parent: Pid | undefined;
  /** When it is bounded: how, and how many messages did not get in or were put out. */
  readonly mailbox: (MailboxOptions & { readonly dropped: number }) | undefined;
}

/**
 * What a process is doing, without asking it; `undefined` when it has ended. Throws a `TypeError`
 * for what is no pid.
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
  return status && { ...describeCell(cell), status };
}

/**
 * The processes of a system that have not ended, the system itself among them, in the order they
 * were started. `of` is the system, or any process in it. Throws a `TypeError` for what is no
 * process.
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
export function processes(of: Process): readonly Pid[] {
  return pidsOf([...cellOfProcess(of, 'system').runtime.processes]);
}

function describeCell(cell: Cell): Omit<ProcessInfo, 'status'> {
  return {
    pid: cell.pid,
    name: cell.name,
    messageQueueLen: cell.messageQueueLen,
    links: pidsOf(cell.links),
    monitors: pidsOf(cell.monitors),
    monitoredBy: pidsOf(cell.monitoredBy),
    trapExit: cell.trapExit,
    parent: cell.parent?.pid,
    mailbox: boundsOf(cell),
  };
}

function statusOf(cell: Cell): ProcessInfo['status'] | undefined {
  const { status } = cell;
  // As soon as `sys.suspend` has resolved: its turn may not be over.
  if (status !== 'dead' && cell instanceof ServerProcess && cell.isSuspended) {
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
  return mailbox instanceof BoundedMailbox
    ? { ...mailbox.options, dropped: mailbox.dropped }
    : undefined;
}

function pidsOf(cells: readonly Cell[]): readonly Pid[] {
  return cells.map(({ pid }) => pid);
}
