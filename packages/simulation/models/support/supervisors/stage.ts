import type { ChildSpec, ExitReason } from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import type { Child } from './family.ts';
import type { Plan, Planner, SupervisorPlan } from './plan.ts';
import type { SupervisionRules } from './rules.ts';

/** The parts of a run that the acts of the driver use. */
export interface Stage {
  readonly sim: Simulation;
  readonly rules: SupervisionRules;
  readonly planner: Planner;
  /** How the next starts of children fail. */
  readonly failures: Map<string, ExitReason[]>;
  /** Asks something of a supervisor, and does not wait for the answer. */
  ask(what: string, child: Child | undefined, answer: Promise<unknown>): void;
  /** The spec of a child of `of`: the rules are told of its `start`, and of its result. */
  specOf(plan: Plan, of: SupervisorPlan): ChildSpec;
}
