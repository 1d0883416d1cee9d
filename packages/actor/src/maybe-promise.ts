/** A value, or a promise of one. */
export type MaybePromise<Value> = Value | PromiseLike<Value>;

/** Whether there is something to wait for: only then is a microtask spent on it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** The end of the message of an error about a promise where a value was expected. */
export const forgottenAwait = 'a promise: is an `await` missing?';

/**
 * Calls a function of the user whose value has no meaning, such as a listener. `failed` gets the
 * error that it throws, or that of a promise that it returns: the rejection would be unhandled.
 */
export function callListener(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const value = call();
    if (isThenable(value)) {
      Promise.resolve(value).catch(failed);
    }
  } catch (error) {
    failed(error);
  }
}
