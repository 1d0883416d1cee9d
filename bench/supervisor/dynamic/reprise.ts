import { DynamicSupervisor, exit, isAlive, kill, type Pid } from '@reprise/actor';

import { measureCurve, type Sized } from '../../measure/curve.ts';
import { idleSpec, nextUp, system } from '../idle/reprise.ts';

const spec = idleSpec('idle');

await measureCurve(async (size): Promise<Sized> => {
  const supervisor = await DynamicSupervisor.startLink(system, { maxRestarts: 10_000 });
  const pids: Pid[] = [];
  for (let started = 0; started < size; started++) {
    pids.push((await DynamicSupervisor.startChild(supervisor, spec)) as Pid);
  }
  return {
    async round(laps, at) {
      const child = (await DynamicSupervisor.startChild(supervisor, spec)) as Pid;
      laps.lap('startChild');
      await DynamicSupervisor.terminateChild(supervisor, child);
      laps.lap('terminateChild');
      if (at % 10 === 0) {
        // A child far from the last one.
        const victim = (at * 7919) % size;
        const next = nextUp();
        laps.start();
        exit(system, pids[victim] as Pid, kill);
        pids[victim] = await next;
        laps.lap('restart');
        const { active } = await DynamicSupervisor.countChildren(supervisor);
        laps.lap('countChildren');
        return active === size;
      }
      return !isAlive(child);
    },
    async list(laps) {
      laps.start();
      const { length } = await DynamicSupervisor.whichChildren(supervisor);
      laps.lap('whichChildren', length);
      return length;
    },
    stop: () => DynamicSupervisor.stop(supervisor),
  };
});
await system.stop();
