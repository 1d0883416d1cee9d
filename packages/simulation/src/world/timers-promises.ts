import { AbortError, onAbort } from './abort.ts';
import { currentHost, type NodeHost } from './node-host.ts';
import { NodeTimeout } from './node-timeout.ts';
import type { Replacements } from './replacement.ts';

interface Options {
  readonly signal?: AbortSignal;
}

type Wait = (ms?: number, value?: unknown, options?: Options) => Promise<unknown>;
type Yield = (value?: unknown, options?: Options) => Promise<unknown>;
type Repeat = (ms?: number, value?: unknown, options?: Options) => AsyncIterable<unknown>;
type WaitOnly = (ms?: number, options?: Options) => Promise<unknown>;

/** The functions of `node:timers/promises`, which is `host`. */
export function replaceTimersPromises(replacements: Replacements, host: object): void {
  replacements.replaceMethod<Wait>(host, 'setTimeout', (original) => (ms, value, options) => {
    const node = currentHost();
    return node === undefined
      ? original(ms, value, options)
      : wait(node, { ms, value, ...options });
  });
  replacements.replaceMethod<Yield>(host, 'setImmediate', (original) => (value, options) => {
    const node = currentHost();
    return node === undefined ? original(value, options) : wait(node, { value, ...options });
  });
  replacements.replaceMethod<Repeat>(host, 'setInterval', (original) => (ms, value, options) => {
    const node = currentHost();
    return node === undefined
      ? original(ms, value, options)
      : repeat(node, { ms, value, ...options });
  });
  replaceScheduler(replacements, Reflect.get(host, 'scheduler') as object);
}

/** `scheduler.wait` and `scheduler.yield`. */
function replaceScheduler(replacements: Replacements, scheduler: object): void {
  replacements.replaceMethod<WaitOnly>(scheduler, 'wait', (original) => (ms, options) => {
    const node = currentHost();
    return node === undefined
      ? original.call(scheduler, ms, options)
      : wait(node, { ms: ms ?? 1, ...options });
  });
  replacements.replaceMethod<() => Promise<unknown>>(scheduler, 'yield', (original) => () => {
    const node = currentHost();
    return node === undefined ? original.call(scheduler) : wait(node, {});
  });
}

interface Pause extends Options {
  /** Without it until the next immediate. */
  readonly ms?: number | undefined;
  readonly value?: unknown;
}

function wait(node: NodeHost, pause: Pause): Promise<unknown> {
  const { signal, value } = pause;
  return new Promise((resolve, reject) => {
    const fire = (): void => {
      ignore();
      resolve(value);
    };
    const handle =
      'ms' in pause ? node.clock.setTimeout(fire, pause.ms ?? 1) : node.clock.setImmediate(fire);
    const ignore = onAbort(signal, () => {
      node.clock.clearTimeout(handle);
      reject(new AbortError(signal));
    });
  });
}

async function* repeat(
  node: NodeHost,
  { ms, value, signal }: Pause,
): AsyncGenerator<unknown, void> {
  // How often it has fired since the last value was taken: a slow reader misses none.
  let fired = 0;
  let wake: (() => void) | undefined;
  const fire = (): void => {
    fired += 1;
    wake?.();
  };
  const timer = new NodeTimeout(node, fire, { ms, given: [], repeats: true });
  const ignore = onAbort(signal, () => wake?.());
  const isAborted = (): boolean => signal?.aborted === true;
  try {
    while (!isAborted()) {
      if (fired === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
      for (; fired > 0; fired -= 1) {
        yield value;
      }
    }
    throw new AbortError(signal);
  } finally {
    timer.close();
    ignore();
  }
}
