import type { AnyChildSpec } from '../../child-spec.ts';
import { describe } from '../../describe.ts';
import { type ExitReason, maxChildren, restarting } from '../../process/exit-reason.ts';
import { type Pid } from '../../process/pid.ts';
import type { Process } from '../../process/process.ts';
import { trapExit } from '../../process/signals.ts';
import * as GenServer from '../../server/gen-server.ts';
import {
  type NoReply,
  noreply,
  ok,
  type Reply,
  reply,
  type Stop,
  stop,
} from '../../server/next.ts';
import { type Ask, failed, type Outcome } from '../call.ts';
import type { ChildCounts } from '../child-info.ts';
import { Keeper, Retry } from '../child-runner.ts';
import { assertIntensity, type Intensity } from '../intensity.ts';
import { gaveUp, isEnd, isExit, isToReport, isToRestart } from '../rules.ts';
import { type DynamicChild, DynamicChildren } from './children.ts';

/** What a dynamic supervisor is to be, complete and checked. */
export interface DynamicFlags extends Intensity {
  readonly maxChildren: number;
  readonly extraArguments: readonly unknown[];
}

export interface DynamicChildInfo {
  /** Ids name nobody here: there may be many children of one. */
  readonly id: undefined;
  readonly pid: Pid | 'restarting';
  readonly type: 'worker' | 'supervisor';
}

type Next = NoReply<DynamicSupervision> | Stop<DynamicSupervision>;

/** A dynamic supervisor from the inside. */
export class DynamicSupervision {
  readonly #children = new DynamicChildren();
  readonly #flags: DynamicFlags;
  readonly #keeper: Keeper;

  constructor(self: Process<never>, flags: DynamicFlags) {
    this.#flags = flags;
    this.#keeper = new Keeper(self, flags);
  }

  get startedAt(): number {
    return this.#keeper.startedAt;
  }

  get members(): Iterable<DynamicChild> {
    return this.#children;
  }

  // Requests

  async startChild(spec: AnyChildSpec): Promise<Outcome<unknown>> {
    if (this.#children.size >= this.#flags.maxChildren) {
      return failed(maxChildren);
    }
    const launched = await this.#keeper.launch(spec, this.#flags.extraArguments);
    if (launched.type === 'done' && launched.pid !== undefined) {
      this.#children.add(spec, launched.pid, this.#keeper.now);
    }
    return launched;
  }

  async terminateChild(pid: Pid): Promise<'ok' | 'notFound'> {
    const child = this.#children.get(pid);
    if (child === undefined) {
      return 'notFound';
    }
    await this.#keeper.shutdown(child);
    this.#children.delete(child);
    return 'ok';
  }

  whichChildren(): readonly DynamicChildInfo[] {
    return Array.from(this.#children, infoOf);
  }

  countChildren(): ChildCounts {
    const { size, active, supervisors } = this.#children;
    return { specs: size, active, supervisors, workers: size - supervisors };
  }

  /** All at once: nobody here knows which of them needs which. */
  async shutdownAll(): Promise<void> {
    await Promise.all(Array.from(this.#children, (child) => this.#keeper.shutdown(child)));
  }

  // When a child ends

  /** A message that is no request. */
  handle(message: unknown): Next | Promise<Next> {
    if (isExit(message)) {
      return this.#ended(message.pid, message.reason);
    }
    if (message instanceof Retry) {
      return this.#retried(message.child as DynamicChild, message.isCounted);
    }
    this.#keeper.drop(message);
    return noreply(this);
  }

  /** A child that is not started again is forgotten. */
  #ended(pid: Pid, reason: ExitReason): Next | Promise<Next> {
    const child = this.#children.get(pid);
    // One that is to be started again is still found by the pid that it had.
    if (child === undefined || child.pid !== pid || !isEnd(pid)) {
      return noreply(this);
    }
    if (isToReport(child.spec, reason)) {
      this.#keeper.report(child, 'ended', reason);
    }
    if (isToRestart(child.spec, reason)) {
      return this.#restart(child, reason);
    }
    this.#children.delete(child);
    return noreply(this);
  }

  #restart(child: DynamicChild, reason: ExitReason): Next | Promise<Next> {
    if (!this.#keeper.count(child, reason)) {
      this.#children.delete(child);
      return stop(gaveUp, this);
    }
    if (child.spec.restartDelay === undefined) {
      return this.#relaunch(child);
    }
    this.#children.setRestarting(child);
    this.#keeper.retryLater(child, this.#keeper.now);
    return noreply(this);
  }

  async #relaunch(child: DynamicChild): Promise<Next> {
    const launched = await this.#keeper.launch(child.spec, this.#flags.extraArguments);
    if (launched.type === 'failed') {
      this.#keeper.report(child, 'failed to restart', launched.reason);
      this.#children.setRestarting(child);
      this.#keeper.retry(child);
    } else if (launched.pid === undefined) {
      this.#children.delete(child);
    } else {
      this.#children.setPid(child, launched.pid, this.#keeper.now);
    }
    return noreply(this);
  }

  #retried(child: DynamicChild, isCounted: boolean): Next | Promise<Next> {
    // Meanwhile it may have been terminated.
    if (!this.#children.has(child)) {
      return noreply(this);
    }
    return isCounted ? this.#relaunch(child) : this.#restart(child, restarting);
  }
}

type Answer<Value> = Reply<Value, DynamicSupervision>;

/** What a dynamic supervisor can be asked. */
export interface DynamicSupervisorCalls {
  readonly startChild: Ask<AnyChildSpec, Outcome<unknown>>;
  readonly terminateChild: Ask<Pid, 'ok' | 'notFound'>;
  readonly whichChildren: Ask<undefined, readonly DynamicChildInfo[]>;
  readonly countChildren: Ask<undefined, ChildCounts>;
}

/** The server that every dynamic supervisor is. */
export const dynamicSupervision: GenServer.AnyBehaviour = GenServer.define({
  init: (flags: DynamicFlags, self) => {
    trapExit(self, true);
    return ok(new DynamicSupervision(self, flags));
  },
  handleCall: {
    startChild: async (spec: AnyChildSpec, state): Promise<Answer<Outcome<unknown>>> =>
      reply(await state.startChild(spec), state),
    terminateChild: async (pid: Pid, state) => reply(await state.terminateChild(pid), state),
    whichChildren: (_, state) => reply(state.whichChildren(), state),
    countChildren: (_, state) => reply(state.countChildren(), state),
  },
  handleInfo: (message: unknown, state) => state.handle(message),
  terminate: (_reason, state) => state.shutdownAll(),
});

/** Throws a `TypeError` or `RangeError` for what no dynamic supervisor can be. */
export function assertDynamicFlags(flags: DynamicFlags): void {
  const { maxChildren: max, extraArguments } = flags;
  if (max !== Infinity && !(Number.isInteger(max) && max >= 0)) {
    throw new RangeError(
      `Expected maxChildren to be a whole number from 0 on or Infinity, got ${describe(max)}`,
    );
  }
  if (!Array.isArray(extraArguments)) {
    throw new TypeError(`Expected extraArguments to be an array, got ${describe(extraArguments)}`);
  }
  assertIntensity(flags);
}

function infoOf({ pid, spec: { type } }: DynamicChild): DynamicChildInfo {
  return { id: undefined, pid: pid as DynamicChildInfo['pid'], type };
}
