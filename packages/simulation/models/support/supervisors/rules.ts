import {
  ExitError,
  type ExitReason,
  isAbnormal,
  isAlive,
  type Pid,
  type Process,
  type System,
  whereis,
} from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import { type Child, Family, type Instance } from './family.ts';
import type { Plan, SupervisorPlan } from './plan.ts';

/** How long a process may outlive its supervisor, in ms: its `init` and its `terminate`. */
const farewell = 60;
/** By how much a timer may be late, in ms. */
const late = 10;

/**
 * The promises of supervisors, by the OTP manual. Supervisors are judged by the starts and the ends
 * of their children, as the children see them; requests are taken into account where they may be
 * the cause.
 */
export class SupervisionRules {
  readonly families: Map<Pid, Family> = new Map();
  readonly verdict: Verdict;
  readonly #system: System;
  readonly #instances: Map<Pid, Instance> = new Map();
  /** Those that have ended while children of theirs lived. */
  readonly #bereaved: Set<Family> = new Set();
  #events = 0;

  constructor(verdict: Verdict, system: System) {
    this.verdict = verdict;
    this.#system = system;
  }

  /** All children of supervisors that live. */
  get children(): readonly { readonly family: Family; readonly child: Child }[] {
    return [...this.families.values()]
      .filter((family) => family.isAlive)
      .flatMap((family) => [...family.children.values()].map((child) => ({ family, child })));
  }

  /** The family of a supervisor, when one of its children is started for the first time. */
  family(self: Process, plan: SupervisorPlan): Family {
    const known = this.families.get(self.pid);
    if (known !== undefined) {
      return known;
    }
    const family = new Family(self, plan);
    this.families.set(self.pid, family);
    self.signal.addEventListener('abort', () => {
      family.endedAt = this.#now;
      this.#bereaved.add(family);
      const instance = this.#instances.get(self.pid);
      if (instance !== undefined) {
        this.#end(instance, (self.signal.reason as ExitError).reason);
      }
    });
    return family;
  }

