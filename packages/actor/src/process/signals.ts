import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { assertOneOf } from '../one-of.ts';
import { type Destination, find, NamedAddress } from './address.ts';
import { type Cell, cellOf, cellOfProcess, findCell, pidAndLabel } from './cell.ts';
import { ExitRequest } from './exit-error.ts';
import { assertExitReason, type ExitReason } from './exit-reason.ts';
import { type AliasMode, MonitorRef, type MonitorTarget, type SendOptions } from './monitor-ref.ts';
import { type Pid, type Ref } from './pid.ts';
import type { Process } from './process.ts';

/**
 * Whether the process has not ended.
 * @example
 * ```ts
 * import { createSystem, exit, isAlive, kill, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, (self) => self.receive());
 * console.log(isAlive(pid)); // true
 * exit(system, pid, kill);
 * console.log(isAlive(pid)); // false
 * await system.stop();
 * ```
 */
export function isAlive(pid: Pid): boolean {
  return cellOf(pid).isAlive;
}

/**
 * Puts `message` into the mailbox of a process, in the order sent. It never waits. A message to a
 * process that has ended is dropped. Messages are not copied: do not change one after it was sent.
 *
 * Returns `false` when the mailbox is full and its policy is `reject`, otherwise `true`.
 * @throws Error when no process has the name
 * @see OTP manual, `erlang:send/3`
 * @example
 * ```ts
 * import { createSystem, send, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => {
 *   console.log(await self.receive()); // hello
 * });
 * send(pid, 'hello');
 * await settle(system);
 * await system.stop();
 * ```
 */
export function send<Message>(
  to: Destination<Pid<Message>> | AliasRef<Message>,
  message: NoInfer<Message>,
  options?: SendOptions,
): boolean {
  // Most destinations are pids: that is looked at first.
  const cell = findCell(to);
  return cell === undefined ? sendToAddress(to, message, options) : cell.push(message);
}

/** Of a message to a pid they are neither read nor checked: the usual message must not pay. */
const sendKeys: KeysOf<SendOptions> = { priority: true };

function sendToAddress(
  to: Destination | AliasRef,
  message: unknown,
  options?: SendOptions,
): boolean {
  if (options !== undefined) {
    // First: a mistake must not end an alias that takes one message.
    assertKnownKeys('send', options, sendKeys);
  }
  if (isMonitorRef(to)) {
    return sendToAlias(to, message, options);
  }
  const cell = find(to as Destination);
  if (cell === undefined) {
    throw new Error(`Expected a registered name to send to, got ${String(to)}`);
  }
  return cell.push(message);
}

function sendToAlias(ref: MonitorRef<Cell>, message: unknown, options?: SendOptions): boolean {
  const owner = ref.owner();
  const mode = ref.alias();
  if (mode === undefined) {
    return true;
  }
  if (mode === 'replyDemonitor') {
    owner.demonitor(ref);
    ref.unalias();
  }
  return ref.deliver(message, options);
}

/**
 * Links `self` and `pid`: when either ends, the other gets an exit signal with its reason. Linking
 * twice is the same as once. Linking to a process that has ended sends `self` the signal `noproc`.
 * @see OTP manual, `erlang:link/1`
 * @example
 * ```ts
 * import { createSystem, exit, isAlive, link, shutdown, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const a = spawn(system, (self) => self.receive());
 * const b = spawn(system, (self) => {
 *   link(self, a);
 *   return self.receive();
 * });
 * await settle(system);
 * exit(system, a, shutdown);
 * await settle(system);
 * console.log(isAlive(b)); // false
 * await system.stop();
 * ```
 */
export function link(self: Process, pid: Pid): void {
  cellOfProcess(self).link(cellOf(pid));
}

