import { describe } from '../describe.ts';
import * as host from '../host.ts';
import { CallbackTimer } from '../host/timers.ts';
import { type Cell, cellOf, cellOfProcess, nameOf } from '../process/cell.ts';
import { ExitError, reasonOf } from '../process/exit-error.ts';
import { type ExitReason, isAbnormal, kill, killed, shutdown } from '../process/exit-reason.ts';
import { formatReason } from '../process/format-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { System } from '../process/process.ts';
import { listed } from '../shown/clip.ts';
import { isInstance } from '../shown/reading.ts';
import { causeOf, explain, isGiveUp } from '../supervisor/rules.ts';
import { type Tree, treeOf } from '../supervisor/tree.ts';
import type { StopSystem } from './master.ts';

/** The state of a service. */
export interface Health {
  /**
   * `starting` until the whole tree is up; `stopped` once all of it has ended, just before the
   * program ends.
   */
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped';
  /** The tree as it is now; `undefined` unless the top process is a supervisor that is up. */
  readonly tree: Tree | undefined;
}

/** A tree that runs as a program: see `run`. */
export interface Service {
  readonly system: System;
  /**
   * Resolves with the top process once the tree is up. Rejects with an `ExitError` when the start
   * fails, after which the program ends, or when the service is stopped before.
   */
  readonly whenReady: Promise<Pid>;
  health(): Health;
  /** Stops the tree as SIGTERM does: in order, within the deadline. Then the program ends. */
  stop(): void;
}

/** Decides the exit status of a program: see `RunOptions`. */
export type ExitStatus = (reason: ExitReason, status: 0 | 1, cause: ExitReason) => number;

export interface ServiceLimits {
  /** How long the tree may take to stop, in ms. */
  readonly deadline: number;
  readonly exitStatus: ExitStatus;
}

/**
 * How long the program may stay alive once the tree has ended, for example by a socket that is
 * still open, in ms.
 */
const exitTimeout = 1000;

/** The exit status that a shell reports for a signal: 128 plus its number. */
const statuses = { SIGINT: 130, SIGTERM: 143 } as const;

