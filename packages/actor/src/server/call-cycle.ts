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
  const waits = isOpen ? pathTo(caller, wait) : undefined;
  return waits && { waits, reason: reasonOf(caller, waits) };
}

/**
 * How many waits are looked at for one timeout, the nearest first. Of ten thousand calls, each
 * behind the next, all may time out at once: together they must not hold the thread for long.
 */
const mostWaits = 1000;

/** A wait, and the one that led to it. */
interface Step {
  readonly wait: Wait;
  readonly before: Step | undefined;
}

/** The shortest path. From a list, which grows as it is read: recursion would run out of stack. */
function pathTo(goal: Cell, first: Wait): readonly Wait[] | undefined {
  const seen = new Set<Cell>();
  const steps: Step[] = [{ wait: first, before: undefined }];
  for (const step of steps) {
    const { target } = step.wait;
    if (target === goal) {
      return waitsOf(step);
    }
    if (target !== undefined && !seen.has(target)) {
      seen.add(target);
      addSteps(steps, step, target.waits ?? []);
    }
  }
  return undefined;
}

function addSteps(steps: Step[], before: Step, waits: Iterable<Wait>): void {
  for (const wait of waits) {
    if (steps.length === mostWaits) {
      return;
    }
    steps.push({ wait, before });
  }
}

/** From the first wait to this one. */
function waitsOf(last: Step): readonly Wait[] {
  const waits: Wait[] = [];
  for (let step: Step | undefined = last; step !== undefined; step = step.before) {
    waits.push(step.wait);
  }
  return waits.toReversed();
}

function reasonOf(caller: Cell, waits: readonly Wait[]): Cycle['reason'] {
  const targets = waits.flatMap(({ target }) => target ?? []);
  return callCycle([caller, ...targets].map(nameOf));
}
