import { type Backoff, restartDelay } from '../backoff.ts';
import { setBrand } from '../brand.ts';
import { describe } from '../describe.ts';
import { diagnostics } from '../host/diagnostics.ts';
import { callListener, type MaybePromise } from '../maybe-promise.ts';
import { type Cell, cellOf, cellOfProcess } from '../process/cell.ts';
import { reasonOf } from '../process/exit-error.ts';
import { isExit } from '../process/exit-message.ts';
import { type ExitReason, isAbnormal, restarting } from '../process/exit-reason.ts';
import { loggerFor } from '../process/extras.ts';
import { formatReason } from '../process/format-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { sendAfter } from '../process/send-after.ts';
import { send } from '../process/signals.ts';
import type { Witnesses } from '../process/witness.ts';
import { type NoReply, noreply, type Stop, stop } from '../server/next.ts';
import { ParentState } from '../server/parent-state.ts';
import { stateOf } from '../server/state-of.ts';
import { isInstance } from '../shown/reading.ts';
import { childName, ChildRunner, type Launched } from './child-runner.ts';
import { type Child, type ChildTable, specToKeep } from './children.ts';
import { type Intensity, Restarts } from './intensity.ts';
import type { ChildExitOptions } from './options.ts';
import { consequenceOf, explain, giveUp, type Strategy } from './rules.ts';

/** The next step of a supervisor after a message: it goes on, or it stops. */
export type NextState<State> = NoReply<State> | Stop<State>;

/**
 * A supervisor's message to itself: try to restart the child. The first attempt has been counted
 * already, before its delay.
 */
class Retry {
  readonly child: Child;
  /** Why the attempt before this one failed; `undefined` when this is the first. */
  readonly failure: ExitReason | undefined;

  constructor(child: Child, failure?: ExitReason) {
    this.child = child;
    this.failure = failure;
  }
}

/**
 * The states of supervisors from their first instant on: a server has its state when `init` is
 * over, and that of a supervisor starts the children.
 */
const states: WeakMap<Cell, SupervisorState> = /* @__PURE__ */ new WeakMap();

/** The state of a process that is a supervisor, and runs or starts. */
export function supervisorStateOf(cell: Cell): SupervisorState | undefined {
  const { isAlive } = cell;
  return stateOf(cell, SupervisorState) ?? (isAlive ? states.get(cell) : undefined);
}

/**
 * The state of a supervisor of any kind, and the life of its children: a child ends, its restart
 * type decides, the restart is counted, waits for its delay, and is tried until it succeeds. The
 * subclasses say how the kinds differ.
 */
export abstract class SupervisorState extends ParentState {
  static {
    setBrand(this, 'supervisor');
  }

  abstract readonly children: ChildTable;
  /** When the supervisor was started, on the system's clock. */
  readonly startedAt: number;
  protected readonly runner: ChildRunner;
  readonly #self: Process;
  readonly #flags: Intensity & ChildExitOptions;
  readonly #restarts = new Restarts();

  /** `extraArguments`: the arguments of the start of every child, after the parent. */
  constructor(
    self: Process,
    flags: Intensity & ChildExitOptions,
    extraArguments: readonly unknown[] = [],
  ) {
    super();
    this.#self = self;
    this.#flags = flags;
    this.runner = new ChildRunner(self, extraArguments);
    states.set(cellOfProcess(self), this);
    this.startedAt = this.#now;
  }

  /** The children that are restarted together when `child` ends, in start order. */
  protected abstract restartGroupOf(child: Child): readonly Child[];

  /** A child runs, for the first time or again. */
  protected started(_child: Child, _pid: Pid): void {}

  /** The next step after the end of a child that is not restarted, and is released. */
  protected abstract endedForGood(child: Child): NextState<this>;

  abstract shutdownAll(): Promise<void>;

  /** Which children are restarted together. */
  abstract get strategy(): Strategy;

  get intensity(): Intensity {
    return this.#flags;
  }

  /** How many restarts count now. */
  get countingRestarts(): number {
    return this.#restarts.countAt(this.#now, this.#flags);
  }

  override idOfChild(pid: Pid): string | undefined {
    return this.children.runningAs(pid)?.spec.id;
  }

