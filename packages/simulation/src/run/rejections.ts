import { setImmediate } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

// The `process` of a sandbox, such as Jest's, is a copy to which no event comes.
const realProcess = runInThisContext('process') as NodeJS.Process;

/** What a function resolves with, and the first rejection meanwhile that nobody has handled. */
export interface Observed<Value> {
  readonly value: Value;
  readonly rejection: { readonly reason: unknown } | undefined;
}

/**
 * Node tells of such a rejection when its microtasks and ticks are done, which is after the end of
 * a run: it is waited for, or the next run would be blamed. Other listeners, such as those of a
 * test runner, do not hear of it meanwhile: they would not know of which run it is.
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
