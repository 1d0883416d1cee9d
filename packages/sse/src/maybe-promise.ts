import { crash, formatReason, loggerOf, type Process } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

export function isThenable<Value>(value: Value | PromiseLike<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * Calls a listener of the user's, such as `onStatus`, without waiting for its result. The error
 * that it throws, or that its promise rejects with, is reported as one of the process, which goes
 * on.
 */
export function callListener(self: Process, name: string, call: () => unknown): void {
  settle(call, (err) => {
    const reason = formatReason(crash(err));
    loggerOf(self).error({ err, listener: name }, `${String(self.pid)}: ${name} failed: ${reason}`);
  });
}

/**
 * The same outside of a process: the error is an uncaught exception, as Node makes it of an error
 * in a listener of an `EventTarget` or of a channel.
 */
export function callOutside(call: () => unknown): void {
  settle(call, (error) => {
    queueMicrotask(() => {
      throw error;
    });
  });
}

/**
 * A wrong value that a function of the user's returned, for the error that refuses it. If it is a
 * promise that rejects, it would else end the program.
 */
export function describeRefused(value: unknown): string {
  settle(
    () => value,
    () => undefined,
  );
  return describe(value);
}

/** `failed` gets the error that the call throws, or that its promise rejects with. */
export function settle(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const value = call();
    if (isThenable(value)) {
      Promise.resolve(value).catch(failed);
    }
  } catch (error) {
    failed(error);
  }
}
