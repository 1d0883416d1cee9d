import process from 'node:process';

import { createSystem } from '@reprise/actor';
import { Workers } from '@reprise/cluster/workers';

/** Starts itself as a worker. The worker says whether it is watched, and its parent answers. */
if (process.env['REPRISE_WORKER'] === undefined) {
  await startWorker();
} else {
  process.on('message', () => undefined);
  process.send?.(process.env['WATCH_REPORT_DEPENDENCIES'] ?? 'not watched');
}

async function startWorker(): Promise<void> {
  const system = createSystem();
  const program = new URL(import.meta.url);
  const onMessage = (message: unknown, { send }: Workers.Sender): void => {
    console.log(message);
    for (const answer of [undefined, 10n, Symbol('x'), 'good']) {
      try {
        send(answer);
      } catch (error) {
        console.log(String(error));
      }
    }
    void system.stop();
  };
  await Workers.startLink(system, { program, count: 1, onMessage });
}
