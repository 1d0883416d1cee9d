import type { ChildSpec } from '../child-spec.ts';
import {
  alreadyPresent,
  alreadyStarted,
  type ExitReason,
  failedToStartChild,
  notFound,
  restarting,
  running,
  shutdown,
  shutdownWith,
} from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { type NoReply, noreply, type Stop, stop } from '../server/next.ts';
import { failed, type Outcome } from './call.ts';
import { type ChildCounts, type ChildInfo, countsOf, infoOf } from './child-info.ts';
import { Keeper, type Launched, Retry } from './child-runner.ts';
import { type Child, Children, kept } from './children.ts';
import { combinationProblem, type Rules } from './flags.ts';
import { gaveUp, isEnd, isExit, isToReport, isToRestart } from './rules.ts';
import { takenAlong } from './rules.ts';

type Next = NoReply<Supervision> | Stop<Supervision>;

/**
 * A supervisor from the inside: its children, and the rules by which they are started, restarted
 * and shut down.
 */
export class Supervision {
  readonly children: Children = new Children();
  readonly #rules: Rules;
  readonly #keeper: Keeper;

  constructor(self: Process<never>, rules: Rules) {
    this.#rules = rules;
    this.#keeper = new Keeper(self, rules);
  }

  get startedAt(): number {
    return this.#keeper.startedAt;
  }

  get members(): Iterable<Child> {
    return this.children.inStartOrder;
  }

  /**
   * Starts the first children, in order; when one fails, those before it are shut down again. The
   * reason, if so.
   */
  async startAll(specs: readonly ChildSpec[]): Promise<ExitReason | undefined> {
    for (const spec of specs) {
      const launched = await this.#launch(this.children.add(spec));
      if (launched.type === 'failed') {
        await this.shutdownAll();
        return shutdownWith(failedToStartChild(spec.id, launched.reason));
      }
    }
    return undefined;
  }

  async shutdownAll(): Promise<void> {
    await this.#shutdown(this.children.inStartOrder);
  }

  // When a child ends

  /** The restart rules of OTP, one row each. */
  ended(pid: Pid, reason: ExitReason): Next | Promise<Next> {
    const child = this.children.of(pid);
    if (child === undefined || !isEnd(pid)) {
      return noreply(this);
    }
    if (isToReport(child.spec, reason)) {
      this.#keeper.report(child, 'ended', reason);
    }
    this.children.setPid(child, undefined);
    if (isToRestart(child.spec, reason)) {
      return this.#restart(child, reason);
    }
    if (child.spec.restart === 'temporary') {
      this.children.delete(child);
    }
    return this.#isLastSignificant(child) ? stop(shutdown, this) : noreply(this);
  }

