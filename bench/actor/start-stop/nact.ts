import { spawn, start, stop } from 'nact';

import { measureRate } from '../../measure/rate.ts';

const batch = 1000;
const system = start();
let stopped = 0;
let everyone: PromiseWithResolvers<void>;

/** Runs once the actor has stopped, from a task of its own. */
function afterStop(): void {
  stopped += 1;
  if (stopped % batch === 0) {
    everyone.resolve();
  }
}

await measureRate({
  batch,
  async run() {
    everyone = Promise.withResolvers();
    for (let started = 0; started < batch; started++) {
      // With a name: nact's own are random and can clash.
      stop(
        spawn(system, (count: number) => count, `idle-${started}`, { initialState: 0, afterStop }),
      );
    }
    await everyone.promise;
  },
  handled: () => stopped,
});
stop(system);
