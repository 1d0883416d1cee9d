/**
 * A promise that never settles, for a client that is about to end: nothing more is acknowledged.
 * Each call makes a new promise: a shared one would retain all that ever waited for it.
 */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Whether a value is a promise, or another object with a `then`. */
export function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
