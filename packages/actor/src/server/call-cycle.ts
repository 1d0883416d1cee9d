import { type Cell, nameOf, type Wait } from '../process/cell.ts';
import { callCycle, type ExitReason } from '../process/exit-reason.ts';

/** Waits that never end by themselves: each is for the process that waits in the next one. */
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
 * How many waits a search looks at, the nearest first: 100,000, as a server may ask very many
 * others at once. Of ten thousand calls, each behind the next, all may time out at once, and
 * together they must not hold the thread for long. So searches that follow soon get only the waits
 * that the earlier ones have left of the 100,000, but each gets 100 at least.
 */
class Allowance {
  #left = 100_000;
  #usedAt = 0;

  /** As time passes, waits may be looked at again: a tenth of the thread's time, at most. */
  at(now: number): number {
    this.#left = Math.min(100_000, this.#left + 200 * (now - this.#usedAt));
    this.#usedAt = now;
    return Math.max(100, this.#left);
  }

  use(waits: number): void {
    this.#left = Math.max(0, this.#left - waits);
  }
}

const allowances = /* @__PURE__ */ new WeakMap<Cell['runtime'], Allowance>();

function allowanceOf({ runtime }: Cell): Allowance {
  const allowance = allowances.get(runtime) ?? new Allowance();
  allowances.set(runtime, allowance);
  return allowance;
}

/** A wait, and the one that led to it. */
interface Step {
  readonly wait: Wait;
  readonly before: Step | undefined;
}

/** The shortest path. From a list, which grows as it is read: recursion would run out of stack. */
function pathTo(goal: Cell, first: Wait): readonly Wait[] | undefined {
  const allowance = allowanceOf(goal);
  const most = allowance.at(goal.runtime.clock.now());
  const steps: Step[] = [{ wait: first, before: undefined }];
  const path = pathFrom(steps, goal, most);
  allowance.use(steps.length);
  return path;
}

function pathFrom(steps: Step[], goal: Cell, most: number): readonly Wait[] | undefined {
  const seen = new Set<Cell>();
  for (const step of steps) {
    const { target } = step.wait;
    if (target === goal) {
      return waitsOf(step);
    }
    if (target !== undefined && !seen.has(target)) {
      seen.add(target);
      addSteps(steps, step, most);
    }
  }
  return undefined;
}

/** The waits of the process that this step waits for. */
function addSteps(steps: Step[], before: Step, most: number): void {
  for (const wait of before.wait.target?.waits ?? []) {
    if (steps.length >= most) {
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