/** A system that lives as long as the program: it takes the signals, and sets the exit status. */
export class SystemService implements Service {
  readonly system: System;
  readonly whenReady: Promise<Pid>;
  readonly #root: Cell;
  readonly #process: host.HostProcess;
  readonly #deadline: number;
  readonly #exitStatus: ExitStatus;
  readonly #deadlineTimer: CallbackTimer = new CallbackTimer(() => {
    this.#killAll();
  });
  readonly #release: () => void = host.keepAlive();
  #state: Health['state'] = 'starting';
  #top: Pid | undefined = undefined;
  #isSignalled = false;
  /** The first failure, if there was one. */
  #failure: ExitReason | undefined = undefined;
  #status = 1;

  constructor(
    process: host.HostProcess,
    system: System,
    { deadline, exitStatus }: ServiceLimits,
    start: (stopSystem: StopSystem) => Promise<Pid>,
  ) {
    this.system = system;
    this.#root = cellOfProcess(system);
    this.#process = process;
    this.#deadline = deadline;
    this.#exitStatus = exitStatus;
    this.#listen();
    this.whenReady = this.#start(start);
    // A failed start is reported: callers that do not wait for it need not catch it.
    this.whenReady.catch(() => undefined);
  }

  health(): Health {
    const tree = this.#top && treeOf(cellOf(this.#top));
    return { state: this.#state, tree };
  }

  stop(): void {
    this.#stop(shutdown);
  }

  #listen(): void {
    const process = this.#process;
    // Other code can set exitCode or call exit: only a tree that has ended may give a status of 0.
    process.on('exit', () => {
      process.exitCode = this.#state === 'stopped' ? this.#status : process.exitCode || 1;
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        this.#signalled(signal);
      });
    }
    // A reader of stderr that has gone is no failure: its report would be the next failure.
    process.stderr?.on('error', () => undefined);
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, (thrown) => {
        this.#failed(event, thrown);
      });
    }
    // The deadline also holds when the system ends by itself, through a link.
    this.#root.onEnd((reason) => {
      this.#stop(reason);
    });
    void this.system.whenExited.then((reason) => {
      this.#ended(reason);
    });
  }

  async #start(start: (stopSystem: StopSystem) => Promise<Pid>): Promise<Pid> {
    try {
      this.#top = await start((reason) => {
        this.#stop(reason);
      });
    } catch (thrown) {
      this.#startFailed(thrown);
      throw thrown;
    }
    this.#state = this.#state === 'starting' ? 'running' : this.#state;
    return this.#top;
  }

  /** A start that was interrupted by a stop has not failed. */
  #startFailed(err: unknown): void {
    if (this.#state === 'starting') {
      this.#failure ??= isInstance(err, ExitError) ? err.reason : reasonOf(err);
      this.system.logger.error({ err }, 'the start failed');
      this.#stop(shutdown);
    }
  }

  /** The first signal stops the tree in order, the second ends the program at once. */
  #signalled(signal: keyof typeof statuses): void {
    if (this.#isSignalled) {
      this.#process.exit(statuses[signal]);
    }
    this.#isSignalled = true;
    this.#stop(shutdown);
  }

  #failed(event: string, err: unknown): void {
    const reason = reasonOf(err);
    this.#failure ??= reason;
    this.system.logger.error({ err }, `${event}: ${formatReason(reason)}`);
    this.#stop(reason);
  }

  #stop(reason: ExitReason): void {
    if (this.#state === 'starting' || this.#state === 'running') {
      this.#state = 'stopping';
      if (this.#deadline < Infinity) {
        this.#root.runtime.timers.start(this.#deadlineTimer, this.#deadline);
      }
      void this.system.stop({ reason });
    }
  }

  #killAll(): void {
    this.#failure ??= killed;
    const late = [...this.#root.runtime.processes].filter((cell) => cell !== this.#root);
    const processes = listed(late, nameOf);
    const text = `not stopped within ${this.#deadline} ms, killed: ${processes.join(', ')}`;
    this.system.logger.error({ processes }, text);
    for (const cell of late) {
      cell.receiveExit(this.#root, kill, true);
    }
  }

  #ended(reason: ExitReason): void {
    this.#state = 'stopped';
    this.#failure ??= isAbnormal(reason) || isGiveUp(reason) ? reason : undefined;
    if (this.#failure !== undefined) {
      this.system.logger.error({ reason: explain(reason) }, `ended: ${explain(reason)}`);
    }
    this.#status = this.#decideStatus(reason);
    this.#process.exitCode = this.#status;
    this.#release();
    this.#exitSoon();
  }

  /**
   * An `exitStatus` that throws is one more failure. So is a result that the host would refuse by
   * throwing an error, which would keep the program alive for ever.
   */
  #decideStatus(end: ExitReason): number {
    const reason = this.#failure ?? end;
    try {
      return wholeNumber(
        this.#exitStatus(reason, this.#failure === undefined ? 0 : 1, causeOf(reason)),
      );
    } catch (err) {
      const why = formatReason(reasonOf(err));
      this.system.logger.error({ err }, `exitStatus failed: ${why}`);
      return 1;
    }
  }

  /**
   * The timer does not keep the program alive: it ends by itself once the last writes, to a pipe
   * for example, are done.
   */
  #exitSoon(): void {
    const timer = host.setTimeout(() => {
      this.#process.exit(this.#status);
    }, exitTimeout) as { unref?(): unknown };
    timer.unref?.();
  }
}

function wholeNumber(status: unknown): number {
  if (Number.isInteger(status)) {
    return status as number;
  }
  throw new TypeError(`Expected exitStatus to return a whole number, got ${describe(status)}`);
}
