/** Calls back when `signal` aborts, at once if it has; returns a function that ends this. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal?.aborted === true) {
    callback();
    return () => undefined;
  }
  signal?.addEventListener('abort', callback, { once: true });
  return () => signal?.removeEventListener('abort', callback);
}

/** The error with which the functions of Node reject when their signal aborts. */
export class AbortError extends Error {
  readonly code = 'ABORT_ERR';

  constructor(signal: AbortSignal | undefined) {
    super('The operation was aborted', { cause: signal?.reason });
    this.name = 'AbortError';
  }
}