  /** Takes a message that is no request. */
  handle(message: unknown): MaybePromise<NextState<this>> {
    if (isExit(message)) {
      return this.#ended(message.pid);
    }
    if (isInstance(message, Retry)) {
      return this.#retry(message);
    }
    loggerFor(cellOfProcess(this.#self)).warn(
      { message: describe(message) },
      `supervisor ${this.runner.name} does not know this message: dropped`,
    );
    return noreply(this);
  }

  #ended(pid: Pid): MaybePromise<NextState<this>> {
    const child = this.children.runningAs(pid);
    // The reason of the process, and not that of the message. A child can send an EXIT as a signal
    // and live on: it must not run twice. Or it ends for another reason before the message is
    // handled.
    const reason = child && cellOf(pid).reason;
    if (child === undefined || reason === undefined) {
      return noreply(this);
    }
    const consequence = consequenceOf(child.spec, reason);
    if (consequence !== 'none') {
      this.runner.reportEnd(child, reason);
    }
    this.children.setPid(child, undefined);
    if (consequence === 'restart') {
      this.#ends(child, reason);
      return this.#restart(child, reason);
    }
    this.#notify(child, reason);
    this.release(child);
    if (this.children.has(child)) {
      this.#ends(child, reason);
    }
    return this.endedForGood(child);
  }

  /** Tells the owner that a child has ended for good. */
  #notify({ spec: { id }, lastPid }: Child, reason: ExitReason): void {
    const { name } = this.runner;
    callListener(
      () => this.#flags.onChildExit?.({ id, pid: lastPid as Pid, reason }),
      (err) => {
        loggerFor(cellOfProcess(this.#self)).error(
          { err, supervisor: name, child: id },
          `supervisor ${name}: onChildExit failed for child ${id}: ${formatReason(reasonOf(err))}`,
        );
      },
    );
  }

  // Restarts

