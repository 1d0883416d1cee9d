import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { putMutant } from './mutants/put-mutant.ts';
import type { WorkerMessage, WorkerTask } from './workers/messages.ts';

// The entry of a worker; elsewhere it does nothing.
if (parentPort !== null) {
  await run(workerData as WorkerTask, parentPort);
}

/** Loads the model and the code that runs it last: a mutant has to be in the sources before. */
async function run(task: WorkerTask, port: MessagePort): Promise<void> {
  const isTouched = task.mutant === undefined ? () => true : putMutant(task.mutant);
  const { work } = await import('./workers/work.ts');
  await work(task, port);
  if (!isTouched()) {
    port.postMessage({ type: 'untouched' } satisfies WorkerMessage);
  }
  port.postMessage({ type: 'done' } satisfies WorkerMessage);
}
