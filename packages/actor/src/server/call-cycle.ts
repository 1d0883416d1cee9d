import { type Cell, nameOf, type Wait } from '../process/cell.ts';
import { callCycle, type ExitReason } from '../process/exit-reason.ts';

/** Waits that will not end by themselves: each for a process that is in the next. */
export interface Cycle {
  readonly waits: readonly Wait[];
  readonly reason: Extract<ExitReason, { readonly type: 'callCycle' }>;
}

/**
 * The cycle that `wait` is a part of: the callback of `caller` waits for a process whose callback
 * waits … for `caller`. It is asked for when `wait` has taken too long, and not when it begins: a
 * callback that has asked another process and has not returned may be waiting for the answer, or
 * may be busy with something else and about to return.
 */
export function cycleOf(caller: Cell, wait: Wait): Cycle | undefined {
  const isOpen = caller.waits?.has(wait) ?? false;
  const waits = isOpen ? pathTo(caller, wait, new Set()) : undefined;
  return waits && { waits, reason: reasonOf(caller, waits) };
}

function pathTo(goal: Cell, wait: Wait, seen: Set<Cell>): readonly Wait[] | undefined {
  const { target } = wait;
  if (target === undefined || seen.has(target)) {
    return undefined;
  }
  if (target === goal) {
    return [wait];
  }
  seen.add(target);
  for (const next of target.waits ?? []) {
    const rest = pathTo(goal, next, seen);
    if (rest !== undefined) {
      return [wait, ...rest];
    }
  }
  return undefined;
}

function reasonOf(caller: Cell, waits: readonly Wait[]): Cycle['reason'] {
  const targets = waits.flatMap(({ target }) => target ?? []);
  return callCycle([caller, ...targets].map(nameOf));
}
