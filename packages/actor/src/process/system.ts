import { KeyTable } from '../collections/key-table.ts';
import { describe } from '../describe.ts';
import { assertHost, type AsyncContext, currentContext } from '../host.ts';
import { type Clock, systemClock } from '../host/clock.ts';
import { guarded, type Logger, stderrLogger } from '../host/logger.ts';
import { assertTimeout, CallbackTimer, Timers } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { createRedaction, type Redaction, type SecretNames } from '../shown/redaction.ts';
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
import { Scheduler } from './scheduler.ts';

export interface SystemOptions {
  /** Default: `systemClock()`. */
  readonly clock?: Clock;
  /** Receives the reports of crashes and of problems. Default: it writes to stderr. */
  readonly logger?: Logger;
  /**
   * Names of fields, headers and query parameters whose values no report shows, besides those that
   * are hidden always, such as `password`, `apiKey` and `authorization`. A text is a whole name, in
   * any case; a pattern matches in part of it. Default: none.
   */
  readonly redact?: SecretNames;
  /**
   * How many messages may wait in a mailbox before a warning is logged, once for each process.
   * Default: 100,000.
   */
  readonly highWaterMark?: number;
  /** How long a callback may block the thread before a warning is logged, in ms. Default: 100. */
  readonly slowCallback?: number;
}

export const systemKeys: KeysOf<SystemOptions> = {
  clock: true,
  logger: true,
  highWaterMark: true,
  slowCallback: true,
  redact: true,
};

/**
 * A new system. Systems share nothing: a program may have several, and a test one of its own.
 * @throws Error on a Node older than 22.12
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
  assertOptions(options);
  assertHost();
  return new SystemRuntime(options).root;
}

/** A logger or a clock that lacks a method would be missed at the first crash or timer. */
function assertOptions({ clock, logger, redact = [], ...limits }: SystemOptions): void {
  assertMethods('logger', logger, ['error', 'warn']);
  const dated = clock?.date === undefined ? [] : ['date'];
  assertMethods('clock', clock, ['now', 'setTimeout', 'clearTimeout', ...dated]);
  const isName = (one: unknown): boolean => typeof one === 'string' || one instanceof RegExp;
  if (!Array.isArray(redact) || !redact.every(isName)) {
    throw new TypeError(`Expected redact to be names and patterns, got ${describe(redact)}`);
  }
  for (const name of ['highWaterMark', 'slowCallback'] as const) {
    const limit: unknown = limits[name] ?? 0;
    if (!(typeof limit === 'number' && limit >= 0)) {
      throw new RangeError(`Expected ${name} to be a number from 0 on, got ${describe(limit)}`);
    }
  }
}

function assertMethods(name: string, given: unknown, methods: readonly string[]): void {
  const held = given as Readonly<Record<string, unknown>> | null | undefined;
  if (held !== undefined && !methods.every((method) => typeof held?.[method] === 'function')) {
    throw new TypeError(
      `Expected ${name} to have the methods ${methods.join(', ')}, got ${describe(given)}`,
    );
  }
}

class SystemRuntime implements Runtime {
  readonly context: AsyncContext = currentContext();
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redaction: Redaction;
  readonly timers: Timers;
  readonly scheduler: Scheduler;
  readonly names: KeyTable<Cell> = new KeyTable();
  readonly processes: Set<Cell> = new Set();
  readonly exitQueue: Cell[] = [];
  readonly root: RootProcess;
  undelivered: Runtime['undelivered'] = undefined;
  lastId = 0;

  readonly highWaterMark: number;

  constructor({
    clock = systemClock(),
    logger = stderrLogger(),
    redact = [],
    highWaterMark = 100_000,
    slowCallback = 100,
  }: SystemOptions) {
    this.clock = clock;
    this.redaction = createRedaction(redact);
    this.logger = guarded(loggerIn(this.context, logger), this.redaction);
    this.highWaterMark = highWaterMark;
    this.scheduler = new Scheduler(slowCallback, this.context);
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
function clockIn(context: AsyncContext, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    setTimeout: (callback, ms) =>
      clock.setTimeout(() => {
        context.runInAsyncScope(callback);
      }, ms),
    clearTimeout: (handle) => {
      clock.clearTimeout(handle);
    },
  };
}

/** It logs in `context`, and not in that of the code whose message is too much, for example. */
function loggerIn(context: AsyncContext, logger: Logger): Logger {
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

  get whenExited(): Promise<ExitReason> {
    return this.#exited.promise;
  }

  stop(options: StopOptions = {}): Promise<void> {
    assertKnownKeys('system.stop', options, stopSystemKeys);
    const { timeout = Infinity, reason = shutdown } = options;
    assertTimeout(timeout);
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