  /** A supervisor calls the `start` of a child. */
  starts(family: Family, id: string, plan: Plan): Child {
    this.#expect(family.isAlive, () => `${id} is started by a supervisor that has ended`);
    this.#expect(family.starting === undefined, () => {
      return `${id} is started beside ${String(family.starting?.id)}`;
    });
    const isRunning = family.children.get(id)?.isRunning === true;
    this.#expect(!isRunning, () => `${id} is started while it runs`);
    const child = this.#enlist(family, id, plan);
    if (child.attempts > 0 && child.requests === 0) {
      this.#startsAgain(family, child);
    }
    child.attempts += 1;
    this.#events += 1;
    child.startedAs = this.#events;
    child.isStopped = false;
    family.starting = child;
    return child;
  }

  /** The `start` of a child has returned. */
  started(family: Family, child: Child, pid: Pid): void {
    family.starting = undefined;
    child.failed = undefined;
    if (!this.#instances.has(pid)) {
      this.#enter(child, pid);
    }
  }

  startFailed(family: Family, child: Child, thrown: unknown): void {
    family.starting = undefined;
    this.#events += 1;
    child.failed = { at: this.#now, as: this.#events };
    if (thrown instanceof ExitError && thrown.reason.type === 'alreadyStarted') {
      const { endedAs = Infinity } = this.#instances.get(thrown.reason.pid) ?? {};
      this.#expect(endedAs > child.startedAs, () => {
        return `the name of ${child.id} is that of a process that had ended before`;
      });
    }
  }

  /** The code of a child begins to run. */
  born(family: Family, child: Child, self: Process): void {
    const instance = this.#enter(child, self.pid);
    self.signal.addEventListener('abort', () => {
      this.#ended(family, child, instance, (self.signal.reason as ExitError).reason);
    });
  }

  /** A child that traps exits begins to shut down. */
  asked(family: Family, { id, plan, last }: Child): void {
    if (last !== undefined && family.isAlive) {
      last.askedAt = this.#now;
      this.#expect(plan.shutdown !== 'brutalKill', () => `${id} is asked to shut down`);
    }
  }

  /** With nothing under way, a supervisor knows its children, and those that must run do. */
  settled(family: Family, known: readonly (Pid | 'restarting' | undefined)[]): void {
    const of = String(family.pid);
    for (const pid of known) {
      const isUp = pid === undefined || (pid !== 'restarting' && isAlive(pid));
      this.#expect(isUp, () => `${of} takes ${String(pid)} for a child that runs`);
    }
    const { lost } = family;
    this.#expect(
      lost === undefined,
      () => `${of} outlived ${String(lost?.id)}, which is significant`,
    );
    for (const { id, last, isRunning, isStopped, plan, failed } of family.children.values()) {
      if (isRunning && last !== undefined) {
        this.#expect(known.includes(last.pid), () => `${of} does not know that ${id} runs`);
      } else if (
        plan.restart === 'permanent' &&
        !isStopped &&
        failed === undefined &&
        !family.isTouched
      ) {
        this.#expect(false, () => `${id}, which is permanent, does not run`);
      }
    }
  }

  /** After each step. */
  readonly check = (): void => {
    for (const family of this.#bereaved) {
      const orphans = [...family.children.values()].filter(({ isRunning }) => isRunning);
      if (orphans.length === 0) {
        this.#bereaved.delete(family);
      } else if (this.#now - (family.endedAt ?? 0) > farewell) {
        throw new Error(`${orphans.map(({ id }) => id).join(', ')} outlived the supervisor`);
      }
    }
    this.verdict.check();
  };

  get #now(): number {
    return this.#system.clock.now();
  }

  /** The child, in its place: a temporary one that has ended is a new one. */
  #enlist(family: Family, id: string, plan: Plan): Child {
    if (plan.restart === 'temporary') {
      family.children.delete(id);
    }
    return family.child(id, plan);
  }

  /** A start without a request. */
  #startsAgain(family: Family, child: Child): void {
    if (family.isGroup) {
      this.#expectEnds(family, child);
      return;
    }
    const { id, last, failed, isStopped, plan } = child;
    this.#expect(!isStopped, () => `${id} is started, though it was terminated`);
    const reason = last?.reason;
    const isDue =
      plan.restart === 'permanent' ||
      failed !== undefined ||
      (plan.restart === 'transient' && (reason === undefined || isAbnormal(reason)));
    this.#expect(isDue, () => `${id} is restarted after ${String(reason?.type)}`);
    if (child.isDelayed) {
      this.#expectDelay(child);
    } else {
      this.#expectIntensity(family);
    }
  }

  /** The others of its group have ended before it is restarted. */
  #expectEnds(family: Family, child: Child): void {
    const running = family.after(child).find(({ isRunning }) => isRunning);
    this.#expect(running === undefined, () => {
      return `${child.id} is restarted while ${String(running?.id)} runs`;
    });
    if (family.plan.strategy === 'oneForAll') {
      const ended = Math.max(child.last?.endedAs ?? 0, child.failed?.as ?? 0);
      const spared = family.before(child).find(({ isRunning, last }) => {
        return isRunning && (last?.bornAs ?? 0) < ended;
      });
      this.#expect(spared === undefined, () => {
        return `${child.id} is restarted, and ${String(spared?.id)} is not`;
      });
    }
  }

  #expectDelay({ id, plan, last, failed }: Child): void {
    const from = Math.max(last?.endedAt ?? 0, failed?.at ?? 0);
    const least = Math.round((plan.restartDelay?.minDelay ?? 0) / 2);
    const waited = this.#now - from;
    this.#expect(waited >= least, () => `${id} is restarted after ${waited} ms, not ${least}`);
  }

  /** Restarts with a delay were counted before it: they are left out. */
  #expectIntensity(family: Family): void {
    const { restarts } = family;
    const { maxRestarts, maxSeconds } = family.plan;
    restarts.push(this.#now);
    const recent = restarts.filter((at) => at >= this.#now - maxSeconds * 1000).length;
    this.#expect(recent <= maxRestarts, () => {
      return `${recent} restarts within ${maxSeconds} s, where ${maxRestarts} are allowed`;
    });
  }

  #enter(child: Child, pid: Pid): Instance {
    this.#events += 1;
    const instance: Instance = {
      pid,
      bornAs: this.#events,
      endedAs: undefined,
      endedAt: undefined,
      reason: undefined,
      askedAt: undefined,
    };
    child.instances.push(instance);
    this.#instances.set(pid, instance);
    return instance;
  }

  #ended(family: Family, child: Child, instance: Instance, reason: ExitReason): void {
    this.#end(instance, reason);
    this.#expect(whereis(this.#system, child.id) !== instance.pid, () => {
      return `${child.id} has ended, and has its name`;
    });
    this.#expectInTime(child, instance);
    const isShutDown = reason.type === 'shutdown' && reason.detail === undefined;
    if (isShutDown && child.plan.type === 'worker' && child.requests === 0) {
      this.#expectReverseOrder(family, child);
    }
  }

  /** A child that is asked to shut down is killed when its time is over. */
  #expectInTime({ id, plan }: Child, { askedAt, endedAt }: Instance): void {
    if (askedAt !== undefined && endedAt !== undefined && typeof plan.shutdown === 'number') {
      const took = endedAt - askedAt;
      this.#expect(took <= plan.shutdown + late, () => {
        return `${id} took ${took} ms to shut down, where ${plan.shutdown} are allowed`;
      });
    }
  }

  #end(instance: Instance, reason: ExitReason): void {
    this.#events += 1;
    Object.assign(instance, { endedAs: this.#events, endedAt: this.#now, reason });
  }

  /** A supervisor shuts its children down from the last to the first. */
  #expectReverseOrder(family: Family, child: Child): void {
    if (family.isAlive && family.plan.kind !== 'dynamic') {
      const later = family.after(child).find(({ isRunning }) => isRunning);
      this.#expect(later === undefined, () => {
        return `${child.id} is shut down before ${String(later?.id)}`;
      });
    }
  }

  #expect(holds: boolean, broken: () => string): void {
    this.verdict.expect(holds, broken);
  }
}
