import { oneOfAll } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { assertOneOf } from '../one-of.ts';
import type { Destination } from '../process/address.ts';
import { cellOf, nameOf } from '../process/cell.ts';
import { loggerFor } from '../process/extras.ts';
import { type AnyHook, Debug, type DebugEvent, formatEvent, type Hook } from '../server/debug.ts';
import type { ServerProcess } from '../server/server-process.ts';
import { query, sysKeys, type SysOptions } from './system-request.ts';

/**
 * Calls `hook` with every event of the server from now on: the first time with `state`, then with
 * the value that it returned before. It runs in the server's turn, and should be quick. It is
 * removed when it returns `sys.done`, when it throws (which is logged), or by `remove`. A hook that
 * is installed already stays as it is.
 * @throws TypeError for anything but a function; rejects as `getState` does
 * @see OTP manual, `sys:install/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, sys } from '@reprise/actor';
 *
 * const echo = GenServer.define({
 *   init: () => ok(0),
 *   handleCall: { echo: (text: string, state) => reply(text, state) },
 * });
 * const number: sys.Hook<number> = (count, event) => {
 *   console.log(count, event.type);
 *   return count + 1;
 * };
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, echo, undefined);
 * await sys.install(pid, number, 1);
 * await GenServer.call(pid, 'echo', 'hello'); // 1 in, 2 out
 * await system.stop();
 * ```
 */
export function install<State>(
  server: Destination,
  hook: Hook<State>,
  state: State,
  options?: SysOptions,
): Promise<void> {
  assertHook(hook);
  const act = (target: ServerProcess): void => {
    if (target.debug?.has(hook) !== true) {
      addHook(target, hook, state);
    }
  };
  return query(server, 'install', act, options);
}

/**
 * Removes a hook that was installed, if it still is.
 * @throws TypeError for anything but a function; rejects as `getState` does
 * @see OTP manual, `sys:remove/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, sys } from '@reprise/actor';
 *
 * const print: sys.Hook<undefined> = (_, event) => {
 *   console.log(event);
 *   return undefined;
 * };
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, GenServer.define({ init: () => ok(0) }), undefined);
 * await sys.install(pid, print, undefined);
 * await sys.remove(pid, print);
 * await system.stop();
 * ```
 */
export function remove(server: Destination, hook: AnyHook, options?: SysOptions): Promise<void> {
  assertHook(hook);
  const act = (target: ServerProcess): void => {
    removeHook(target, hook);
  };
  return query(server, 'remove', act, options);
}

/**
 * Removes all hooks of a server, and turns trace, log and statistics off. Rejects as `getState`
 * does.
 * @see OTP manual, `sys:no_debug/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, sys } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, GenServer.define({ init: () => ok(0) }), undefined);
 * await sys.statistics(pid, true);
 * await sys.noDebug(pid);
 * console.log(await sys.statistics(pid, 'get')); // undefined
 * await system.stop();
 * ```
 */
export function noDebug(server: Destination, options?: SysOptions): Promise<void> {
  const act = (target: ServerProcess): void => {
    target.debug = undefined;
  };
  return query(server, 'noDebug', act, options);
}

/** Counts since the statistics of a server were turned on. Times: ms of the system's clock. */
export interface Statistics {
  readonly startTime: number;
  readonly currentTime: number;
  /** Messages received, of all kinds. */
  readonly messagesIn: number;
  /** Replies that a callback returned. */
  readonly messagesOut: number;
}

/**
 * Counts the messages of a server: `true` starts at zero, `false` turns it off, `'get'` resolves
 * with the counts, or with `undefined` when it is off. OTP's count of reductions has no
 * counterpart. Rejects as `getState` does.
 * @throws TypeError for another flag
 * @see OTP manual, `sys:statistics/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, sys } from '@reprise/actor';
 *
 * const echo = GenServer.define({
 *   init: () => ok(0),
 *   handleCall: { echo: (text: string, state) => reply(text, state) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, echo, undefined);
 * await sys.statistics(pid, true);
 * await GenServer.call(pid, 'echo', 'hello');
 * const counts = await sys.statistics(pid, 'get');
 * console.log(counts?.messagesIn, counts?.messagesOut); // 1 1
 * await system.stop();
 * ```
 */
export function statistics(
  server: Destination,
  flag: 'get',
  options?: SysOptions,
): Promise<Statistics | undefined>;
export function statistics(server: Destination, flag: boolean, options?: SysOptions): Promise<void>;
export function statistics(
  server: Destination,
  flag: boolean | 'get',
  options?: SysOptions,
): Promise<Statistics | undefined | void> {
  assertOneOf('Expected the flag of sys.statistics to be', flag, [true, false, 'get']);
  const act = (target: ServerProcess): Statistics | undefined => {
    const now = target.runtime.clock.now();
    if (flag === 'get') {
      const counts = target.debug?.get(countMessages);
      return counts && { ...counts, currentTime: now };
    }
    toggleHook(target, countMessages, flag, { startTime: now, messagesIn: 0, messagesOut: 0 });
    return undefined;
  };
  return query(server, 'statistics', act, options);
}

