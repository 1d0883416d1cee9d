import { createActor } from 'xstate';

import { measureHeap } from '../../measure/heap.ts';
import { counter } from '../counter/xstate.ts';

await measureHeap({
  start: () => createActor(counter).start(),
  ask(actor) {
    actor.send({ type: 'add', by: 1 });
    return actor.getSnapshot().context.count;
  },
});
