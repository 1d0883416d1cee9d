/**
 * How much garbage 100 looks at 10,000 processes leave, in bytes: outside of jest, whose own
 * objects would count.
 */
import { createSystem, GenServer, ok } from '@reprise/actor';
import { sample } from '@reprise/actor/inspect';

import { collectGarbage } from '../support/garbage.ts';

const idle = GenServer.define({ init: (n: number) => ok(n) });
const system = createSystem();
for (let index = 0; index < 10_000; index++) {
  await GenServer.start(system, idle, index);
}
const look = sample(system);
// Until the code is optimized.
for (let count = 0; count < 300; count++) {
  sample(system, look);
}
await collectGarbage();
const before = process.memoryUsage().heapUsed;
for (let count = 0; count < 100; count++) {
  sample(system, look);
}
console.log(process.memoryUsage().heapUsed - before);
await system.stop();
