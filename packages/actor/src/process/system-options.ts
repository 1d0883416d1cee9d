import { describe } from '../describe.ts';
import type { Clock } from '../host/clock.ts';
import type { Logger } from '../host/logger.ts';
import type { KeysOf } from '../known-keys.ts';
import type { SecretNames } from '../shown/redaction.ts';
import type { Scheduler } from './scheduler.ts';

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
  /**
   * How long a callback may block the thread before a warning is logged, in ms; not with a
   * `scheduler` of its own. Default: 100.
   */
  readonly slowCallback?: number;
  /**
   * Decides when ready processes have their turns, and in which order; for tests. Default: one that
   * runs them first come, first served, and lets timers and I/O in every 4 ms.
   */
  readonly scheduler?: Scheduler;
  /**
   * Returns a number from 0 on and below 1. Delays before restarts are drawn with it, and those
   * before reconnects. Default: `Math.random`.
   */
  readonly random?: () => number;
  /**
   * How many threads the machine can run at a time: the default of `maxConcurrency` of a stream of
   * tasks, and of `partitions` of a `PartitionSupervisor`. Default: the number of processors that
   * the program may use; 1 where the host does not tell it.
   */
  readonly parallelism?: number;
}

export const systemKeys: KeysOf<SystemOptions> = {
  clock: true,
  logger: true,
  highWaterMark: true,
  slowCallback: true,
  redact: true,
  scheduler: true,
  random: true,
  parallelism: true,
};

/** A logger or a clock that lacks a method would be missed at the first crash or timer. */
export function assertSystemOptions(options: SystemOptions): void {
  const { clock, logger, scheduler, random } = options;
  assertMethods('logger', logger, ['error', 'warn']);
  const optional = ['date', 'setImmediate'] as const;
  const given = optional.filter((method) => clock?.[method] !== undefined);
  assertMethods('clock', clock, ['now', 'setTimeout', 'clearTimeout', ...given]);
  assertMethods('scheduler', scheduler, ['ready', 'yieldToMicrotasks']);
  if (random !== undefined && typeof random !== 'function') {
    throw new TypeError(`Expected random to be a function, got ${describe(random)}`);
  }
  assertRedact(options);
  assertNumbers(options);
}

function assertRedact({ redact = [] }: SystemOptions): void {
  const isName = (one: unknown): boolean => typeof one === 'string' || one instanceof RegExp;
  if (!Array.isArray(redact) || !redact.every(isName)) {
    throw new TypeError(`Expected redact to be names and patterns, got ${describe(redact)}`);
  }
}

function assertNumbers({ scheduler, parallelism, ...limits }: SystemOptions): void {
  for (const name of ['highWaterMark', 'slowCallback'] as const) {
    const limit: unknown = limits[name] ?? 0;
    if (!(typeof limit === 'number' && limit >= 0)) {
      throw new RangeError(`Expected ${name} to be a number from 0 on, got ${describe(limit)}`);
    }
  }
  // With 0, a process that has messages would be ready for ever and handle none.
  const counts = {
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(scheduler === undefined ? {} : { 'scheduler.turnLength': scheduler.turnLength }),
  };
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isSafeInteger(count) && count > 0)) {
      throw new RangeError(`Expected ${name} to be a whole number above 0, got ${describe(count)}`);
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
