import { describe } from '../describe.ts';
import { find, type Name, type Named, textOf } from './address.ts';
import { cellOf, cellOfProcess, pidAndLabel } from './cell.ts';
import { type Pid } from './pid.ts';
import type { Process } from './process.ts';

/**
 * Gives `pid` a name in the system, until the process ends or is unregistered.
 * @throws TypeError for an empty name; Error when the name is taken, when the process
 * has ended, or when it has a name already: a process has one name at most
 * @see OTP manual, `erlang:register/2`
 * @example
 * ```ts
 * import { createSystem, name, type Pid, register, send, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const printer = name<Pid<string>>('printer');
 *
 * const system = createSystem();
 * const pid = spawn<string>(system, async (self) => {
 *   console.log(await self.receive()); // hello
 * });
 * register(system, printer, pid);
 * send(printer.in(system), 'hello');
 * await settle(system);
 * await system.stop();
 * ```
 */
export function register<P extends Pid>(
  system: Process,
  name: string | Name<P>,
  pid: NoInfer<P>,
): void {
  const { runtime } = cellOfProcess(system, 'system');
  const { names } = runtime;
  const cell = cellOf(pid);
  const text = textOf(name);
  if (cell.runtime !== runtime) {
    throw new TypeError(`Expected a process of the system, got ${String(pid)} of another system`);
  }
  const owner = names.get(text);
  if (owner !== undefined) {
    throw new Error(
      `Expected a free name, got ${describe(text)}, which is ${pidAndLabel(owner)}'s`,
    );
  }
  if (!cell.isAlive) {
    throw new Error(
      `Expected a running process to name ${describe(text)}, got ${pidAndLabel(cell)}, which has ended`,
    );
  }
  if (cell.name !== undefined) {
    throw new Error(
      `Expected a process with no name, got ${pidAndLabel(cell)}, which is ${describe(cell.name)}`,
    );
  }
  names.set(text, cell);
  cell.name = text;
}

/**
 * Frees a name; its process goes on.
 * @throws Error when no process has the name
 * @see OTP manual, `erlang:unregister/1`
 * @example
 * ```ts
 * import { createSystem, isAlive, register, spawn, unregister, whereis } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, (self) => self.receive());
 * register(system, 'idle', pid);
 * unregister(system, 'idle');
 * console.log(whereis(system, 'idle'), isAlive(pid)); // undefined true
 * await system.stop();
 * ```
 */
export function unregister(system: Process, name: string | Name): void {
  const { names } = cellOfProcess(system, 'system').runtime;
  const text = textOf(name);
  const cell = names.get(text);
  if (cell === undefined) {
    throw new Error(`Expected a registered name, got ${describe(text)}`);
  }
  names.delete(text);
  cell.name = undefined;
}

/**
 * The process that has the name now; `undefined` if none has.
 * @see OTP manual, `erlang:whereis/1`
 * @example
 * ```ts
 * import { createSystem, register, spawn, whereis } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, (self) => self.receive());
 * register(system, 'idle', pid);
 * console.log(whereis(system, 'idle') === pid); // true
 * console.log(whereis(system, 'busy')); // undefined
 * await system.stop();
 * ```
 */
export function whereis<P extends Pid = Pid>(
  system: Process,
  name: string | Name<P>,
): P | undefined {
  return cellOfProcess(system, 'system').runtime.names.get(textOf(name))?.pid as P | undefined;
}

/**
 * The pid that a destination means now: the pid itself, or that of the process with the name;
 * `undefined` if no process has it.
 * @example
 * ```ts
 * import { createSystem, name, pidOf, register, spawn } from '@reprise/actor';
 *
 * const idle = name('idle');
 *
 * const system = createSystem();
 * const pid = spawn(system, (self) => self.receive());
 * register(system, idle, pid);
 * console.log(pidOf(idle.in(system)) === pid, pidOf(pid) === pid); // true true
 * await system.stop();
 * ```
 */
export function pidOf<P extends Pid>(destination: P | Named<P>): P | undefined {
  return find(destination)?.pid as P | undefined;
}
