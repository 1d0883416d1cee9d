import { setImmediate } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

// The `process` of a sandbox, such as Jest's, is a copy to which no event comes.
const realProcess = runInThisContext('process') as NodeJS.Process;

/** The value of a function, and the first unhandled rejection while it ran. */
export interface Observed<Value> {
  readonly value: Value;
  readonly rejection: { readonly reason: unknown } | undefined;
}

/**
 * Observes the unhandled rejections of a run. Node emits them when its microtasks and ticks are
 * done, which is after the end of a run: this waits for them, or the next run would be blamed.
 * Other listeners, such as those of a test runner, get none: they could not know the run.
 */
export async function withRejections<Value>(run: () => Promise<Value>): Promise<Observed<Value>> {
  let rejection: Observed<Value>['rejection'];
  const others = realProcess.listeners(event);
  realProcess.removeAllListeners(event);
  realProcess.on(event, (reason) => {
    rejection ??= { reason };
  });
  try {
    const value = await run();
    await setImmediate();
    return { value, rejection };
  } finally {
    realProcess.removeAllListeners(event);
    others.forEach((listener) => realProcess.on(event, listener));
  }
}

const event = 'unhandledRejection';
