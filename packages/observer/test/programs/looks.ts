/**
 * How much garbage 100 looks at 10,000 processes leave, in bytes: outside of jest, whose own
 * objects would count.
 */
import { createSystem, spawn } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

import { look } from '../../src/index.ts';
import { collectGarbage } from '../support/garbage.ts';

const system = createSystem();
for (let count = 0; count < 10_000; count++) {
  spawn(system, (self) => self.receive());
}
await settle(system);
// Until the code is optimized.
for (let count = 0; count < 300; count++) {
  look(system);
}
await collectGarbage();
const before = process.memoryUsage().heapUsed;
for (let count = 0; count < 100; count++) {
  look(system);
}
console.log(process.memoryUsage().heapUsed - before);
await system.stop();
