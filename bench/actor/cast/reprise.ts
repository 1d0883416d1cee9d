import { createSystem, GenServer } from '@reprise/actor';

import { measureRate } from '../../measure/rate.ts';
import { counter } from '../counter/reprise.ts';

const batch = 10_000;
const system = createSystem();
const server = await GenServer.start(system, counter, 0);

await measureRate({
  batch,
  async run() {
    for (let sent = 0; sent < batch; sent++) {
      GenServer.cast(server, 'add', 1);
    }
    await GenServer.call(server, 'add', 0);
  },
  handled: () => GenServer.call(server, 'add', 0),
});
await system.stop();
