import { createSystem, GenServer, isAlive } from '@reprise/actor';

import { measureRate } from '../../measure/rate.ts';
import { counter } from '../counter/reprise.ts';

const batch = 1000;
const system = createSystem();
let stopped = 0;

await measureRate({
  batch,
  async run() {
    for (let started = 0; started < batch; started++) {
      const server = await GenServer.start(system, counter, 0);
      await GenServer.stop(server);
      stopped += isAlive(server) ? 0 : 1;
    }
  },
  handled: () => stopped,
});
await system.stop();
