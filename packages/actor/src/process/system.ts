import { KeyTable } from '../collections/key-table.ts';
import * as host from '../host.ts';
import { type Clock, setImmediateOn, systemClock } from '../host/clock.ts';
import { guarded, type Logger, stderrLogger } from '../host/logger.ts';
import { assertTimeout, CallbackTimer, Timers } from '../host/timers.ts';
import { assertKnownKeys } from '../known-keys.ts';
import { createRedaction, type Redaction } from '../shown/redaction.ts';
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
import { type StopOptions, stopSystemKeys, type System } from './process.ts';
import { SliceScheduler } from './slice-scheduler.ts';
import { withDefaults } from './system-defaults.ts';
import { assertSystemOptions, type SystemOptions, systemKeys } from './system-options.ts';

/**
 * A new system. Systems share nothing: a program may have several, and a test one of its own.
 * @throws TypeError or RangeError for a wrong option; Error on a Node older than 22.12
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
  assertKnownKeys('createSystem', options, systemKeys);
  const all = withDefaults(options);
  assertSystemOptions(all);
  host.assertHost();
  return new SystemRuntime(all).root;
}

class SystemRuntime implements Runtime {
  readonly context: host.AsyncContext = host.currentContext();
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redaction: Redaction;
  readonly timers: Timers;
  readonly scheduler: Runtime['scheduler'];
  readonly random: () => number;
  readonly parallelism: number;
  readonly names: KeyTable<Cell> = new KeyTable();
  readonly processes: Set<Cell> = new Set();
  readonly exitQueue: Cell[] = [];
  signalling: Cell | undefined = undefined;
  readonly root: RootProcess;
  current: Cell | undefined = undefined;
  undelivered: Runtime['undelivered'] = undefined;
  witnesses: Runtime['witnesses'] = undefined;
  exposed: Runtime['exposed'] = undefined;
  lastId = 0;

  readonly highWaterMark: number;

  constructor({
    clock = systemClock(),
    logger = stderrLogger(),
    redact = [],
    highWaterMark = 100_000,
    slowCallback = 100,
    scheduler = new SliceScheduler(slowCallback, this.context),
    // Looked up at each call: a test may put another function in its place.
    random = () => Math.random(),
    parallelism = host.parallelism(),
  }: SystemOptions) {
    this.clock = clock;
    this.redaction = createRedaction(redact);
    this.logger = guarded(loggerIn(this.context, logger), this.redaction);
    this.highWaterMark = highWaterMark;
    this.scheduler = scheduler;
    this.random = random;
    this.parallelism = parallelism;
    this.timers = new Timers(clockIn(this.context, clock), (error) => {
      this.logger.error({ err: error }, 'a timer failed');
    });
    this.root = new RootProcess(this);
  }

  nextId(): number {
    return ++this.lastId;
  }
}

/** Its timers call back in `context`, and not in that of the code that has set them. */
function clockIn(context: host.AsyncContext, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    setTimeout: (callback, ms) =>
      clock.setTimeout(() => {
        context.runInAsyncScope(callback);
      }, ms),
    clearTimeout: (handle) => {
      clock.clearTimeout(handle);
    },
    setImmediate: (callback) => {
      setImmediateOn(clock, () => {
        context.runInAsyncScope(callback);
      });
    },
  };
}

/** It logs in `context`, and not in that of the code whose message is too much, for example. */
function loggerIn(context: host.AsyncContext, logger: Logger): Logger {
  const log =
    (level: keyof Logger): Logger['error'] =>
    // Its value too: an async logger can fail later.
    (details, message) =>
      context.runInAsyncScope(() => logger[level](details, message));
  return { error: log('error'), warn: log('warn') };
}

/** The process at the top. It runs no code: other processes are linked to it. */
class RootProcess extends Cell implements System {
  readonly #exited: PromiseWithResolvers<ExitReason> = Promise.withResolvers();
  #stopping: Promise<void> | undefined = undefined;
  #stopReason: ExitReason | undefined = undefined;

  constructor(runtime: Runtime) {
    super(runtime, undefined);
  }

  protected turn(): boolean {
    this.mailbox.clear();
    return false;
  }

  protected failed(): boolean {
    return false;
  }

  protected ended(): void {}

  get clock(): Clock {
    return this.runtime.clock;
  }

  get logger(): Logger {
    return this.runtime.logger;
  }

  get random(): () => number {
    return this.runtime.random;
  }

  get whenExited(): Promise<ExitReason> {
    return this.#exited.promise;
  }

  get stopReason(): ExitReason | undefined {
    return this.#stopReason;
  }

  stop(options: StopOptions = {}): Promise<void> {
    assertKnownKeys('system.stop', options, stopSystemKeys);
    const { timeout = Infinity, reason = shutdown } = options;
    assertTimeout(timeout);
    assertExitReason(reason);
    this.#stopReason ??= reason;
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
    // In rounds: a process may start another while it shuts down.
    for (let linked = this.links; linked.length > 0; linked = this.links) {
      for (const cell of linked.toReversed()) {
        // Otherwise its exit would propagate over the link and kill the root.
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
      this.#stopReason ??= reason;
      const linked = this.links;
      super.end(reason);
      void this.#finish(linked, reason);
    }
  }

  /**
   * The processes linked to the root have got its exit signal, and end on their own; all others are
   * killed after that.
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
