import type { ExitReason, Process, Task } from '@reprise/actor';

import { elapse, outcome } from './outcome.ts';

/** The result of a task that returned a value. */
export const valueResult = <Value>(of: Value): Task.Result<Value> => ({ type: 'ok', value: of });

/** The result of a task that ended without a value. */
export const exitResult = (reason: ExitReason): Task.Result<never> => ({ type: 'exit', reason });

/** A task that takes `ms` milliseconds and returns `ms`. */
export async function returnAfter(ms: number, self: Process): Promise<number> {
  await elapse(self.system, ms);
  return ms;
}

/** The results of a stream as they come, then `streamEnd`, or the error of the stream. */
export function collect<Value>(stream: AsyncIterable<Task.Result<Value>>): unknown[] {
  const got: unknown[] = [];
  const all = async (): Promise<string> => {
    for await (const result of stream) {
      got.push(result);
    }
    return 'end';
  };
  void outcome(all()).then((result) => got.push(result));
  return got;
}

/** The last entry of `collect`. */
export const streamEnd = { value: 'end' };
