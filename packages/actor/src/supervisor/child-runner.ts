import { restartDelay } from '../backoff.ts';
import type { AnyChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { diagnostics } from '../host/diagnostics.ts';
import { type Cell, cellOf, cellOfProcess, isPid, nameOf } from '../process/cell.ts';
import { ExitError, reasonOf } from '../process/exit-error.ts';
import { badReturnValue, type ExitReason, isAbnormal } from '../process/exit-reason.ts';
import { formatReason } from '../process/format-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { sendAfter } from '../process/send-after.ts';
import { send } from '../process/signals.ts';
import type { Child } from './children.ts';
import { type Intensity, Restarts } from './intensity.ts';
import { shutdownChild } from './shutdown.ts';

/**
 * What the start of a child came to: `value` is what it gave, with a pid unless it was `ignore`.
 */
export type Launched =
  | { readonly type: 'done'; readonly pid: Pid | undefined; readonly value: unknown }
  | { readonly type: 'failed'; readonly reason: ExitReason };

/**
 * The restart of a child is to be tried: now or after its delay, and then it has been counted
 * already.
 */
export class Retry {
  readonly child: Child;
  readonly isCounted: boolean;

  constructor(child: Child, isCounted: boolean) {
    this.child = child;
    this.isCounted = isCounted;
  }
}

/**
 * What supervisors of every kind do for one child: start it, count and delay its restarts, shut it
 * down, and tell of what goes wrong.
 */
export class Keeper {
  readonly #self: Process<never>;
  readonly #intensity: Intensity;
  readonly #restarts = new Restarts();
  /** When the supervisor was started, on the system's clock. */
  readonly startedAt: number;

  constructor(self: Process<never>, intensity: Intensity) {
    this.#self = self;
    this.#intensity = intensity;
    this.startedAt = this.now;
  }

  /**
   * Starts the child. A supervisor that was killed while it waited starts nobody any more: its code
   * does not go on.
   */
  launch(spec: AnyChildSpec, extra: readonly unknown[] = []): Promise<Launched> {
    return this.#cell.isAlive ? this.#launch(spec, extra) : never();
  }

  async #launch(spec: AnyChildSpec, extra: readonly unknown[]): Promise<Launched> {
    try {
      const start = spec.start as (...args: readonly unknown[]) => unknown;
      const value: unknown = await start(this.#self, ...extra);
      const pid = pidIn(value);
      if (pid === undefined && value !== undefined) {
        return { type: 'failed', reason: badReturnValue(value) };
      }
      return { type: 'done', pid, value };
    } catch (thrown) {
      return {
        type: 'failed',
        reason: thrown instanceof ExitError ? thrown.reason : reasonOf(thrown),
      };
    }
  }

  /** Counts a restart of the child. False, and reported, when it is one too many. */
  count(child: Child, reason: ExitReason): boolean {
    if (!this.#restarts.add(this.now, this.#intensity)) {
      const { maxRestarts, maxSeconds } = this.#intensity;
      this.report(child, `restarted more than ${maxRestarts} times in ${maxSeconds} s, giving up`);
      return false;
    }
    child.restarts += 1;
    if (diagnostics.restart.hasSubscribers) {
      diagnostics.restart.publish({ supervisor: this.#self.pid, id: child.spec.id, reason });
    }
    return true;
  }

  /** Tries again by a message to itself, so that other requests have their turn in between. */
  retry(child: Child): void {
    child.retry = new Retry(child, false);
    send(this.#self.pid as Pid<unknown>, child.retry);
  }

  /**
   * Tries when the delay is over that the spec asks for, which begins anew if the child has lived
   * long enough.
   */
  retryLater(child: Child, endedAt: number): void {
    const { restartDelay: delay } = child.spec;
    if (delay !== undefined) {
      child.inARow = endedAt - child.startedAt >= delay.healthyAfter ? 0 : child.inARow;
      child.startedAt = Infinity;
      const ms = restartDelay(child.inARow, delay, Math.random);
      child.inARow += 1;
      child.retry = new Retry(child, true);
      sendAfter(this.#self.pid as Pid<unknown>, child.retry, ms);
    }
  }

  /**
   * Ends its process, if it has one, as its spec says; resolves once that has ended. A supervisor
   * that was killed while it waited ends nobody any more.
   */
  async shutdown(child: Child): Promise<void> {
    const { pid, spec } = child;
    if (!this.#cell.isAlive) {
      await never();
    } else if (typeof pid === 'object') {
      const reason = await shutdownChild(this.#cell, cellOf(pid), spec.shutdown);
      if (isAbnormal(reason) && !(spec.shutdown === 'brutalKill' && reason.type === 'killed')) {
        this.report(child, 'shut down', reason);
      }
    }
  }

  /** A message came that no supervisor knows. */
  drop(message: unknown): void {
    this.#self.system.logger.warn(
      { message: describe(message) },
      `supervisor ${this.name} does not know this message: dropped`,
    );
  }

  report({ spec: { id }, pid }: Child, what: string, reason?: ExitReason): void {
    const why = reason === undefined ? '' : `: ${formatReason(reason)}`;
    this.#self.system.logger.error(
      { supervisor: this.name, child: id, process: String(pid) },
      `supervisor ${this.name}: child ${id} ${what}${why}`,
    );
  }

  get now(): number {
    return this.#self.system.clock.now();
  }

  get #cell(): Cell {
    return cellOfProcess(this.#self);
  }

  get name(): string {
    return nameOf(this.#cell);
  }
}

/** What a start gave: a pid, or a pid with something for whoever asked for the start. */
function pidIn(started: unknown): Pid | undefined {
  if (isPid(started)) {
    return started;
  }
  const { pid } = (started ?? {}) as { readonly pid?: unknown };
  return isPid(pid) ? pid : undefined;
}

/**
 * What the code of a process waits for that has ended. A new one each time: one that all waited for
 * would keep them all.
 */
function never(): Promise<never> {
  return new Promise(() => {});
}
