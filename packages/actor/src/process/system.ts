import { KeyTable } from '../collections/key-table.ts';
import { type Clock, systemClock } from '../host/clock.ts';
import { guarded, type Logger, stderrLogger } from '../host/logger.ts';
import { CallbackTimer, Timers } from '../host/timers.ts';
import { Cell, type Runtime } from './cell.ts';
import {
  errorIn,
  assertExitReason,
  type ExitReason,
  isAbnormal,
  killed,
  shutdown,
} from './exit-reason.ts';
import { formatReason } from './format-reason.ts';
import type { StopOptions, System } from './process.ts';
import { Scheduler } from './scheduler.ts';

export interface SystemOptions {
  /** Default: the host's own time. */
  readonly clock?: Clock;
  /** Where crashes are reported. Default: stderr. */
  readonly logger?: Logger;
  /**
   * How many messages may wait in a mailbox before it is reported, once a process. Default:
   * 100,000.
   */
  readonly highWaterMark?: number;
  /** How long a callback may hold the thread before it is reported, in ms. Default: 100. */
  readonly slowCallback?: number;
}

/**
 * A new system, which shares nothing with any other.
 * @example
 * ```ts
 * import { createSystem, processes, spawn } from '@reprise/actor';
 *
 * const system = createSystem({ slowCallback: 50 });
 * spawn(system, (self) => self.receive());
 * console.log(processes(system).length); // 2
 * await system.stop();
 * console.log((await system.whenExited).type); // shutdown
 * ```
 */
export function createSystem(options: SystemOptions = {}): System {
  return new SystemRuntime(options).root;
}

class SystemRuntime implements Runtime {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly scheduler: Scheduler;
  readonly names: KeyTable<Cell> = new KeyTable();
  readonly processes: Set<Cell> = new Set();
  readonly exitQueue: Cell[] = [];
  readonly root: Root;
  #lastId = 0;

  readonly highWaterMark: number;

  constructor({
    clock = systemClock(),
    logger = stderrLogger(),
    highWaterMark = 100_000,
    slowCallback = 100,
  }: SystemOptions) {
    this.clock = clock;
    this.logger = guarded(logger);
    this.highWaterMark = highWaterMark;
    this.scheduler = new Scheduler(slowCallback);
    this.timers = new Timers(clock);
    this.root = new Root(this);
  }

  nextId(): number {
    return ++this.#lastId;
  }
}

/** The process at the top. It runs no code of its own: it is there to be linked to. */
class Root extends Cell implements System {
  readonly #exited: PromiseWithResolvers<ExitReason> = Promise.withResolvers();
  #stopping: Promise<void> | undefined = undefined;

  constructor(runtime: Runtime) {
    super(runtime, undefined);
  }

  protected turn(): boolean {
    this.mailbox.clear();
    return false;
  }

  protected failed(): void {}

  protected ended(): void {}

  get clock(): Clock {
    return this.runtime.clock;
  }

  get logger(): Logger {
    return this.runtime.logger;
  }

  get whenExited(): Promise<ExitReason> {
    return this.#exited.promise;
  }

  stop({ timeout = Infinity, reason = shutdown }: StopOptions = {}): Promise<void> {
    assertExitReason(reason);
    this.#stopping ??= this.#stop(timeout, reason);
    return this.#stopping;
  }

  async #stop(timeout: number, reason: ExitReason): Promise<void> {
    const deadline = new CallbackTimer(() => {
      this.#killAll();
    });
    if (timeout < Infinity) {
      this.runtime.timers.start(deadline, timeout);
    }
    // In rounds: one that is being waited for may start another.
    for (let linked = this.links; linked.length > 0; linked = this.links) {
      for (const cell of linked.toReversed()) {
        // Or its end would be the root's own, and that of all others at once.
        this.unlink(cell);
        cell.receiveExit(this, shutdown, true);
        await hasEnded(cell);
      }
    }
    this.end(reason);
    await this.whenExited;
  }

  override end(reason: ExitReason): void {
    if (this.isAlive) {
      if (isAbnormal(reason)) {
        this.logger.error({ ...errorIn(reason), reason: formatReason(reason) }, 'system exited');
      }
      const linked = this.links;
      super.end(reason);
      void this.#finish(linked, reason);
    }
  }

  /**
   * Those linked to the root have their signal and end in their own order; what nobody supervises
   * is killed after them.
   */
  async #finish(linked: readonly Cell[], reason: ExitReason): Promise<void> {
    await Promise.all(linked.map(hasEnded));
    this.#killAll();
    this.runtime.timers.clear();
    this.#exited.resolve(reason);
  }

  #killAll(): void {
    for (const cell of this.runtime.processes) {
      if (cell !== this) {
        cell.end(killed);
      }
    }
  }
}

function hasEnded(cell: Cell): Promise<ExitReason> {
  return new Promise((resolve) => {
    cell.onEnd(resolve);
  });
}
