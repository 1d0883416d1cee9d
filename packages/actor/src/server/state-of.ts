import type { Cell } from '../process/cell.ts';
import { ServerProcess } from './server-process.ts';

/** The state of a process that is a server and whose state is of this class. */
export function stateOf<State extends object>(
  cell: Cell | undefined,
  type: abstract new (...args: never) => State,
): State | undefined {
  const state = cell instanceof ServerProcess ? cell.state : undefined;
  return state instanceof type ? state : undefined;
}