export interface LogOptions extends SysOptions {
  /** The most events that are kept. Default: 10. */
  readonly size?: number;
}

const logKeys: KeysOf<LogOptions> = { ...sysKeys, size: true };

/**
 * Keeps the last `size` events of a server: `true` turns it on, or changes the size; `false` turns
 * it off; `'get'` resolves with the events, oldest first, or with none when it is off.
 * @throws RangeError for a size that is no whole number from 1 on; rejects as `getState` does
 * @see OTP manual, `sys:log/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok, sys } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { add: (by: number, count) => noreply(count + by) },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.start(system, counter, undefined);
 * await sys.log(pid, true, { size: 1 });
 * GenServer.cast(pid, 'add', 2);
 * console.log(await sys.log(pid, 'get')); // [ { type: 'noreply', state: 2 } ]
 * await system.stop();
 * ```
 */
export function log(
  server: Destination,
  flag: 'get',
  options?: SysOptions,
): Promise<readonly DebugEvent[]>;
export function log(server: Destination, flag: boolean, options?: LogOptions): Promise<void>;
export function log(
  server: Destination,
  flag: boolean | 'get',
  options: LogOptions = {},
): Promise<readonly DebugEvent[] | void> {
  assertOneOf('Expected the flag of sys.log to be', flag, [true, false, 'get']);
  assertKnownKeys('sys.log', options, logKeys);
  const { size = 10, ...rest } = options;
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(
      `Expected the size of a log to be a whole number from 1 on, got ${describe(size)}`,
    );
  }
  const act = (target: ServerProcess): readonly DebugEvent[] | undefined => {
    const events = logOf(target);
    if (flag === 'get') {
      return events;
    }
    toggleHook(target, keepEvents, flag, { size, events: events.slice(-size) });
    return undefined;
  };
  return query(server, 'log', act as (target: ServerProcess) => readonly DebugEvent[], rest);
}

/**
 * Writes every event of a server to the system's logger, one line each, as a warning: loggers hide
 * lower levels. Rejects as `getState` does.
 * @throws TypeError for anything but true or false
 * @see OTP manual, `sys:trace/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok, sys } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { add: (by: number, count) => noreply(count + by) },
 * });
 *
 * const logger = { error: console.error, warn: (_: object, line: string) => console.log(line) };
 * const system = createSystem({ logger });
 * const pid = await GenServer.start(system, counter, undefined, { name: 'counter' });
 * await sys.trace(pid, true);
 * GenServer.cast(pid, 'add', 2); // counter got cast add 2, counter new state 2
 * await sys.trace(pid, false);
 * await system.stop();
 * ```
 */
export function trace(server: Destination, flag: boolean, options?: SysOptions): Promise<void> {
  assertOneOf('Expected the flag of sys.trace to be', flag, [true, false]);
  return query(
    server,
    'trace',
    (target) => toggleHook(target, printEvent, flag, undefined),
    options,
  );
}

// A hook is found again by its identity, also by another copy of this package.
const countMessages = /* @__PURE__ */ oneOfAll<Hook<Omit<Statistics, 'currentTime'>>>(
  'sys.statistics',
  () =>
    (counts, { type }) => ({
      ...counts,
      messagesIn: counts.messagesIn + (type === 'in' ? 1 : 0),
      messagesOut: counts.messagesOut + (type === 'out' ? 1 : 0),
    }),
);

interface Log {
  readonly size: number;
  readonly events: readonly DebugEvent[];
}

const keepEvents = /* @__PURE__ */ oneOfAll<Hook<Log>>(
  'sys.log',
  () =>
    ({ size, events }, event) => ({ size, events: [...events, event].slice(-size) }),
);

const printEvent = /* @__PURE__ */ oneOfAll<Hook<undefined>>(
  'sys.trace',
  () => (_, event, server) => {
    const cell = cellOf(server);
    loggerFor(cell).warn(
      { process: String(server), event },
      `${nameOf(cell)} ${formatEvent(event)}`,
    );
    return undefined;
  },
);

/** The events that `log` has kept of a server. */
export function logOf(target: ServerProcess): readonly DebugEvent[] {
  return target.debug?.get(keepEvents)?.events ?? [];
}

function toggleHook<State>(
  target: ServerProcess,
  hook: Hook<State>,
  flag: boolean,
  state: State,
): void {
  if (flag) {
    addHook(target, hook, state);
  } else {
    removeHook(target, hook);
  }
}

/** Adds a hook at once, and not in the turn of the server. */
export function addHook<State>(target: ServerProcess, hook: Hook<State>, state: State): void {
  target.debug ??= new Debug(target, () => {
    target.debug = undefined;
  });
  target.debug.set(hook, state);
}

export function removeHook(target: ServerProcess, hook: AnyHook): void {
  target.debug?.delete(hook);
}

function assertHook(hook: unknown): void {
  if (typeof hook !== 'function') {
    throw new TypeError(`Expected a function (state, event, server) => …, got ${describe(hook)}`);
  }
}
