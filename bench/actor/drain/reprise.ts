import { createSystem, GenServer } from '@reprise/actor';

import { amount, print } from '../../measure/sample.ts';
import { counter } from '../counter/reprise.ts';

const lengths = 10;
const system = createSystem({ highWaterMark: Infinity });
// Keeps one server alive all the time, as a service does. When a full garbage collection finds
// none, V8 drops the shape of servers and the code compiled for it, and does not compile it again.
const bystander = await GenServer.start(system, counter, 0);
let sent = 0;
let handled = 0;

/** The seconds that a server takes to handle everything in a mailbox of this length. */
async function drain(length: number): Promise<number> {
  globalThis.gc?.();
  const server = await GenServer.start(system, counter, 0);
  for (let waiting = 0; waiting < length; waiting++) {
    GenServer.cast(server, 'add', 1);
  }
  const from = performance.now();
  handled += await GenServer.call(server, 'add', 0, { timeout: Infinity });
  const seconds = (performance.now() - from) / 1000;
  await GenServer.stop(server);
  sent += length;
  return seconds;
}

// V8 compiles the code before the measurement.
await drain(amount / lengths);
const times: number[] = [];
for (let tenth = 1; tenth <= lengths; tenth++) {
  times.push(await drain((amount * tenth) / lengths));
}
const [shortest = 0, longest = 0] = [times[0], times.at(-1)];
print({
  sent,
  handled,
  readings: {
    ...Object.fromEntries(times.map((seconds, at) => [`${at + 1}`, seconds])),
    growth: longest / lengths / shortest,
  },
});
await GenServer.stop(bystander);
await system.stop();
