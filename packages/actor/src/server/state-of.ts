import { type ClassOf, isA } from '../brand.ts';
import type { Cell } from '../process/cell.ts';
import { ServerProcess } from './server-process.ts';

/** The state of a process that is a server and whose state is of this class. */
export function stateOf<State>(cell: Cell | undefined, type: ClassOf<State>): State | undefined {
  const state = isA(cell, ServerProcess) ? cell.state : undefined;
  return isA(state, type) ? state : undefined;
}
