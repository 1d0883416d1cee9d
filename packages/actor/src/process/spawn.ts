import { describe } from '../describe.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { type Cell, cellOfProcess } from './cell.ts';
import { ExitError } from './exit-error.ts';
import { noproc } from './exit-reason.ts';
import { putExtras } from './extras.ts';
import { FunctionProcess, type ProcessFunction } from './function-process.ts';
import { BoundedMailbox, type MailboxOptions } from './mailbox.ts';
import { MonitorRef } from './monitor-ref.ts';
import { type Pid, type Ref } from './pid.ts';
import type { Process } from './process.ts';

export interface SpawnOptions {
  /** Limits how many messages may wait. Default: no limit. */
  readonly mailbox?: MailboxOptions;
  /** The label, as set by `setLabel`, from the first instant. Default: none. */
  readonly label?: unknown;
}

export const spawnKeys: KeysOf<SpawnOptions> = { mailbox: true, label: true };

/**
 * Starts a process that runs `body`, and returns its pid before `body` has begun. The process
 * belongs to the system of `parent`; the two are not linked.
 * @throws ExitError `noproc` when `parent` has ended
 * @see Erlang reference manual, "Processes"
 * @example
 * ```ts
 * import { createSystem, send, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => {
 *   const urgent = await self.receive((text) => text.endsWith('!'));
 *   console.log(urgent, await self.receive()); // fire! good morning
 * });
 * send(pid, 'good morning');
 * send(pid, 'fire!');
 * await settle(system);
 * await system.stop();
 * ```
 */
export function spawn<Message = never>(
  parent: Process,
  body: ProcessFunction<Message>,
  options?: SpawnOptions,
): Pid<Message> {
  return startProcess(parent, body, options).pid as Pid<Message>;
}

/**
 * `spawn` and `link` in one step: `parent` gets the exit signal even if the process ends at once.
 * @throws ExitError `noproc` when `parent` has ended
 * @see OTP manual, `erlang:spawn_link/1`
 * @example
 * ```ts
 * import { createSystem, type ExitMessage, shutdownWith, spawn, spawnLink, trapExit, exit, formatReason } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<ExitMessage>(system, async (self) => {
 *   trapExit(self, true);
 *   spawnLink(self, (child) => exit(child, shutdownWith('done')));
 *   console.log(formatReason((await self.receive()).reason)); // shutdown: "done"
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function spawnLink<Message = never>(
  parent: Process,
  body: ProcessFunction<Message>,
  options?: SpawnOptions,
): Pid<Message> {
  const cell = startProcess(parent, body, options);
  cellOfProcess(parent, 'parent').link(cell);
  return cell.pid as Pid<Message>;
}

/**
 * `spawn` and `monitor` in one step: `parent` gets the DOWN message even if the process ends at
 * once.
 * @throws ExitError `noproc` when `parent` has ended
 * @see OTP manual, `erlang:spawn_monitor/1`
 * @example
 * ```ts
 * import { createSystem, type DownMessage, spawn, spawnMonitor } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<DownMessage>(system, async (self) => {
 *   const { ref } = spawnMonitor(self, () => {});
 *   const down = await self.receive();
 *   console.log(down.ref === ref, down.reason.type); // true normal
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function spawnMonitor<Message = never>(
  parent: Process,
  body: ProcessFunction<Message>,
  options?: SpawnOptions,
): { readonly pid: Pid<Message>; readonly ref: Ref } {
  const cell = startProcess(parent, body, options);
  const owner = cellOfProcess(parent, 'parent');
  const ref = new MonitorRef(owner, { pid: cell.pid }, 'DOWN', undefined);
  owner.monitor(cell, ref);
  return { pid: cell.pid as Pid<Message>, ref };
}

/**
 * The parent of a new process. Throws an `ExitError` for one that has ended: its code may go on
 * after an `await`, but may not start processes.
 */
export function parentOf(parent: Process): Cell {
  const cell = cellOfProcess(parent, 'parent');
  if (!cell.isAlive) {
    throw new ExitError(noproc, 'the parent has ended');
  }
  return cell;
}

function startProcess<Message>(
  parent: Process,
  body: ProcessFunction<Message>,
  options: SpawnOptions = {},
): Cell {
  assertKnownKeys('spawn', options, spawnKeys);
  const cell = createProcess(FunctionProcess, parentOf(parent), body, options);
  cell.wake();
  return cell;
}

/** The class of a process that runs a function. */
type FunctionProcessClass<Made extends FunctionProcess> = new (
  ...args: ConstructorParameters<typeof FunctionProcess>
) => Made;

/**
 * A process that has not begun to run its function.
 * @throws TypeError for anything but a function
 */
export function createProcess<Made extends FunctionProcess>(
  type: FunctionProcessClass<Made>,
  parent: Cell,
  body: unknown,
  { mailbox, label }: SpawnOptions,
): Made {
  if (typeof body !== 'function') {
    throw new TypeError(`Expected a function (self) => …, got ${describe(body)}`);
  }
  const bounded = mailbox && new BoundedMailbox(mailbox);
  const cell = new type(parent, body as ProcessFunction<unknown>, bounded);
  if (label !== undefined) {
    putExtras(cell, { label });
  }
  return cell;
}
