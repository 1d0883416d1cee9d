import { assertExitReason, type ExitReason, ExitRequest } from './exit.ts';
import type { Pid, Ref } from './pid.ts';
import { cellOf, cellOfProcess, type DownMessage, type Process } from './process.ts';

/** Whether the process has not ended. */
export function isAlive(pid: Pid): boolean {
  return cellOf(pid).isAlive;
}

/**
 * Puts `message` into the mailbox of `pid`, in the order sent. Never fails and never waits: to a process that has ended it is dropped.
 * The message is not copied: who sends it must not change it afterwards.
 */
export function send<Message>(pid: Pid<Message>, message: NoInfer<Message>): void {
  cellOf(pid).push(message);
}

/**
 * Links `self` and `pid`, both ways and once however often: when one ends, the other gets an exit signal with its reason. Linking to a
 * process that has ended gives the signal `noproc`.
 */
export function link(self: Process<never>, pid: Pid): void {
  cellOfProcess(self).link(cellOf(pid));
}

/** Takes the whole link off, from either side. An EXIT message that is in the mailbox already stays there. */
export function unlink(self: Process<never>, pid: Pid): void {
  cellOfProcess(self).unlink(cellOf(pid));
}

/** Asks for one `DOWN` message when `pid` ends; at once, with `noproc`, if it already has. */
export function monitor(self: Process<never>, pid: Pid): Ref {
  return cellOfProcess(self).monitor(cellOf(pid));
}

/**
 * Takes a monitor off: no DOWN message comes any more. With `flush`, one that is in the mailbox already is removed too. Whether there
 * was a monitor to take off.
 */
export function demonitor(self: Process<never>, ref: Ref, options?: { readonly flush?: boolean }): boolean {
  const cell = cellOfProcess(self);
  const found = cell.demonitor(ref);
  if (options?.flush === true) {
    cell.mailbox.removeWhere((message) => isDown(message) && message.ref === ref);
  }
  return found;
}

/**
 * When on, an exit signal other than a kill becomes a message `{ type: 'EXIT', pid, reason }` instead of ending the process. Returns the
 * old value.
 */
export function trapExit(self: Process<never>, flag: boolean): boolean {
  const cell = cellOfProcess(self);
  const old = cell.trapExit;
  cell.trapExit = flag;
  return old;
}

/**
 * `exit(self, reason)` ends the caller with exactly that reason, by throwing what its process recognises.
 *
 * `exit(self, pid, reason)` sends an exit signal: `pid` ends with that reason, or, when it traps exits, gets an EXIT message from `self`.
 * `normal` is ignored unless trapped or sent to oneself; `kill` cannot be trapped and ends it as `killed`.
 */
export function exit(self: Process<never>, reason: ExitReason): never;
export function exit(self: Process<never>, pid: Pid, reason: ExitReason): void;
export function exit(self: Process<never>, target: Pid | ExitReason, reason?: ExitReason): void {
  const from = cellOfProcess(self);
  if (reason === undefined) {
    assertExitReason(target);
    throw new ExitRequest(target);
  }
  assertExitReason(reason);
  cellOf(target as Pid).receiveExit(from, reason, true);
}

function isDown(message: unknown): message is DownMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'DOWN';
}
