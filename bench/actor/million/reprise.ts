import { createSystem, GenServer } from '@reprise/actor';

import { measureLife } from '../../measure/life.ts';
import { counter } from '../counter/reprise.ts';

const system = createSystem();

await measureLife({
  start: () => GenServer.start(system, counter, 0),
  ask: (server) => GenServer.call(server, 'add', 1),
  stop: (server) => GenServer.stop(server),
});
await system.stop();
