import { type Process, spawn } from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

/** One run of a model that has one node. */
export interface Play {
  /** Runs as a process of the node; its last wait is longer than all other activity. */
  drive(): Promise<void>;
  /** Called after each step; throws an error if a rule is broken. */
  check(): void;
  /** Called when nothing is left to happen. */
  settled(): void;
}

/** Runs one to its end. An error of its driver fails the run. */
export async function play(sim: Simulation, begin: (driver: Process) => Play): Promise<void> {
  let end: PromiseSettledResult<Play> | undefined;
  sim.node('node', ({ system }) => {
    spawn(system, async (driver) => {
      const begun = begin(driver);
      sim.always(() => {
        begun.check();
      });
      const driven = begun.drive().then(() => begun);
      [end] = await Promise.allSettled([driven]);
    });
  });
  await sim.run({ until: () => end !== undefined });
  if (end?.status === 'rejected') {
    throw end.reason;
  }
  end?.value.settled();
}
