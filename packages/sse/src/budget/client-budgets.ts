import type { ExitError, Pid, Process, System } from '@reprise/actor';

import { limitsOf } from './limits.ts';
import { RequestBudget } from './request-budget.ts';

/**
 * Which client it is, over its restarts: a process that ends leaves its budget to the next one with
 * the same key. Several processes with one key at the same time have a budget each.
 */
export interface BudgetOwner {
  readonly key: string | object;
  /**
   * Whether it is restarted after a normal end too. Otherwise that is the end of its work, and the
   * next process with this key does other work.
   */
  readonly isPermanent: boolean;
}

/** The budget for the requests of a process that starts. */
export function openBudget({ pid, system }: Process, { key }: BudgetOwner): RequestBudget {
  const left = leftIn(system);
  const budget = left.take(key) ?? new RequestBudget(system.clock, limitsOf(system).client);
  budgets.set(pid, budget);
  return budget;
}

/** The budget of a process that has one. */
export function budgetOf({ pid }: Process): RequestBudget | undefined {
  return budgets.get(pid);
}

/** The process has ended. */
export function leaveBudget({ pid, system, signal }: Process, owner: BudgetOwner): void {
  const budget = budgets.get(pid);
  const isDone = (signal.reason as ExitError).reason.type === 'normal';
  if (budget !== undefined && !budget.isFull && (owner.isPermanent || !isDone)) {
    leftIn(system).add(owner.key, budget);
  }
}

const budgets = new WeakMap<Pid, RequestBudget>();
const leftBudgets = new WeakMap<System, LeftBudgets>();

function leftIn(system: System): LeftBudgets {
  const found = leftBudgets.get(system) ?? new LeftBudgets();
  leftBudgets.set(system, found);
  return found;
}

/**
 * The budgets of processes that have ended, until they are full again. A timer that removed those
 * would keep the program alive. Instead, all are looked at when they have doubled in number.
 */
class LeftBudgets {
  readonly #byKey: Map<string | object, RequestBudget[]> = new Map();
  #size = 0;
  #sweepAt = minSweep;

  /** The one that was added last: a restart follows soon after its end. */
  take(key: string | object): RequestBudget | undefined {
    const budgets = this.#byKey.get(key);
    if (budgets === undefined) {
      return undefined;
    }
    this.#size -= 1;
    if (budgets.length === 1) {
      this.#byKey.delete(key);
    }
    return budgets.pop();
  }

  add(key: string | object, budget: RequestBudget): void {
    const budgets = this.#byKey.get(key);
    if (budgets === undefined) {
      this.#byKey.set(key, [budget]);
    } else {
      budgets.push(budget);
    }
    this.#size += 1;
    if (this.#size >= this.#sweepAt) {
      this.#sweep();
    }
  }

  #sweep(): void {
    this.#size = 0;
    for (const [key, budgets] of this.#byKey) {
      const kept = budgets.filter(({ isFull }) => !isFull);
      this.#size += kept.length;
      if (kept.length === 0) {
        this.#byKey.delete(key);
      } else {
        this.#byKey.set(key, kept);
      }
    }
    this.#sweepAt = Math.max(minSweep, 2 * this.#size);
  }
}

const minSweep = 64;
