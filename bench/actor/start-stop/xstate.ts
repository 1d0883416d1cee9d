import { createActor } from 'xstate';

import { measureRate } from '../../measure/rate.ts';
import { counter } from '../counter/xstate.ts';

const batch = 1000;
let stopped = 0;

await measureRate({
  batch,
  run() {
    for (let started = 0; started < batch; started++) {
      const actor = createActor(counter).start();
      actor.stop();
      stopped += actor.getSnapshot().status === 'stopped' ? 1 : 0;
    }
  },
  handled: () => stopped,
});
