import {
  childSpec,
  type ChildSpec,
  DynamicSupervisor,
  type ExitReason,
  isAlive,
  PartitionSupervisor,
  type Pid,
  type Process,
  processes,
  sleep,
  Supervisor,
  type System,
  trapExit,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import { Verdict } from '../verdict.ts';
import { acts } from './acts.ts';
import type { Child, Family } from './family.ts';
import { type Plan, Planner, type SupervisorPlan } from './plan.ts';
import { SupervisionRules } from './rules.ts';
import type { Stage } from './stage.ts';
import { type Registrar, startWorker } from './worker.ts';

/** Steps of the driver. */
const rounds = 30;
/** Longer than all delays and shutdowns that can follow each other, in ms. */
const settling = 3000;

/**
 * One run: a tree of supervisors, and a driver that ends and kills children, and asks supervisors
 * for actions on them.
 */
export class Scene implements Registrar, Stage {
  readonly sim: Simulation;
  readonly rules: SupervisionRules;
  readonly planner: Planner;
  /** Requests without an answer so far, by their actions. */
  readonly requests: Set<string> = new Set();
  readonly failures: Map<string, ExitReason[]> = new Map();
  isOver = false;
  readonly #system: System;

  constructor(sim: Simulation, system: System) {
    this.sim = sim;
    this.#system = system;
    this.rules = new SupervisionRules(new Verdict(), system);
    this.planner = new Planner(sim);
  }

  /** The code of the driver. */
  async drive(self: Process): Promise<void> {
    trapExit(self, true);
    let top: Pid | undefined;
    for (let round = 0; round < rounds; round += 1) {
      if (top === undefined || !isAlive(top)) {
        top = await this.#plant(self);
      } else {
        this.#act(self);
      }
      await this.#pause(self);
    }
    this.failures.clear();
    await sleep(self, settling);
    await this.#settled();
    await this.#fell(self, top);
    this.isOver = true;
  }

  born(family: Family, child: Child, self: Process): void {
    this.rules.born(family, child, self);
  }

  asked(family: Family, child: Child): void {
    this.rules.asked(family, child);
  }

  failureOf({ id }: Child): ExitReason | undefined {
    return this.failures.get(id)?.shift();
  }

  ask(what: string, child: Child | undefined, answer: Promise<unknown>): void {
    const request = `${what} of ${child?.id ?? 'all'} (${this.requests.size})`;
    this.requests.add(request);
    if (child !== undefined) {
      child.requests += 1;
    }
    const answered = (value: unknown): void => {
      this.requests.delete(request);
      if (child !== undefined) {
        child.requests -= 1;
        child.isStopped ||= value === 'ok';
      }
    };
    answer.then(answered, answered);
  }

  specOf(plan: Plan, of: SupervisorPlan): ChildSpec {
    const { id, restart, shutdown, significant, restartDelay, type } = plan;
    const start = (parent: Process, partition?: number): Promise<Pid> =>
      this.#start(parent, partition === undefined ? id : `${id}-${partition}`, plan, of);
    const delay = restartDelay === undefined ? {} : { restartDelay };
    return childSpec(start as (parent: Process) => Promise<Pid>, {
      id,
      restart,
      shutdown,
      significant,
      type,
      ...delay,
    });
  }

  async #start(parent: Process, id: string, plan: Plan, of: SupervisorPlan): Promise<Pid> {
    const family = this.rules.family(parent, of);
    const child = this.rules.starts(family, id, plan);
    try {
      const pid = await (plan.type === 'worker'
        ? startWorker(parent, { registrar: this, family, child, plan })
        : this.#startSupervisor(parent, plan));
      this.rules.started(family, child, pid);
      return pid;
    } catch (error) {
      this.rules.startFailed(family, child, error);
      throw error;
    }
  }

  #startSupervisor(parent: Process, plan: SupervisorPlan): Promise<Pid> {
    const { kind, strategy, autoShutdown, maxRestarts, maxSeconds } = plan;
    const intensity = { maxRestarts, maxSeconds };
    const children = plan.children.map((child) => this.specOf(child, plan));
    const [child] = children;
    if (kind === 'dynamic' || child === undefined) {
      return DynamicSupervisor.startLink(parent, intensity);
    }
    return kind === 'partition'
      ? PartitionSupervisor.startLink(parent, { child, partitions: 2, ...intensity })
      : Supervisor.startLink(parent, { strategy, autoShutdown, children, ...intensity });
  }

  async #plant(self: Process): Promise<Pid | undefined> {
    try {
      return await this.#startSupervisor(self, this.planner.supervisor(3));
    } catch {
      return undefined;
    }
  }

  #act(self: Process): void {
    const { children } = this.rules;
    if (children.length > 0) {
      const { family, child } = this.sim.pick(children);
      const name = this.sim.pick(names);
      this.sim.note(`${name} ${child.id}`);
      acts[name]?.(this, self, family, child);
    }
  }

  async #pause(self: Process): Promise<void> {
    const ms = this.sim.pick([0, 0, 0, 1, 4, 30, 100]);
    if (ms > 0) {
      await sleep(self, ms);
    }
  }

  /** Nothing is under way any more. */
  async #settled(): Promise<void> {
    const { verdict, families } = this.rules;
    verdict.expect(this.requests.size === 0, () => `no answer: ${[...this.requests].join(', ')}`);
    for (const family of families.values()) {
      if (family.isAlive) {
        this.rules.settled(family, await infosOf(family));
      }
    }
  }

  /** The tree is shut down. */
  async #fell(self: Process, top: Pid | undefined): Promise<void> {
    if (top !== undefined && isAlive(top)) {
      await Supervisor.stop(top);
    }
    await sleep(self, 100);
    const left = processes(this.#system).length;
    this.rules.verdict.expect(left === 2, () => `${left - 2} processes are left after the stop`);
  }
}

const names = [...Object.keys(acts), 'end', 'signal', 'terminate', 'restart'];

async function infosOf({
  plan,
  self,
}: Family): Promise<readonly (Pid | 'restarting' | undefined)[]> {
  const supervisor = self.pid as never;
  const infos = await (plan.kind === 'dynamic'
    ? DynamicSupervisor.whichChildren(supervisor)
    : plan.kind === 'partition'
      ? PartitionSupervisor.whichChildren(supervisor)
      : Supervisor.whichChildren(supervisor));
  return infos.map(({ pid }) => pid);
}
