import { createSystem, GenServer } from '@reprise/actor';

import { measureRate } from '../../measure/rate.ts';
import { counter } from '../counter/reprise.ts';

const batch = 1000;
const system = createSystem();
const server = await GenServer.start(system, counter, 0);

await measureRate({
  batch,
  async run() {
    for (let asked = 0; asked < batch; asked++) {
      await GenServer.call(server, 'add', 1);
    }
  },
  handled: () => GenServer.call(server, 'add', 0),
});
await system.stop();
