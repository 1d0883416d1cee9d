/**
 * How many bytes 500 starts and ends take in a system that was never watched, and in one that was
 * watched before: outside of jest, whose own objects would count.
 */
import { createSystem, spawn, type System } from '@reprise/actor';
import { watch } from '@reprise/actor/inspect';
import { settle } from '@reprise/actor/testing';

import { collectGarbage } from '../support/garbage.ts';

async function bytes(system: System): Promise<number> {
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 500; index++) {
    spawn(system, () => {});
  }
  await settle(system);
  return process.memoryUsage().heapUsed - before;
}

const [never, once] = [
  createSystem({ slowCallback: Infinity }),
  createSystem({ slowCallback: Infinity }),
];
watch(once, { started: () => {}, ended: () => {} })();
for (let warmUp = 0; warmUp < 100; warmUp++) {
  await bytes(never);
  await bytes(once);
}
const [one, other]: [number[], number[]] = [[], []];
for (let round = 0; round < 41; round++) {
  one.push(await bytes(never));
  other.push(await bytes(once));
}
// The median: now and then the runtime itself makes some objects.
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[20] ?? 0;
console.log(median(one) / median(other));
await Promise.all([never.stop(), once.stop()]);
