import process from 'node:process';
import { setImmediate } from 'node:timers/promises';

// The `process` of a sandbox, such as Jest's, is a copy to which no event comes.
const realProcess = process.getBuiltinModule('node:process');

/** What a function resolves with, and the first rejection meanwhile that nobody has handled. */
export interface Observed<Value> {
  readonly value: Value;
  readonly rejection: { readonly reason: unknown } | undefined;
}

/**
 * Node tells of such a rejection when its microtasks and ticks are done, which is after the end of
 * a run: it is waited for, or the next run would be blamed.
 */
export async function withRejections<Value>(run: () => Promise<Value>): Promise<Observed<Value>> {
  let rejection: Observed<Value>['rejection'];
  const listener = (reason: unknown): void => {
    rejection ??= { reason };
  };
  realProcess.on('unhandledRejection', listener);
  try {
    const value = await run();
    await setImmediate();
    return { value, rejection };
  } finally {
    realProcess.off('unhandledRejection', listener);
  }
}