  /** `failure`: why the attempt before this one failed, if there was one. */
  async #restart(
    child: Child,
    reason: ExitReason,
    failure: ExitReason = reason,
  ): Promise<NextState<this>> {
    const endedAt = this.#now;
    if (!this.#count(child, reason)) {
      const why = this.#failuresOf(child, failure);
      this.runner.gaveUp(child, why);
      this.#witnesses?.tell('gaveUp', this.#self.pid, child.spec.id, child.lastPid, why);
      this.#notify(child, failure);
      const text = `supervisor ${this.runner.name} gave up: ${why}`;
      return stop(giveUp(text, failure), this);
    }
    const { id, restartDelay: backoff } = child.spec;
    this.#witnesses?.tell('childRestarts', this.#self.pid, id, child.lastPid, failure);
    if (backoff === undefined) {
      return this.#relaunch(child);
    }
    await this.#shutdownSiblings(child);
    this.#retryAfter(this.#nextDelay(child, backoff, endedAt), child);
    return noreply(this);
  }

  /** The failures for which it gives up, and the reason of the last. */
  #failuresOf(child: Child, failure: ExitReason): string {
    const count = this.#restarts.length;
    const times = `failed ${count === 1 ? 'once' : `${count} times in ${this.#flags.maxSeconds} s`}`;
    const name = childName(child);
    const who = this.#restarts.areOf(child)
      ? `${name} ${times}`
      : `children ${times}, at last ${name}`;
    return `${who}: ${explain(failure)}`;
  }

  /** Counts a restart of the child. False when it is one too many. */
  #count(child: Child, reason: ExitReason): boolean {
    if (!this.#restarts.add(this.#now, this.#flags, child)) {
      return false;
    }
    child.restarts += 1;
    if (diagnostics.restart.hasSubscribers) {
      diagnostics.restart.publish({ supervisor: this.#self.pid, id: child.spec.id, reason });
    }
    return true;
  }

  /** The pause before the next restart; it starts over after a run that was long enough. */
  #nextDelay(child: Child, backoff: Backoff, endedAt: number): number {
    if (endedAt - child.startedAt >= backoff.healthyAfter) {
      child.consecutiveRestarts = 0;
    }
    child.startedAt = Infinity;
    const ms = restartDelay(child.consecutiveRestarts, backoff, this.#self.system.random);
    child.consecutiveRestarts += 1;
    return ms;
  }

  /** Starts the child again, together with the others of its group. */
  async #relaunch(child: Child): Promise<NextState<this>> {
    const group = this.restartGroupOf(child);
    await this.#shutdownSiblings(child);
    for (const member of group) {
      // The shutdown has released temporary children.
      if (this.children.has(member)) {
        const launched = await this.launch(member);
        if (launched.type === 'failed') {
          this.runner.report(member, 'failed to restart', launched.reason);
          this.#retryGroup(child, member, launched.reason);
          break;
        }
      }
    }
    return noreply(this);
  }

  /** Shuts down the others of the restart group of a child that has ended. */
  async #shutdownSiblings(child: Child): Promise<void> {
    this.children.setPid(child, 'restarting');
    await this.shutdown(this.restartGroupOf(child).filter((member) => member !== child));
  }

  /**
   * Retries the group because `member` did not start. Only `member` is `'restarting'` then: if it
   * is terminated, its retry is stale, and no other would start the child that ended.
   */
  #retryGroup(child: Child, member: Child, failure: ExitReason): void {
    if (child.pid === 'restarting') {
      this.children.setPid(child, undefined);
    }
    this.#retrySoon(member, failure);
  }

  /** By a message, to let requests that wait have their turn between two attempts. */
  #retrySoon(child: Child, failure: ExitReason): void {
    const retry = new Retry(child, failure);
    this.children.setPid(child, 'restarting');
    child.retry = retry;
    send(this.#self.pid as Pid<unknown>, retry);
  }

  #retryAfter(ms: number, child: Child): void {
    const retry = new Retry(child);
    child.retry = retry;
    child.wait = { delay: ms, until: this.#now + ms };
    this.#witnesses?.tell('childWaits', this.#self.pid, child.spec.id, child.lastPid, ms);
    sendAfter(this.#self.pid as Pid<unknown>, retry, ms);
  }

  #retry(retry: Retry): MaybePromise<NextState<this>> {
    const { child, failure } = retry;
    // Stale when the child was terminated meanwhile, or restarted with its group.
    if (child.pid !== 'restarting' || child.retry !== retry) {
      return noreply(this);
    }
    return failure === undefined
      ? this.#relaunch(child)
      : this.#restart(child, restarting, failure);
  }

  // The processes of children

  protected async launch(child: Child): Promise<Launched> {
    const { lastPid } = child;
    child.wait = undefined;
    const { id } = child.spec;
    this.#witnesses?.tell('childStarting', this.#self.pid, id, lastPid);
    const launched = await this.runner.launch(child.spec);
    if (launched.type === 'failed') {
      this.#ends(child, launched.reason);
      this.#witnesses?.tell('childFailed', this.#self.pid, id, lastPid, launched.reason);
    } else {
      this.children.setPid(child, launched.pid);
      child.startedAt = this.#now;
      child.spec = specToKeep(child.spec);
      if (launched.pid === undefined) {
        this.release(child);
      } else {
        this.#witnesses?.tell('childStarted', this.#self.pid, id, launched.pid, lastPid);
        this.started(child, launched.pid);
      }
    }
    return launched;
  }

  /** Shuts children down in reverse order, each after the one before it has ended. */
  protected async shutdown(children: readonly Child[]): Promise<void> {
    for (const child of children.toReversed()) {
      const { pid } = child;
      const reason = await this.runner.shutdown(child);
      this.children.setPid(child, undefined);
      child.wait = undefined;
      if (reason !== undefined && typeof pid === 'object') {
        this.#ends(child, reason);
        this.#witnesses?.tell('childShutDown', this.#self.pid, child.spec.id, pid, reason);
      }
      this.release(child);
    }
  }

  /** Forgets a child that does not run and is not to be restarted, unless its spec is kept. */
  protected release(child: Child): void {
    this.children.release(child);
    if (!this.children.has(child)) {
      this.removed(child);
    }
  }

  /** Called when a child has been removed. */
  protected removed({ spec: { id }, lastPid }: Child): void {
    this.#witnesses?.tell('childRemoved', this.#self.pid, id, lastPid);
  }

  #ends(child: Child, reason: ExitReason): void {
    child.lastEnd = { at: this.#now, reason: explain(reason), isAbnormal: isAbnormal(reason) };
  }

  /** None once it has ended: its code may go on for a while, and what it does is of no effect. */
  get #witnesses(): Witnesses | undefined {
    const { isAlive, runtime } = cellOfProcess(this.#self);
    return isAlive ? runtime.witnesses : undefined;
  }

  get #now(): number {
    return this.#self.system.clock.now();
  }
}
