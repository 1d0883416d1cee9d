import { isAlive, Supervisor } from '@reprise/actor';

import { Laps } from '../../measure/laps.ts';
import { amount, print } from '../../measure/sample.ts';
import { idleSpec, system } from '../idle/reprise.ts';

const trees = 5;
const specs = Array.from({ length: amount }, (_, at) => idleSpec(String(at)));

/** Starts a tree and stops it. Returns how many children ran, and how many of them ended. */
async function once(laps: Laps): Promise<number> {
  laps.start();
  const supervisor = await Supervisor.startLink(system, { strategy: 'oneForOne', children: specs });
  laps.lap('start');
  const { active } = await Supervisor.countChildren(supervisor);
  const children = await Supervisor.whichChildren(supervisor);
  const pids = children.map(({ pid }) => pid).filter((pid) => typeof pid === 'object');
  laps.start();
  await Supervisor.stop(supervisor);
  laps.lap('stop');
  return active + pids.filter((pid) => !isAlive(pid)).length;
}

let laps = new Laps();
// V8 compiles the code before the measurement.
for (let warmUp = 0; warmUp < trees; warmUp++) {
  await once(laps);
}
laps = new Laps();
let handled = 0;
for (let tree = 0; tree < trees; tree++) {
  globalThis.gc?.();
  handled += await once(laps);
}
print({ sent: 2 * trees * amount, handled, readings: Object.fromEntries(laps.medians) });
await system.stop();
