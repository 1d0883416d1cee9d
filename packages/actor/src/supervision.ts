import { assertChildSpec, type ChildSpec } from './child-spec.ts';
import { type Child, Children } from './children.ts';
import { diagnostics } from './diagnostics.ts';
import {
  alreadyPresent,
  alreadyStarted,
  badReturnValue,
  crash,
  ExitError,
  type ExitReason,
  failedToStartChild,
  formatReason,
  isAbnormal,
  notFound,
  restarting,
  running,
  shutdown,
  shutdownWith,
} from './exit.ts';
import * as GenServer from './gen-server.ts';
import { ignore, type NoReply, noreply, ok, type Reply, reply, type Stop, stop } from './next.ts';
import { describe, isPid, type Pid } from './pid.ts';
import { cellOf, cellOfProcess, type ExitMessage, nameOf, type Process } from './process.ts';
import { restartDelay } from './restart-delay.ts';
import { addRestart, type Intensity } from './restarts.ts';
import { sendAfter } from './send-after.ts';
import { shutdownChild } from './shutdown.ts';
import { send, trapExit } from './signals.ts';

/**
 * Whom the restart of a child takes along: nobody (`oneForOne`), all others (`oneForAll`), those started after it (`restForOne`). They are shut
 * down in reverse order and started again in order.
 */
export type Strategy = 'oneForOne' | 'oneForAll' | 'restForOne';

/**
 * Whether the end of a significant child, when it is not restarted, ends the supervisor: never, that of any, or that of the last one.
 * @see OTP manual, `supervisor`, "Automatic Shutdown"
 */
export type AutoShutdown = 'never' | 'anySignificant' | 'allSignificant';

/** What a supervisor is to be, complete and checked. */
export interface Flags extends Intensity {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  readonly children: readonly ChildSpec[];
}

export interface ChildInfo {
  readonly id: string;
  readonly pid: Child['pid'];
  readonly type: 'worker' | 'supervisor';
}

export interface ChildCounts {
  /** All children, running or not. */
  readonly specs: number;
  /** Those that run. */
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/** What a request about a child comes to: its value, why the start failed, or what the caller did wrong. */
export type Outcome<Value> =
  | { readonly type: 'done'; readonly value: Value }
  | { readonly type: 'failed'; readonly reason: ExitReason }
  | { readonly type: 'misuse'; readonly message: string };

/** The restart of a child is to be tried: now or after its delay, and then it has been counted already. */
class Retry {
  readonly child: Child;
  readonly isCounted: boolean;

  constructor(child: Child, isCounted: boolean) {
    this.child = child;
    this.isCounted = isCounted;
  }
}

type Next = NoReply<Supervision> | Stop<Supervision>;

/** A supervisor from the inside: its children, and the rules by which they are started, restarted and shut down. */
export class Supervision {
  readonly children: Children = new Children();
  readonly #self: Process<never>;
  readonly #flags: Flags;
  #restarts: readonly number[] = [];

  constructor(self: Process<never>, flags: Flags) {
    this.#self = self;
    this.#flags = flags;
  }