  #isLastSignificant({ spec }: Child): boolean {
    const { autoShutdown } = this.#rules;
    const isAlive = (other: Child): boolean => other.spec.significant && other.pid !== undefined;
    return (
      spec.significant &&
      (autoShutdown === 'anySignificant' ||
        (autoShutdown === 'allSignificant' && !this.children.inStartOrder.some(isAlive)))
    );
  }

  async #restart(child: Child, reason: ExitReason): Promise<Next> {
    const endedAt = this.#keeper.now;
    if (!this.#keeper.count(child, reason)) {
      return stop(gaveUp, this);
    }
    if (child.spec.restartDelay === undefined) {
      return this.#relaunch(child);
    }
    await this.#shutdown(this.#groupOf(child));
    this.children.setPid(child, 'restarting');
    this.#keeper.retryLater(child, endedAt);
    return noreply(this);
  }

  /** Starts the child again, and with it those that its strategy takes along. */
  async #relaunch(child: Child): Promise<Next> {
    const group = this.#groupOf(child);
    await this.#shutdown(group);
    for (const member of group) {
      if (this.children.get(member.spec.id) === member) {
        const launched = await this.#launch(member);
        if (launched.type === 'failed') {
          this.#keeper.report(member, 'failed to restart', launched.reason);
          this.children.setPid(member, 'restarting');
          this.#keeper.retry(member);
          break;
        }
      }
    }
    return noreply(this);
  }

  #groupOf(child: Child): readonly Child[] {
    return takenAlong(this.#rules.strategy, child, this.children);
  }

  /** A message to the supervisor that is no request. */
  handle(message: unknown): Next | Promise<Next> {
    if (message instanceof Retry) {
      return this.#retried(message);
    }
    if (isExit(message)) {
      return this.ended(message.pid, message.reason);
    }
    this.#keeper.drop(message);
    return noreply(this);
  }

  #retried(retry: Retry): Next | Promise<Next> {
    const { child, isCounted } = retry;
    // Meanwhile it may have been terminated, or taken along by another's restart, and wait for a
    // retry of later.
    if (child.pid !== 'restarting' || child.retry !== retry) {
      return noreply(this);
    }
    return isCounted ? this.#relaunch(child) : this.#restart(child, restarting);
  }

  // Requests

  async startChild(spec: ChildSpec): Promise<Outcome<unknown>> {
    const present = this.children.get(spec.id);
    if (present !== undefined) {
      const { pid } = present;
      return failed(typeof pid === 'object' ? alreadyStarted(pid) : alreadyPresent);
    }
    const message = combinationProblem(spec, this.#rules.autoShutdown);
    if (message !== undefined) {
      return { type: 'misuse', message };
    }
    const child = this.children.add(spec);
    const launched = await this.#launch(child);
    if (launched.type === 'failed') {
      this.children.delete(child);
      return failed(failedToStartChild(spec.id, launched.reason));
    }
    return launched;
  }

  async terminateChild(id: string): Promise<'ok' | 'notFound'> {
    const child = this.children.get(id);
    if (child === undefined) {
      return 'notFound';
    }
    await this.#shutdown([child]);
    return 'ok';
  }

  restartChild(id: string): Outcome<unknown> | Promise<Outcome<unknown>> {
    const child = this.children.get(id);
    if (child === undefined) {
      return failed(notFound);
    }
    if (child.pid !== undefined) {
      return failed(child.pid === 'restarting' ? restarting : running);
    }
    return this.#launch(child);
  }

  deleteChild(id: string): 'ok' | 'notFound' | 'running' | 'restarting' {
    const child = this.children.get(id);
    if (child === undefined) {
      return 'notFound';
    }
    if (child.pid !== undefined) {
      return child.pid === 'restarting' ? 'restarting' : 'running';
    }
    this.children.delete(child);
    return 'ok';
  }

  whichChildren(): readonly ChildInfo[] {
    return this.children.inStartOrder.toReversed().map(infoOf);
  }

  whichChild(id: string): ChildInfo | undefined {
    const child = this.children.get(id);
    return child && infoOf(child);
  }

  countChildren(): ChildCounts {
    return countsOf(this.children.inStartOrder);
  }

  // One child

  /** Starts the child's process. The value is what its start gave. */
  async #launch(child: Child): Promise<Launched> {
    const launched = await this.#keeper.launch(child.spec);
    if (launched.type === 'done') {
      const { pid } = launched;
      this.children.setPid(child, pid);
      child.startedAt = this.#keeper.now;
      child.spec = kept(child.spec);
      if (pid === undefined && child.spec.restart === 'temporary') {
        this.children.delete(child);
      }
    }
    return launched;
  }

  /**
   * Shuts them down in reverse order, one when the other has ended. A temporary child is then gone
   * for good.
   */
  async #shutdown(children: readonly Child[]): Promise<void> {
    for (const child of children.toReversed()) {
      await this.#keeper.shutdown(child);
      this.children.setPid(child, undefined);
      if (child.spec.restart === 'temporary') {
        this.children.delete(child);
      }
    }
  }
}
