import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertOneOf } from '../one-of.ts';
import { type Cell, cellOfProcess } from '../process/cell.ts';
import type { Process } from '../process/process.ts';
import { parentOf } from '../process/spawn.ts';
import { type StreamRules, TaskIteration, type TaskStreamOptions, type Work } from './iteration.ts';
import { assertFunction, type TaskResult } from './watch.ts';

/**
 * The results of tasks, one for each item. Each iteration starts the tasks anew, at its first
 * `next`.
 * @throws RangeError for wrong options; TypeError for anything but a function
 */
export function streamOf<Item, Value>(
  self: Process,
  work: Work<Item, Value>,
  options: TaskStreamOptions,
): AsyncIterable<TaskResult<Value>> {
  assertFunction(work.fn);
  const { parallelism } = cellOfProcess(self, 'parent').runtime;
  const rules = rulesOf(options, parallelism);
  return { [Symbol.asyncIterator]: () => iterate(parentOf(self), work, rules) };
}

async function* iterate<Item, Value>(
  owner: Cell,
  work: Work<Item, Value>,
  rules: StreamRules,
): AsyncGenerator<TaskResult<Value>, void, undefined> {
  const iteration = new TaskIteration(owner, work as Work<unknown, unknown>, rules);
  try {
    for (let next = await iteration.next(); next !== undefined; next = await iteration.next()) {
      yield next as TaskResult<Value>;
    }
  } finally {
    await iteration.close();
  }
}

function rulesOf(options: TaskStreamOptions, parallelism: number): StreamRules {
  const { maxConcurrency = parallelism, ordered = true, timeout = 5000 } = options;
  const { onTimeout = 'exit', zipInputOnExit = false } = options;
  if (maxConcurrency !== Infinity && !(Number.isInteger(maxConcurrency) && maxConcurrency > 0)) {
    throw new RangeError(
      `Expected maxConcurrency to be a whole number above 0 or Infinity, got ${describe(maxConcurrency)}`,
    );
  }
  assertTimeout(timeout);
  assertOneOf('Expected onTimeout to be', onTimeout, ['exit', 'killTask']);
  return { maxConcurrency, ordered, timeout, onTimeout, zipInputOnExit };
}
