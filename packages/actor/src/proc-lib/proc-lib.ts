import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { cellOfProcess } from '../process/cell.ts';
import type { Receiver } from '../process/function-process.ts';
import { MonitorRef } from '../process/monitor-ref.ts';
import type { Pid, Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { createProcess, parentOf, spawnKeys, type SpawnOptions } from '../process/spawn.ts';
import { StartingProcess } from './starting-process.ts';

declare const acknowledges: unique symbol;

/** A process that can acknowledge its start, with a value of this type. */
export interface Starting<in Value> {
  readonly [acknowledges]: (value: Value) => void;
}

/** The code of a process that calls `initAck` once it is ready. */
export type Body<Message, Value = Pid<Message>> = (
  self: Receiver<Message> & Starting<Value>,
) => void | Promise<void>;

export interface StartOptions extends SpawnOptions {
  /**
   * How long the process may take to call `initAck`, in ms, before it is killed. Default:
   * `Infinity`.
   */
  readonly timeout?: number;
}

const startKeys: KeysOf<StartOptions> = { ...spawnKeys, timeout: true };

/**
 * Starts a process that runs `body`, and waits until that calls `initAck`: resolves with the value
 * that is given there, which is the pid by default. Not linked to `parent`.
 * @throws ExitError with the exit reason when the process ends before `initAck` (`normal` when
 * `body` returns), `timeout` when it took too long, `noproc` when `parent` has ended
 * @see OTP manual, `proc_lib:start/5`
 * @example
 * ```ts
 * import { createSystem, procLib, send } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const printer = await procLib.start<string>(system, async (self) => {
 *   // Here it opens its resources. An error fails the start.
 *   procLib.initAck(self);
 *   console.log(await self.receive()); // hello
 * });
 * send(printer, 'hello');
 * await settle(system);
 * await system.stop();
 * ```
 */
export function start<Message = never, Value = Pid<Message>>(
  parent: Process,
  body: Body<Message, Value>,
  options: StartOptions = {},
): Promise<Value> {
  assertKnownKeys('procLib.start', options, startKeys);
  return begin(parent, body, options, false) as Promise<Value>;
}

/**
 * `start`, linked to `parent` from the first instant, as a child of a supervisor has to be. A
 * failed start ends a parent that does not trap exits, by the link. A parent that traps exits, and
 * the system itself, only get the rejection.
 * @throws as `start` does
 * @see OTP manual, `proc_lib:start_link/5`
 * @example
 * ```ts
 * import { childSpec, createSystem, procLib, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const printer = childSpec(
 *   (parent) =>
 *     procLib.startLink<string>(parent, async (self) => {
 *       procLib.initAck(self);
 *       await self.receive();
 *     }),
 *   { id: 'printer' },
 * );
 * const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [printer] });
 * console.log((await Supervisor.countChildren(app)).active); // 1
 * await system.stop();
 * ```
 */
export function startLink<Message = never, Value = Pid<Message>>(
  parent: Process,
  body: Body<Message, Value>,
  options: StartOptions = {},
): Promise<Value> {
  assertKnownKeys('procLib.startLink', options, startKeys);
  return begin(parent, body, options, true) as Promise<Value>;
}

/**
 * `start`, monitored by `parent` from the instant of the `initAck`: however soon the process ends,
 * `parent` gets a `DOWN` message. A start that fails leaves no monitor and no message.
 * @throws as `start` does
 * @see OTP manual, `proc_lib:start_monitor/5`
 * @example
 * ```ts
 * import { createSystem, type DownMessage, procLib, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn<DownMessage>(system, async (self) => {
 *   const { ref } = await procLib.startMonitor(self, (child) => procLib.initAck(child));
 *   const down = await self.receive();
 *   console.log(down.ref === ref, down.reason.type); // true normal
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export async function startMonitor<Message = never, Value = Pid<Message>>(
  parent: Process,
  body: Body<Message, Value>,
  options: StartOptions = {},
): Promise<{ readonly value: Value; readonly ref: Ref }> {
  assertKnownKeys('procLib.startMonitor', options, startKeys);
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  const owner = parentOf(parent);
  const cell = createProcess(StartingProcess, owner, body, options);
  const ref = new MonitorRef(owner, { pid: cell.pid }, 'DOWN', undefined);
  return { value: (await cell.begin(timeout, ref)) as Value, ref };
}

/**
 * Tells the start of `self` that it is over: `start` and its sisters resolve with `value`. Without
 * one they resolve with the pid. A second call changes nothing.
 * @throws TypeError for a process that was not started by this module
 * @see OTP manual, `proc_lib:init_ack/1`
 * @example
 * ```ts
 * import { createSystem, procLib } from '@reprise/actor';
 *
 * const system = createSystem();
 * const port = await procLib.start<never, number>(system, async (self) => {
 *   procLib.initAck(self, 8080);
 *   await self.receive();
 * });
 * console.log(port); // 8080
 * await system.stop();
 * ```
 */
export function initAck<P extends Pid>(self: { readonly pid: P } & Process & Starting<P>): void;
export function initAck<Value>(self: Process & Starting<Value>, value: NoInfer<Value>): void;
export function initAck(self: Process, value: unknown = self.pid): void {
  const cell = cellOfProcess(self);
  if (!isA(cell, StartingProcess)) {
    throw new TypeError(`Expected a process that procLib started, got ${describe(self.pid)}`);
  }
  cell.acknowledge(value);
}

async function begin(
  parent: Process,
  body: unknown,
  options: StartOptions,
  isLinked: boolean,
): Promise<unknown> {
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  const owner = parentOf(parent);
  const cell = createProcess(StartingProcess, owner, body, options);
  if (isLinked) {
    owner.link(cell);
  }
  return cell.begin(timeout, undefined);
}
