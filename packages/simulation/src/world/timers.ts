import { currentHost } from './node-host.ts';
import { clearNodeTimeout, NodeImmediate, NodeTimeout } from './node-timeout.ts';
import type { Replacements } from './replacement.ts';

type Callback = (...given: readonly unknown[]) => unknown;
type SetTimer = (callback: Callback, ms?: unknown, ...given: readonly unknown[]) => unknown;
type SetImmediate = (callback: Callback, ...given: readonly unknown[]) => unknown;
type Clear = (timer?: unknown) => void;

/**
 * The timers of `host`, which is `globalThis` or the module `node:timers`: in a node they are on
 * the node's clock.
 */
export function replaceTimers(replacements: Replacements, host: object): void {
  for (const [key, repeats] of [
    ['setTimeout', false],
    ['setInterval', true],
  ] as const) {
    replacements.replaceMethod<SetTimer>(host, key, (original) => (callback, ms, ...given) => {
      const node = currentHost();
      return node === undefined
        ? original(callback, ms, ...given)
        : new NodeTimeout(node, checked(callback), { ms, given, repeats });
    });
  }
  replacements.replaceMethod<SetImmediate>(
    host,
    'setImmediate',
    (original) =>
      (callback, ...given) => {
        const node = currentHost();
        return node === undefined
          ? original(callback, ...given)
          : new NodeImmediate(node, checked(callback), given);
      },
  );
  for (const key of ['clearTimeout', 'clearInterval']) {
    replacements.replaceMethod<Clear>(host, key, (original) => (timer) => {
      if (!clearNodeTimeout(timer)) {
        original(timer);
      }
    });
  }
  replacements.replaceMethod<Clear>(host, 'clearImmediate', (original) => (immediate) => {
    if (immediate instanceof NodeImmediate) {
      immediate.close();
    } else {
      original(immediate);
    }
  });
}

function checked(callback: unknown): Callback {
  if (typeof callback !== 'function') {
    throw new TypeError(`Expected callback to be a function, got ${typeof callback}`);
  }
  return callback as Callback;
}

type MakeSignal = (ms: number) => AbortSignal;

/** `AbortSignal.timeout`. */
export function replaceAbortTimeout(replacements: Replacements): void {
  replacements.replaceMethod<MakeSignal>(AbortSignal, 'timeout', (original) => (ms) => {
    const node = currentHost();
    if (node === undefined) {
      return original.call(AbortSignal, ms);
    }
    const controller = new AbortController();
    node.clock.setTimeout(() => {
      controller.abort(
        new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
      );
    }, ms);
    return controller.signal;
  });
}
