/**
 * What a runtime must lend: the one file to replace for a host that is neither Node, Deno, Bun nor
 * a browser. Everything here is the web platform's, but `setImmediate`, which is used where it
 * exists because it lets I/O in sooner than a message channel.
 */
interface HostGlobals {
  readonly process?: Partial<HostProcess> & {
    getBuiltinModule?(name: string): { channel(name: string): Channel } | undefined;
  };
  readonly setInterval: (callback: () => void, ms: number) => unknown;
  readonly clearInterval: (handle: unknown) => void;
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly performance: { now(): number };
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

/** The process of the operating system that the program is, as Node, Deno and Bun show it. */
export interface HostProcess {
  exitCode: number | string | null | undefined;
  on(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  exit(status: number): never;
}

/** Where something is published for tools to subscribe to. */
export interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: object): void;
}

const host = globalThis as unknown as HostGlobals;

/** Milliseconds, monotonic, of no particular origin. */
export const now = (): number => host.performance.now();

export const setTimeout: HostGlobals['setTimeout'] = host.setTimeout;
export const clearTimeout: HostGlobals['clearTimeout'] = host.clearTimeout;
export const queueMicrotask: HostGlobals['queueMicrotask'] = host.queueMicrotask;

/** Calls back once I/O and timers have had their turn. */
export const queueMacrotask: (callback: () => void) => void =
  host.setImmediate ?? messageChannelTask();

/** How much the machine can do at a time; 1 where nobody says. */
export const parallelism = (): number => host.navigator?.hardwareConcurrency ?? 1;

/** Throws an `Error` on a host that runs no programs, such as a browser. */
export function hostProcess(): HostProcess {
  if (typeof host.process?.exit !== 'function' || typeof host.process.on !== 'function') {
    throw new Error(
      'Expected a host that runs programs, such as Node, Deno or Bun, got none: use createSystem, and stop it when it suits',
    );
  }
  return host.process as HostProcess;
}

/** Keeps the program alive, whatever else goes on in it, until what it returns is called. */
export function keepAlive(): () => void {
  const handle = host.setInterval(() => undefined, 2 ** 30);
  return () => {
    host.clearInterval(handle);
  };
}

/** Where reports go when nobody gave a logger. */
export const writeError = (text: string): void => host.console.error(text);

const silent: Channel = { hasSubscribers: false, publish: () => undefined };

/**
 * A channel of `node:diagnostics_channel`, or one that nobody can subscribe to. Not imported, so
 * that other hosts can load this.
 */
export function channel(name: string): Channel {
  return host.process?.getBuiltinModule?.('node:diagnostics_channel')?.channel(name) ?? silent;
}

function messageChannelTask(): (callback: () => void) => void {
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new host.MessageChannel();
  port1.onmessage = (): void => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(undefined);
  };
}
