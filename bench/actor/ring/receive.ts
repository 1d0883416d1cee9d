import { createSystem, type Pid, type Receiver, send, spawn } from '@reprise/actor';

import { measureRate } from '../../measure/rate.ts';

const processes = 1000;
const batch = 100_000;
let hops = 0;
let arrived = Promise.withResolvers<void>();

type Message = number | Pid<Message>;

async function link(self: Receiver<Message>, first?: Pid<Message>): Promise<never> {
  const next = first ?? ((await self.receive()) as Pid<Message>);
  for (;;) {
    const left = (await self.receive()) as number;
    if (left > 0) {
      send(next, left - 1);
    } else {
      arrived.resolve();
    }
  }
}

const system = createSystem();
const last = spawn<Message>(system, (self) => link(self));
let first = last;
for (let spawned = 1; spawned < processes; spawned++) {
  const next = first;
  first = spawn<Message>(system, (self) => link(self, next));
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
