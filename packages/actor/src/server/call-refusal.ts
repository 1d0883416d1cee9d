import { type Cell, nameOf } from '../process/cell.ts';
import { callCycle, callingSelf, type ExitReason, noproc } from '../process/exit-reason.ts';

/** The reason to refuse a request at once: the server cannot answer it. */
export function refusalOf(
  server: Cell | undefined,
  caller: Cell | undefined,
): ExitReason | undefined {
  if (server === undefined || !server.isAlive) {
    return noproc;
  }
  return caller === server ? callingSelf : undefined;
}

/** `refusalOf`, for a call: also refused when the server waits for the caller. */
export function callRefusalOf(
  server: Cell | undefined,
  caller: Cell | undefined,
): ExitReason | undefined {
  return refusalOf(server, caller) ?? (server && caller && callCycleOf(caller, server));
}

/**
 * The reason to refuse a call that could never be answered: the callback of `server` waits for a
 * server that waits … for `caller`. A callback that has made a call and has not returned counts as
 * waiting for the reply.
 */
function callCycleOf(caller: Cell, server: Cell): ExitReason | undefined {
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
