import { createActor } from 'xstate';

import { measureRate } from '../../measure/rate.ts';
import { counter } from '../counter/xstate.ts';

const batch = 10_000;
const actor = createActor(counter).start();

await measureRate({
  batch,
  // It has handled an event when `send` returns.
  run() {
    for (let sent = 0; sent < batch; sent++) {
      actor.send({ type: 'add', by: 1 });
    }
  },
  handled: () => actor.getSnapshot().context.count,
});
actor.stop();
