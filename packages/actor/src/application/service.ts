import * as host from '../host/host.ts';
import { CallbackTimer } from '../host/timers.ts';
import { type Cell, cellOf, cellOfProcess, nameOf } from '../process/cell.ts';
import { ExitError, reasonOf } from '../process/exit-error.ts';
import { type ExitReason, isAbnormal, kill, killed, shutdown } from '../process/exit-reason.ts';
import { formatReason } from '../process/format-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { System } from '../process/process.ts';
import { isGiveUp } from '../supervisor/rules.ts';
import { type Tree, treeOf } from '../supervisor/tree.ts';

/** How a service is. */
export interface Health {
  /**
   * `starting` until all of it is up; `stopped` once nothing of it runs, and the program is about
   * to end.
   */
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped';
  /** The tree as it is now; `undefined` unless a supervisor is at the top, and up. */
  readonly tree: Tree | undefined;
}

/** A tree that is the whole of a program. */
export interface Service {
  readonly system: System;
  /**
   * Resolves with the top process once all is up. Rejects with an `ExitError` when the start
   * failed, and the program ends, or when it was stopped before.
   */
  readonly whenReady: Promise<Pid>;
  health(): Health;
  /** Stops it as SIGTERM does: in order, within the deadline. Then the program ends. */
  stop(): void;
}

/** The exit status for a reason, given the one that is usual for it. */
export type ExitStatus = (reason: ExitReason, status: 0 | 1) => number;

export interface ServiceLimits {
  /** How long the tree may take to stop, in ms. */
  readonly deadline: number;
  readonly exitStatus: ExitStatus;
}

/** Called when the end of an application is to be the end of the system. */
type StopSystem = (reason: ExitReason) => void;

/**
 * How long what is left of the program, such as a socket that nobody closed, may keep it alive once
 * the tree has ended, in ms.
 */
const exitTimeout = 1000;

/** What a shell makes of an end by a signal: 128 and its number. */
const statuses = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * A system whose life is that of the program: it hears the signals, and decides on the exit status.
 */
export class SystemService implements Service {
  readonly system: System;
  readonly whenReady: Promise<Pid>;
  readonly #root: Cell;
  readonly #process: host.HostProcess;
  readonly #deadline: number;
  readonly #exitStatus: ExitStatus;
  readonly #overdue: CallbackTimer = new CallbackTimer(() => {
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
    // A start that failed has been reported; who does not wait for it need not catch it.
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
    // Whatever others do to it, or to end the program: only a tree that has ended well is a 0.
    process.on('exit', () => {
      process.exitCode = this.#state === 'stopped' ? this.#status : process.exitCode || 1;
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        this.#signalled(signal);
      });
    }
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, (thrown) => {
        this.#failed(event, thrown);
      });
    }
    // An end that begins in the system itself, by a link, is to be over in time as well.
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

  /** What was told to stop before it was up has not failed. */
  #startFailed(err: unknown): void {
    if (this.#state === 'starting') {
      this.#failure ??= err instanceof ExitError ? err.reason : reasonOf(err);
      this.system.logger.error({ err }, 'the start failed');
      this.#stop(shutdown);
    }
  }

  /** The first signal asks for an orderly end; with the second somebody has had enough. */
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
        this.#root.runtime.timers.start(this.#overdue, this.#deadline);
      }
      void this.system.stop({ reason });
    }
  }

  #killAll(): void {
    this.#failure ??= killed;
    const late = [...this.#root.runtime.processes].filter((cell) => cell !== this.#root);
    const processes = late.map(nameOf);
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
      this.system.logger.error({ reason: formatReason(reason) }, `ended: ${formatReason(reason)}`);
    }
    this.#status = this.#decideStatus(reason);
    this.#process.exitCode = this.#status;
    this.#release();
    this.#exitSoon();
  }

  /** An `exitStatus` that throws is one more failure. */
  #decideStatus(reason: ExitReason): number {
    try {
      return this.#exitStatus(this.#failure ?? reason, this.#failure === undefined ? 0 : 1);
    } catch (err) {
      const why = formatReason(reasonOf(err));
      this.system.logger.error({ err }, `exitStatus failed: ${why}`);
      return 1;
    }
  }

  /**
   * At once if nothing is left of the program but us: what was written last still gets out where
   * writing takes time.
   */
  #exitSoon(): void {
    const timer = host.setTimeout(() => {
      this.#process.exit(this.#status);
    }, exitTimeout) as { unref?(): unknown };
    timer.unref?.();
  }
}