  /** Starts the first children, in order; when one fails, those before it are shut down again. The reason, if so. */
  async startAll(): Promise<ExitReason | undefined> {
    for (const spec of this.#flags.children) {
      const failure = await this.#launch(this.children.add(spec));
      if (failure.type === 'failed') {
        await this.shutdownAll();
        return shutdownWith(failedToStartChild(spec.id, failure.reason));
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
    if (child === undefined) {
      return noreply(this);
    }
    const { restart } = child.spec;
    if (isAbnormal(reason) || restart === 'permanent') {
      this.#report(child, 'ended', reason);
    }
    this.children.setPid(child, undefined);
    if (restart === 'permanent' || (restart === 'transient' && isAbnormal(reason))) {
      return this.#restart(child, reason);
    }
    if (restart === 'temporary') {
      this.children.delete(child);
    }
    return this.#isLastSignificant(child) ? stop(shutdown, this) : noreply(this);
  }

  #isLastSignificant({ spec }: Child): boolean {
    const { autoShutdown } = this.#flags;
    const isAlive = (other: Child): boolean => other.spec.significant && other.pid !== undefined;
    return (
      spec.significant &&
      (autoShutdown === 'anySignificant' ||
        (autoShutdown === 'allSignificant' && !this.children.inStartOrder.some(isAlive)))
    );
  }

  async #restart(child: Child, reason: ExitReason): Promise<Next> {
    const now = this.#self.system.clock.now();
    const restarts = addRestart(this.#restarts, now, this.#flags);
    if (restarts === undefined) {
      const { maxRestarts, maxSeconds } = this.#flags;
      this.#report(child, `restarted more than ${maxRestarts} times in ${maxSeconds} s, giving up`);
      return stop(shutdown, this);
    }
    this.#restarts = restarts;
    child.restarts += 1;
    this.#publish(child, reason);
    if (child.spec.restartDelay === undefined) {
      return this.#relaunch(child);
    }
    await this.#shutdown(this.#groupOf(child));
    this.#retryLater(child, now);
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
          this.#report(member, 'failed to restart', launched.reason);
          this.#retry(member);
          break;
        }
      }
    }
    return noreply(this);
  }

  #groupOf(child: Child): readonly Child[] {
    switch (this.#flags.strategy) {
      case 'oneForOne':
        return [child];
      case 'oneForAll':
        return this.children.inStartOrder;
      case 'restForOne':
        return this.children.from(child);
      default:
        return this.#flags.strategy satisfies never;
    }
  }

  /** Tries again by a message to itself, so that other requests have their turn in between. */
  #retry(child: Child): void {
    this.children.setPid(child, 'restarting');
    send(this.#self.pid as Pid<unknown>, new Retry(child, false));
  }

  #retryLater(child: Child, now: number): void {
    const { restartDelay: delay } = child.spec;
    if (delay !== undefined) {
      child.inARow = now - child.startedAt >= delay.resetAfter ? 0 : child.inARow;
      const ms = restartDelay(child.inARow, delay, Math.random);
      child.inARow += 1;
      this.children.setPid(child, 'restarting');
      sendAfter(this.#self.pid as Pid<unknown>, new Retry(child, true), ms);
    }
  }

  /** A message to the supervisor that is no request. */
  handle(message: unknown): Next | Promise<Next> {
    if (message instanceof Retry) {
      return this.#retried(message);
    }
    if (isExit(message)) {
      return this.ended(message.pid, message.reason);
    }
    this.#self.system.logger.warn(
      { message: describe(message) },
      `supervisor ${this.#name} does not know this message: dropped`,
    );
    return noreply(this);
  }

  #retried({ child, isCounted }: Retry): Next | Promise<Next> {
    // Meanwhile it may have been terminated, deleted, or taken along by another's restart.
    if (child.pid !== 'restarting' || this.children.get(child.spec.id) !== child) {
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
    const message = combinationProblem(spec, this.#flags.autoShutdown);
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
    const all = this.children.inStartOrder;
    const supervisors = all.filter(({ spec }) => spec.type === 'supervisor').length;
    return {
      specs: all.length,
      active: all.filter(({ pid }) => typeof pid === 'object').length,
      supervisors,
      workers: all.length - supervisors,
    };
  }

  // One child

  /** Starts the child's process. The value is what its start gave. */
  async #launch(child: Child): Promise<Exclude<Outcome<unknown>, { type: 'misuse' }>> {
    try {
      const started: unknown = await child.spec.start(this.#self);
      const pid = pidIn(started);
      if (pid === undefined && started !== undefined) {
        return failed(badReturnValue(started));
      }
      this.children.setPid(child, pid);
      child.startedAt = this.#self.system.clock.now();
      if (pid === undefined && child.spec.restart === 'temporary') {
        this.children.delete(child);
      }
      return { type: 'done', value: started };
    } catch (thrown) {
      return failed(thrown instanceof ExitError ? thrown.reason : crash(thrown));
    }
  }

  /** Shuts them down in reverse order, one when the other has ended. A temporary child is then gone for good. */
  async #shutdown(children: readonly Child[]): Promise<void> {
    for (const child of children.toReversed()) {
      const { pid, spec } = child;
      if (typeof pid === 'object') {
        const reason = await shutdownChild(cellOfProcess(this.#self), cellOf(pid), spec.shutdown);
        if (isUnexpected(spec, reason)) {
          this.#report(child, 'shut down', reason);
        }
      }
      this.children.setPid(child, undefined);
      if (spec.restart === 'temporary') {
        this.children.delete(child);
      }
    }
  }

  #publish(child: Child, reason: ExitReason): void {
    if (diagnostics.restart.hasSubscribers) {
      diagnostics.restart.publish({ supervisor: this.#self.pid, id: child.spec.id, reason });
    }
  }

  #report({ spec: { id }, pid }: Child, what: string, reason?: ExitReason): void {
    const why = reason === undefined ? '' : `: ${formatReason(reason)}`;
    this.#self.system.logger.error(
      { supervisor: this.#name, child: id, pid: String(pid) },
      `supervisor ${this.#name}: child ${id} ${what}${why}`,
    );
  }

  get #name(): string {
    return nameOf(cellOfProcess(this.#self));
  }
}

/** What a supervisor is started with: what it is to be, found out anew at each start. */
export type Init = () => unknown;

type Answer<Value> = Reply<Value, Supervision>;

interface Ask<Payload, Value> {
  readonly payload: Payload;
  readonly reply: Value;
}

/** What a supervisor can be asked. */
export interface SupervisorCalls {
  readonly startChild: Ask<ChildSpec, Outcome<unknown>>;
  readonly terminateChild: Ask<string, 'ok' | 'notFound'>;
  readonly restartChild: Ask<string, Outcome<unknown>>;
  readonly deleteChild: Ask<string, 'ok' | 'notFound' | 'running' | 'restarting'>;
  readonly getChildSpec: Ask<string, ChildSpec | undefined>;
  readonly whichChild: Ask<string, ChildInfo | undefined>;
  readonly whichChildren: Ask<undefined, readonly ChildInfo[]>;
  readonly countChildren: Ask<undefined, ChildCounts>;
}

/** The server that every supervisor is. */
export const supervision: GenServer.AnyBehaviour = GenServer.define({
  init: async (init: Init, self) => {
    const flags = await init();
    if (flags === ignore) {
      return ignore;
    }
    trapExit(self, true);
    const state = new Supervision(self, flags as Flags);
    const failure = await state.startAll();
    return failure === undefined ? ok(state) : stop(failure);
  },
  handleCall: {
    startChild: async (spec: ChildSpec, state): Promise<Answer<Outcome<unknown>>> =>
      reply(await state.startChild(spec), state),
    terminateChild: async (id: string, state) => reply(await state.terminateChild(id), state),
    restartChild: async (id: string, state): Promise<Answer<Outcome<unknown>>> =>
      reply(await state.restartChild(id), state),
    deleteChild: (id: string, state) => reply(state.deleteChild(id), state),
    getChildSpec: (id: string, state) => reply(state.children.get(id)?.spec, state),
    whichChild: (id: string, state) => reply(state.whichChild(id), state),
    whichChildren: (_, state) => reply(state.whichChildren(), state),
    countChildren: (_, state) => reply(state.countChildren(), state),
  },
  handleInfo: (message: unknown, state) => state.handle(message),
  terminate: (_reason, state) => state.shutdownAll(),
});

/** Throws a `TypeError` or `RangeError` for what no supervisor can be. */
export function assertFlags(flags: Flags): void {
  const { strategy, children, maxRestarts, maxSeconds, autoShutdown } = flags;
  assertOneOf('strategy', strategy, ['oneForOne', 'oneForAll', 'restForOne']);
  assertOneOf('autoShutdown', autoShutdown, ['never', 'anySignificant', 'allSignificant']);
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0) {
    throw new RangeError(
      `Expected maxRestarts to be a whole number from 0 on, got ${describe(maxRestarts)}`,
    );
  }
  if (!(maxSeconds > 0)) {
    throw new RangeError(`Expected maxSeconds to be above 0, got ${describe(maxSeconds)}`);
  }
  if (!Array.isArray(children)) {
    throw new TypeError(
      `Expected children to be an array of child specs, got ${describe(children)}`,
    );
  }
  assertChildren(children, autoShutdown);
}

function assertChildren(specs: readonly ChildSpec[], autoShutdown: AutoShutdown): void {
  const ids = new Set<string>();
  for (const spec of specs) {
    assertChildSpec(spec);
    const problem = combinationProblem(spec, autoShutdown);
    if (problem !== undefined) {
      throw new TypeError(problem);
    }
    if (ids.has(spec.id)) {
      throw new TypeError(`Expected children with different ids, got ${describe(spec.id)} twice`);
    }
    ids.add(spec.id);
  }
}

function combinationProblem(spec: ChildSpec, autoShutdown: AutoShutdown): string | undefined {
  if (!spec.significant) {
    return undefined;
  }
  const child = `the significant child ${describe(spec.id)}`;
  if (spec.restart === 'permanent') {
    return `Expected ${child} to be transient or temporary, got "permanent" (string)`;
  }
  return autoShutdown === 'never'
    ? `Expected autoShutdown to be "anySignificant" or "allSignificant" for ${child}, got "never" (string)`
    : undefined;
}

export function assertOneOf(what: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    const list = allowed.map((one) => `'${one}'`).join(' or ');
    throw new TypeError(`Expected ${what} to be ${list}, got ${describe(value)}`);
  }
}

export function isExit(message: unknown): message is ExitMessage {
  return (message as Partial<ExitMessage> | null | undefined)?.type === 'EXIT';
}

/** What a start gave: a pid, or a pid with something for whoever asked for the start. */
function pidIn(started: unknown): Pid | undefined {
  if (isPid(started)) {
    return started;
  }
  const { pid } = (started ?? {}) as { readonly pid?: unknown };
  return isPid(pid) ? pid : undefined;
}

function isUnexpected({ shutdown: how }: ChildSpec, reason: ExitReason): boolean {
  return isAbnormal(reason) && !(how === 'brutalKill' && reason.type === 'killed');
}

function infoOf({ spec: { id, type }, pid }: Child): ChildInfo {
  return { id, pid, type };
}

function failed(reason: ExitReason): { readonly type: 'failed'; readonly reason: ExitReason } {
  return { type: 'failed', reason };
}
