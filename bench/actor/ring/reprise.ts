import { createSystem, GenServer, noreply, ok, type Pid, send } from '@reprise/actor';

import { measureRate } from '../../measure/rate.ts';

/** The number of hops that are left, or the next process of the ring. */
type Message = number | Pid<Message>;

const processes = 1000;
const batch = 100_000;
let hops = 0;
let arrived = Promise.withResolvers<void>();

const link = GenServer.define({
  init: (next: Pid<Message> | undefined) => ok(next),
  handleInfo: (message: Message, next) => {
    if (typeof message === 'object') {
      return noreply(message);
    }
    if (message > 0 && next !== undefined) {
      send(next, message - 1);
    } else {
      arrived.resolve();
    }
    return noreply(next);
  },
});

const system = createSystem();
const last = await GenServer.start(system, link, undefined);
let first: Pid<Message> = last;
for (let started = 1; started < processes; started++) {
  first = await GenServer.start(system, link, first);
}
send(last, first);

await measureRate({
  batch,
  async run() {
    arrived = Promise.withResolvers();
    send(first, batch - 1);
    await arrived.promise;
    hops += batch;
  },
  handled: () => hops,
});
await system.stop();
