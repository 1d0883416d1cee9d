import { type ExitReason, isAbnormal, isAlive, type Pid, type Process } from '@reprise/actor';

import type { Plan, SupervisorPlan } from './plan.ts';

/** One process of a child. */
export interface Instance {
  readonly pid: Pid;
  /** Numbers of the events of a run, in their order. */
  readonly bornAs: number;
  endedAs: number | undefined;
  /** In ms. */
  endedAt: number | undefined;
  reason: ExitReason | undefined;
  /** When its supervisor asked it to shut down, in ms. */
  askedAt: number | undefined;
}

/** A child of one life of a supervisor, and all that has happened to it. */
export class Child {
  readonly id: string;
  readonly plan: Plan;
  readonly instances: Instance[] = [];
  /** Requests about it that have not been answered: they may start it, or end it. */
  requests = 0;
  /** It was ended by a request, and is not to be started before another one asks for it. */
  isStopped = false;
  /** When its last start failed, and the number of that event; `undefined` when it succeeded. */
  failed: { readonly at: number; readonly as: number } | undefined = undefined;
  attempts = 0;
  /** The event of its last attempt. */
  startedAs = 0;

  constructor(id: string, plan: Plan) {
    this.id = id;
    this.plan = plan;
  }

  get last(): Instance | undefined {
    return this.instances.at(-1);
  }

  get isRunning(): boolean {
    return this.last !== undefined && isAlive(this.last.pid);
  }

  /** It is significant, has ended by itself, and is not to be started again. */
  get hasEndedForGood(): boolean {
    const { plan, last, isRunning, isStopped, failed } = this;
    const reason = last?.reason;
    return (
      plan.significant &&
      !isRunning &&
      failed === undefined &&
      !isStopped &&
      reason !== undefined &&
      (plan.restart === 'temporary' || !isAbnormal(reason))
    );
  }

  get isDelayed(): boolean {
    return this.plan.restartDelay !== undefined;
  }
}

/** One life of a supervisor: its process, and its children in the order in which they start. */
export class Family {
  readonly self: Process;
  readonly plan: SupervisorPlan;
  readonly children: Map<string, Child> = new Map();
  /** The child whose start has not returned. */
  starting: Child | undefined = undefined;
  /** When it has restarted a child without a delay, in ms. */
  readonly restarts: number[] = [];
  endedAt: number | undefined = undefined;
  /**
   * A child of its group was ended by a request: if the group waited for that one to be started
   * again, the others are not started either, as in OTP.
   */
  isTouched = false;

  constructor(self: Process, plan: SupervisorPlan) {
    this.self = self;
    this.plan = plan;
  }

  get pid(): Pid {
    return this.self.pid;
  }

  get isAlive(): boolean {
    return isAlive(this.self.pid);
  }

  /** Whether children are restarted together. */
  get isGroup(): boolean {
    return this.plan.strategy !== 'oneForOne';
  }

  /** The child with this id, which is added behind all others if it is new. */
  child(id: string, plan: Plan): Child {
    const known = this.children.get(id);
    if (known !== undefined) {
      return known;
    }
    const child = new Child(id, plan);
    this.children.set(id, child);
    return child;
  }

  /** A significant child with whose end it should have ended, too. */
  get lost(): Child | undefined {
    return this.plan.autoShutdown === 'anySignificant' && !this.isGroup
      ? [...this.children.values()].find(({ hasEndedForGood }) => hasEndedForGood)
      : undefined;
  }

  /** Those that start after it. */
  after(child: Child): readonly Child[] {
    const all = [...this.children.values()];
    return all.slice(all.indexOf(child) + 1);
  }

  before(child: Child): readonly Child[] {
    const all = [...this.children.values()];
    return all.slice(0, all.indexOf(child));
  }
}
