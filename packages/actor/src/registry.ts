import { describe, type Pid } from './pid.ts';
import { type Cell, cellOf, cellOfProcess, type Process } from './process.ts';

/**
 * Gives `pid` a name in its system until it ends or is unregistered. Throws a `TypeError` for an empty name, and an `Error` when the name
 * is taken, the process has ended, or has a name already: one each.
 * @see OTP manual, `erlang:register/2`
 */
export function register(self: Process<never>, name: string, pid: Pid): void {
  const { names } = cellOfProcess(self).runtime;
  const cell = cellOf(pid);
  assertName(name);
  const owner = names.get(name);
  if (owner !== undefined) {
    throw new Error(`Expected a free name, got ${describe(name)}, which is ${String(owner.pid)}'s`);
  }
  if (!cell.isAlive) {
    throw new Error(`Expected a running process to name ${describe(name)}, got ${String(pid)}, which has ended`);
  }
  if (cell.name !== undefined) {
    throw new Error(`Expected a process with no name, got ${String(pid)}, which is ${describe(cell.name)}`);
  }
  names.set(name, cell);
  cell.name = name;
}

/** Frees a name, whosever it is; its process goes on. Throws an `Error` when nobody has it. */
export function unregister(self: Process<never>, name: string): void {
  const { names } = cellOfProcess(self).runtime;
  const cell = names.get(name);
  if (cell === undefined) {
    throw new Error(`Expected a registered name, got ${describe(name)}`);
  }
  names.delete(name);
  cell.name = undefined;
}

/** The process that has the name now. */
export function whereis(self: Process<never>, name: string): Pid | undefined {
  return findName(cellOfProcess(self), name)?.pid;
}

export function findName(cell: Cell, name: string): Cell | undefined {
  return cell.runtime.names.get(name);
}

export function assertName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`Expected a name, got ${describe(name)}`);
  }
}
