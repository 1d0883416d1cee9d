import { describe } from '../describe.ts';
import { find, type Name, type Named, textOf } from './address.ts';
import { cellOf, cellOfProcess } from './cell.ts';
import { type Pid } from './pid.ts';
import type { Process } from './process.ts';

/**
 * Gives `pid` a name in its system until it ends or is unregistered. Throws a `TypeError` for an
 * empty name, and an `Error` when the name is taken, the process has ended, or has a name already:
 * one each.
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
  self: Process,
  name: string | Name<P>,
  pid: NoInfer<P>,
): void {
  const { names } = cellOfProcess(self).runtime;
  const cell = cellOf(pid);
  const text = textOf(name);
  const owner = names.get(text);
  if (owner !== undefined) {
    throw new Error(`Expected a free name, got ${describe(text)}, which is ${String(owner.pid)}'s`);
  }
  if (!cell.isAlive) {
    throw new Error(
      `Expected a running process to name ${describe(text)}, got ${String(pid)}, which has ended`,
    );
  }
  if (cell.name !== undefined) {
    throw new Error(
      `Expected a process with no name, got ${String(pid)}, which is ${describe(cell.name)}`,
    );
  }
  names.set(text, cell);
  cell.name = text;
}

/**
 * Frees a name, whosever it is; its process goes on. Throws an `Error` when nobody has it.
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
export function unregister(self: Process, name: string | Name): void {
  const { names } = cellOfProcess(self).runtime;
  const text = textOf(name);
  const cell = names.get(text);
  if (cell === undefined) {
    throw new Error(`Expected a registered name, got ${describe(text)}`);
  }
  names.delete(text);
  cell.name = undefined;
}

/**
 * The process that has the name now.
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
export function whereis<P extends Pid = Pid>(self: Process, name: string | Name<P>): P | undefined {
  return cellOfProcess(self).runtime.names.get(textOf(name))?.pid as P | undefined;
}

/**
 * The pid that a destination means now: itself, or whoever has the name.
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
