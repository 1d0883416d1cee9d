import { createSystem, GenServer } from '@reprise/actor';

import { measureHeap } from '../../measure/heap.ts';
import { counter } from '../counter/reprise.ts';

const system = createSystem();

await measureHeap({
  start: () => GenServer.start(system, counter, 0),
  ask: (server) => GenServer.call(server, 'add', 1),
});
await system.stop();
