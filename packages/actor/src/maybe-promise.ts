/** A value, or a promise of one. */
export type MaybePromise<Value> = Value | PromiseLike<Value>;

/** Whether there is something to wait for: only then is a microtask spent on it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** What an error says that got a promise. */
export const forgottenAwait = 'a promise: is an `await` missing?';