/**
 * Removes the link, in both directions. An EXIT message that is already in the mailbox stays there.
 * @see OTP manual, `erlang:unlink/1`
 * @example
 * ```ts
 * import { createSystem, exit, isAlive, link, shutdown, spawn, unlink } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const a = spawn(system, (self) => self.receive());
 * const b = spawn(system, (self) => {
 *   link(self, a);
 *   unlink(self, a);
 *   return self.receive();
 * });
 * await settle(system);
 * exit(system, a, shutdown);
 * await settle(system);
 * console.log(isAlive(b)); // true
 * await system.stop();
 * ```
 */
export function unlink(self: Process, pid: Pid): void {
  cellOfProcess(self).unlink(cellOf(pid));
}

export interface MonitorOptions {
  /** The `type` of the message. Default: `DOWN`. */
  readonly tag?: string;
  /**
   * Makes the ref an address, too, to which others can send: see `AliasMode`. Default: it is none.
   */
  readonly alias?: AliasMode;
}

const monitorKeys: KeysOf<MonitorOptions> = { tag: true, alias: true };

/** A ref that is also an address until its alias expires. Messages after that are dropped. */
export interface AliasRef<in Message = never> extends Ref {
  readonly [aliased]: (message: Message) => void;
}

declare const aliased: unique symbol;

/**
 * Requests one message `{ type: 'DOWN', ref, pid, reason }` when the process ends; at once, with
 * `noproc`, if it has ended. Given a name, it monitors the process that has the name now, and the
 * message has the `name` in place of the pid.
 * @throws TypeError for an `alias` that is no `AliasMode`
 * @see OTP manual, `erlang:monitor/3`
 * @example
 * ```ts
 * import { createSystem, type DownMessage, monitor, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<DownMessage>(system, async (self) => {
 *   const ref = monitor(self, spawn(self, () => {}));
 *   const down = await self.receive();
 *   console.log(down.ref === ref, down.reason.type); // true normal
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function monitor<Message = never>(
  self: Process,
  target: Destination,
  options: MonitorOptions & { readonly alias: AliasMode },
): AliasRef<Message>;
export function monitor(self: Process, target: Destination, options?: MonitorOptions): Ref;
export function monitor(self: Process, target: Destination, options: MonitorOptions = {}): Ref {
  assertKnownKeys('monitor', options, monitorKeys);
  const { tag = 'DOWN', alias } = options;
  const cell = cellOfProcess(self);
  if (alias !== undefined) {
    assertOneOf('Expected alias to be', alias, aliasModes);
  }
  const found = find(target);
  // A process does not monitor itself: without a monitor there is no alias either, as in OTP.
  const ref = new MonitorRef(cell, targetOf(target), tag, found === cell ? undefined : alias);
  cell.monitor(found, ref);
  return ref;
}

const aliasModes: readonly AliasMode[] = ['explicitUnalias', 'demonitor', 'replyDemonitor'];

function targetOf(target: Destination): MonitorTarget {
  const address: unknown = target;
  return findCell(target) === undefined && isA(address, NamedAddress)
    ? { name: address.name }
    : { pid: target as Pid };
}

export interface DemonitorOptions {
  /** Also removes its DOWN message, if that is already in the mailbox. Default: false. */
  readonly flush?: boolean;
  /** Returns whether the monitor was still on, and not always `true`. Default: false. */
  readonly info?: boolean;
}

const demonitorKeys: KeysOf<DemonitorOptions> = { flush: true, info: true };

/**
 * Ends a monitor: its message does not come any more. Returns `true`, or, with `info`, whether the
 * monitor was still on.
 * @throws Error for a monitor of another process
 * @see OTP manual, `erlang:demonitor/2`
 * @example
 * ```ts
 * import { createSystem, demonitor, monitor, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const ref = monitor(system, spawn(system, (self) => self.receive()));
 * console.log(demonitor(system, ref, { info: true })); // true
 * console.log(demonitor(system, ref, { info: true })); // false
 * await system.stop();
 * ```
 */
export function demonitor(self: Process, ref: Ref, options: DemonitorOptions = {}): boolean {
  assertKnownKeys('demonitor', options, demonitorKeys);
  const { flush = false, info = false } = options;
  const cell = cellOfProcess(self);
  const own = ownRef(cell, ref);
  const found = cell.demonitor(own);
  if (flush) {
    cell.flush((message) => own.isDown(message));
  }
  return !info || found;
}

