import { type Cell, nameOf } from '../process/cell.ts';
import { callCycle, type ExitReason } from '../process/exit-reason.ts';

/**
 * The reason to refuse a call from `caller` to `server`, if it could never be answered: `server`'s
 * callback waits for a server that waits … for `caller`. A callback that has made a call and has
 * not returned yet is taken to wait for the answer.
 */
export function callCycleOf(caller: Cell, server: Cell): ExitReason | undefined {
  const path = pathTo(caller, server, new Set());
  return path && callCycle([caller, ...path].map(nameOf));
}

function pathTo(goal: Cell, from: Cell, seen: Set<Cell>): readonly Cell[] | undefined {
  if (from === goal) {
    return [from];
  }
  if (from.status !== 'waiting' || seen.has(from)) {
    return undefined;
  }
  seen.add(from);
  for (const { server } of from.openCalls ?? []) {
    const rest = pathTo(goal, server, seen);
    if (rest !== undefined) {
      return [from, ...rest];
    }
  }
  return undefined;
}
