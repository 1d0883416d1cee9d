import { exit, isAlive, kill, type Pid, Supervisor } from '@reprise/actor';

import { measureCurve, type Sized } from '../../measure/curve.ts';
import { idleSpec, nextUp, system } from '../idle/reprise.ts';

const extra = idleSpec('extra');

await measureCurve(async (size): Promise<Sized> => {
  const supervisor = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    maxRestarts: 10_000,
    children: Array.from({ length: size }, (_, at) => idleSpec(String(at))),
  });
  return {
    async round(laps, at) {
      const child = (await Supervisor.startChild(supervisor, extra)) as Pid;
      laps.lap('startChild');
      await Supervisor.terminateChild(supervisor, 'extra');
      laps.lap('terminateChild');
      const deleted = await Supervisor.deleteChild(supervisor, 'extra');
      laps.lap('deleteChild');
      if (at % 10 === 0) {
        // A child far from the last one.
        const victim = Supervisor.child(supervisor, String((at * 7919) % size));
        const next = nextUp();
        laps.start();
        exit(system, victim, kill);
        await next;
        laps.lap('restart');
      }
      return deleted === 'ok' && !isAlive(child);
    },
    async list(laps) {
      laps.start();
      const { length } = await Supervisor.whichChildren(supervisor);
      laps.lap('whichChildren', length);
      return length;
    },
    stop: () => Supervisor.stop(supervisor),
  };
});
await system.stop();
