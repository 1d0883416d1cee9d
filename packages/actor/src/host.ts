/**
 * The globals that this package uses. This file is the only one to replace for a host that is
 * neither Node, Deno, Bun nor a browser. All are of the web platform, except `process` and
 * `setImmediate`, which are optional; `setImmediate` lets I/O in sooner than a message channel.
 */
interface HostGlobals {
  readonly process?: Partial<HostProcess> & {
    readonly versions?: { readonly node?: string };
    getBuiltinModule?(name: string): unknown;
  };
  readonly setInterval: (callback: () => void, ms: number) => unknown;
  readonly clearInterval: (handle: unknown) => void;
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly performance: { now(): number };
  readonly Date: { now(): number };
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
  readonly queueMicrotask: (callback: () => void) => void;
  readonly console: { error(...values: unknown[]): void };
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null };
    readonly port2: { postMessage(value: unknown): void };
  };
}

/** The program as a process of the operating system, as in Node, Deno and Bun. */
export interface HostProcess {
  exitCode: number | string | null | undefined;
  readonly stderr?: { on(event: string, listener: () => void): unknown };
  on(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  exit(status: number): never;
}

/** A channel that tools can subscribe to. */
export interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: object): void;
}

/** `node:diagnostics_channel`. */
interface Diagnostics {
  channel(name: string): Channel;
}

const host = globalThis as unknown as HostGlobals;

/** Milliseconds, monotonic, of no particular origin. */
export const now = (): number => host.performance.now();

/** Milliseconds since 1970: the wall clock, which may be set. */
export const date = (): number => host.Date.now();

// Looked up at each call: a test framework may install fake timers after this file was loaded.
export const setTimeout: HostGlobals['setTimeout'] = (callback, ms) =>
  host.setTimeout(callback, ms);
export const clearTimeout: HostGlobals['clearTimeout'] = (handle) => host.clearTimeout(handle);

// Kept from the start: a scheduler on fake microtasks would stand still.
export const queueMicrotask: HostGlobals['queueMicrotask'] = host.queueMicrotask;

/** Calls back once I/O and timers have had their turn. */
export const queueMacrotask: (callback: () => void) => void = host.setImmediate ?? queueOnChannel;

/** How many threads the machine can run at a time; 1 where the host does not say. */
export const parallelism = (): number => host.navigator?.hardwareConcurrency ?? 1;

/** The oldest Node that this package runs on. */
const oldestNode: readonly [major: number, minor: number] = [22, 12];

/** Throws an `Error` that names both versions on a Node that is too old. */
export function assertHost(): void {
  const version = host.process?.versions?.node;
  if (version === undefined) {
    return;
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new Error(`Expected Node ${oldestNode.join('.')} or newer, got Node ${version}`);
  }
}

/** Throws an `Error` on a host without processes, such as a browser. */
export function hostProcess(): HostProcess {
  if (typeof host.process?.exit !== 'function' || typeof host.process.on !== 'function') {
    throw new Error(
      'Expected a host that runs programs, such as Node, Deno or Bun, got none: use createSystem, and stop it when it suits',
    );
  }
  return host.process as HostProcess;
}

/** Keeps the program alive until the returned function is called. */
export function keepAlive(): () => void {
  const handle = host.setInterval(() => undefined, 2 ** 30);
  return () => {
    host.clearInterval(handle);
  };
}

/** Writes to stderr: the default destination of reports. */
export const writeError = (text: string): void => host.console.error(text);

const silent: Channel = { hasSubscribers: false, publish: () => undefined };

/** A channel of `node:diagnostics_channel`; on hosts without it, one that drops everything. */
export function channel(name: string): Channel {
  const module = builtinModule('node:diagnostics_channel') as Diagnostics | undefined;
  return module?.channel(name) ?? silent;
}

/**
 * A module of Node; `undefined` on hosts without it. Not imported, since other hosts must be able
 * to load this file.
 */
export function builtinModule(name: string): unknown {
  return host.process?.getBuiltinModule?.(name);
}

/** The values that code finds in every `AsyncLocalStorage`. */
export interface AsyncContext {
  /** Calls `fn` in this context, from whatever context it is called. */
  runInAsyncScope<Args extends readonly unknown[]>(
    fn: (...args: Args) => void,
    self?: undefined,
    ...args: Args
  ): void;
}

const noContext: AsyncContext = {
  runInAsyncScope: (fn, _self, ...args) => {
    fn(...args);
  },
};

interface AsyncHooks {
  readonly AsyncResource: new (type: string) => AsyncContext;
}

/**
 * The context in which this is called. On a host without `node:async_hooks` there are none. Not by
 * `AsyncLocalStorage.snapshot`: to run a function in that costs ten times as much.
 */
export function currentContext(): AsyncContext {
  const hooks = builtinModule('node:async_hooks') as AsyncHooks | undefined;
  return hooks === undefined ? noContext : new hooks.AsyncResource('reprise.System');
}

/** Made at first use: a world without `MessageChannel` can load this file, too. */
let channelTask: ((callback: () => void) => void) | undefined;

function queueOnChannel(callback: () => void): void {
  channelTask ??= createChannelTask();
  channelTask(callback);
}

function createChannelTask(): (callback: () => void) => void {
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new host.MessageChannel();
  port1.onmessage = (): void => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(undefined);
  };
}
