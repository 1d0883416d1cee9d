import type { AnyChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { type Cell, cellOf, cellOfProcess, isPid, nameOf } from '../process/cell.ts';
import { isReported, markReported, nameOfChild } from '../process/crash-report.ts';
import { ExitError, reasonOf } from '../process/exit-error.ts';
import { badReturnValue, errorIn, type ExitReason, isAbnormal } from '../process/exit-reason.ts';
import { loggerFor } from '../process/extras.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isInstance } from '../shown/reading.ts';
import type { Child } from './children.ts';
import { explain } from './rules.ts';
import { shutdownChild } from './shutdown.ts';
import { isUnlinked, type StartedChild, startProblem } from './start-problem.ts';

/**
 * The outcome of a child's start. `value` is the result of `start`; there is no pid when that is
 * `ignore`.
 */
export type Launched =
  | { readonly type: 'done'; readonly pid: Pid | undefined; readonly value: unknown }
  | { readonly type: 'failed'; readonly reason: ExitReason };

/** Starts and shuts down the process of one child, and reports its failures. */
export class ChildRunner {
  readonly #self: Process;
  readonly #extraArguments: readonly unknown[];

  constructor(self: Process, extraArguments: readonly unknown[]) {
    this.#self = self;
    this.#extraArguments = extraArguments;
  }

  launch(spec: AnyChildSpec): Promise<Launched> {
    return this.#cell.isAlive ? this.#launch(spec) : never();
  }

  async #launch(spec: AnyChildSpec): Promise<Launched> {
    try {
      const start = spec.start as (...args: readonly unknown[]) => unknown;
      const { lastId } = this.#cell.runtime;
      const returned = start(this.#self, ...this.#extraArguments);
      const value = await returned;
      const pid = pidIn(value);
      if (pid === undefined && value !== undefined) {
        return { type: 'failed', reason: badReturnValue(value) };
      }
      this.#assertStart(spec, { returned, cell: pid && cellOf(pid), lastId });
      return { type: 'done', pid, value };
    } catch (thrown) {
      const reason = isInstance(thrown, ExitError) ? thrown.reason : reasonOf(thrown);
      return { type: 'failed', reason };
    }
  }

  #assertStart({ id }: AnyChildSpec, started: StartedChild): void {
    const problem = startProblem(this.#cell, started);
    if (problem !== undefined) {
      throw new TypeError(`Expected the start of child ${describe(id)} to ${problem}`);
    }
    // As in OTP, such a child is accepted, and its end not noticed.
    if (isUnlinked(this.#cell, started)) {
      loggerFor(this.#cell).warn(
        { supervisor: this.name, child: id },
        `supervisor ${this.name}: child ${describe(id)} is not linked to it, and will not be restarted`,
      );
    }
  }

  /**
   * Ends the process, if there is one, as the spec says; resolves with the reason once it has
   * ended.
   */
  async shutdown(child: Child): Promise<ExitReason | undefined> {
    const { pid, spec } = child;
    if (!this.#cell.isAlive) {
      await never();
    } else if (typeof pid === 'object') {
      const reason = await shutdownChild(this.#cell, cellOf(pid), spec.shutdown);
      if (isAbnormal(reason) && !(spec.shutdown === 'brutalKill' && reason.type === 'killed')) {
        this.report(child, 'shut down', reason);
      }
      return reason;
    }
    return undefined;
  }

  /**
   * Reports an event of a child: `child "prices" (#Pid<3>) ended: killed`. The report has the
   * error, if the reason is one: it may be the only report with its stack.
   */
  report(child: Child, event: string, reason: ExitReason): void {
    this.log(child, `: ${childName(child)} ${event}: ${explain(reason)}`, errorIn(reason));
  }

  /** Reports the end of a child, unless its process has done so itself. */
  reportEnd(child: Child, reason: ExitReason): void {
    if (child.lastPid === undefined || !isReported(cellOf(child.lastPid))) {
      this.report(child, 'ended', reason);
    }
  }

  /** `text`: the rest of the report, after the name of the supervisor. */
  log({ spec: { id }, lastPid }: Child, text: string, details: object = {}): void {
    loggerFor(this.#cell).error(
      { supervisor: this.name, child: id, process: String(lastPid), ...details },
      `supervisor ${this.name}${text}`,
    );
  }

  /** The supervisor gives up; its own supervisor need not report its end. */
  gaveUp(child: Child, why: string): void {
    markReported(this.#cell);
    this.log(child, ` gave up: ${why}`);
  }

  /** The name of the supervisor in reports. */
  get name(): string {
    return nameOf(this.#cell);
  }

  get #cell(): Cell {
    return cellOfProcess(this.#self);
  }
}

/** The name of a child in a report, with the process that ran last. */
export function childName({ spec: { id }, lastPid }: Child): string {
  return nameOfChild(id, lastPid && cellOf(lastPid));
}

/** The pid in the result of a start: the result itself, or its field `pid`. */
function pidIn(started: unknown): Pid | undefined {
  if (isPid(started)) {
    return started;
  }
  const { pid } = (started ?? {}) as { readonly pid?: unknown };
  return isPid(pid) ? pid : undefined;
}

/**
 * A promise that never settles. The code of a supervisor that was killed in the middle of an
 * `await` goes on when that settles; it stops here, and starts or ends no more children. Each call
 * makes a new promise: a shared one would retain all that ever waited for it.
 */
function never(): Promise<never> {
  return new Promise(() => {});
}