/**
 * Ends an alias; if it has a monitor, that stays. Returns whether the alias was on.
 * @throws Error for an alias of another process
 * @see OTP manual, `erlang:unalias/1`
 * @example
 * ```ts
 * import { createSystem, monitor, send, spawn, unalias } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const pid = spawn(system, (self) => self.receive());
 * spawn<string>(system, async (self) => {
 *   const ref = monitor<string>(self, pid, { alias: 'explicitUnalias' });
 *   send(ref, 'in time');
 *   console.log(unalias(self, ref)); // true
 *   send(ref, 'too late');
 *   console.log(await self.receive(), self.messageQueueLen); // in time 0
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function unalias(self: Process, ref: Ref): boolean {
  const own = ownRef(cellOfProcess(self), ref);
  const wasOn = own.alias() !== undefined;
  own.unalias();
  return wasOn;
}

function ownRef(cell: Cell, ref: Ref): MonitorRef<Cell> {
  if (!isMonitorRef(ref)) {
    throw new TypeError(`Expected a ref that monitor or alias returned, got ${describe(ref)}`);
  }
  if (ref.owner() !== cell) {
    throw new Error(`Expected a ref of ${pidAndLabel(cell)}, got another process's`);
  }
  return ref;
}

/** `instanceof` alone would leave the owner's type open. */
function isMonitorRef(value: unknown): value is MonitorRef<Cell> {
  return isA(value, MonitorRef);
}

/**
 * While on, an exit signal other than `kill` becomes a message `{ type: 'EXIT', pid, reason }` and
 * does not end the process. Returns the old value. Default of a process: off.
 * @throws TypeError for anything but true or false
 * @see OTP manual, `erlang:process_flag/2`, `trap_exit`
 * @example
 * ```ts
 * import { createSystem, type ExitMessage, spawn, spawnLink, trapExit } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<ExitMessage>(system, async (self) => {
 *   trapExit(self, true);
 *   const pid = spawnLink(self, () => {});
 *   const exited = await self.receive();
 *   console.log(exited.pid === pid, exited.reason.type); // true normal
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function trapExit(self: Process, flag: boolean): boolean {
  const cell = cellOfProcess(self);
  assertOneOf('Expected the flag of trapExit to be', flag, [true, false]);
  const old = cell.trapExit;
  cell.trapExit = flag;
  return old;
}

/**
 * `exit(self, reason)` ends the caller with exactly that reason, by throwing an error.
 *
 * `exit(self, pid, reason)` sends an exit signal: `pid` ends with that reason, or, if it traps
 * exits, gets an EXIT message from `self`. `normal` is ignored unless trapped or sent to oneself;
 * `kill` cannot be trapped, and the process ends with `killed`.
 * @throws TypeError for anything but an exit reason
 * @see OTP manual, `erlang:exit/1`, `erlang:exit/2`
 * @example
 * ```ts
 * import { createSystem, type DownMessage, exit, kill, shutdown, spawn, spawnMonitor } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<DownMessage>(system, async (self) => {
 *   spawnMonitor(self, (child) => exit(child, shutdown));
 *   console.log((await self.receive()).reason.type); // shutdown
 *   const { pid } = spawnMonitor(self, (child) => child.receive());
 *   exit(self, pid, kill);
 *   console.log((await self.receive()).reason.type); // killed
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function exit(self: Process, reason: ExitReason): never;
export function exit(self: Process, pid: Pid, reason: ExitReason): void;
export function exit(self: Process, target: Pid | ExitReason, reason?: ExitReason): void {
  const from = cellOfProcess(self);
  if (reason === undefined) {
    assertExitReason(target);
    throw new ExitRequest(target);
  }
  assertExitReason(reason);
  const to = cellOf(target as Pid);
  // The code of a process that has ended may go on after an `await`: its signals are dropped.
  if (from.isAlive) {
    to.receiveExit(from, reason, true);
  }
}
