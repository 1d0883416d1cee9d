import {
  type ChildSpec,
  crash,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  ok,
  processes,
  type Restart,
  shutdown,
  spawnLink,
  stop,
  Supervisor,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { advance, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { start } from './tree.ts';

/** A step of a tree whose children take their time to start. `n` chooses the process or child. */
export interface SlowStep {
  readonly what: 'kill' | 'crash' | 'end' | 'job' | 'child' | 'failing';
  readonly n: number;
  /** How much time passes after it, in ms. */
  readonly ms: number;
}

export const anySlowStep: fc.Arbitrary<SlowStep> = fc.record({
  what: fc.constantFrom('kill', 'crash', 'end', 'job', 'child', 'failing'),
  n: fc.nat(20),
  ms: fc.constantFrom(0, 1, 50, 300, 400_000),
});

interface Job {
  /** How long its start takes. */
  readonly ms: number;
  readonly fails: boolean;
}

/** With a helper that is no child. */
const slow = GenServer.define({
  init: async ({ ms, fails }: Job, self) => {
    if (ms > 0) {
      spawnLink(self, (helper) => helper.receive());
      await new Promise<void>((resolve) => {
        self.system.clock.setTimeout(resolve, ms);
      });
    }
    return fails ? stop(crash('no database')) : ok(0);
  },
});

const slowChild = (id: string, ms: number, restart: Restart, fails = false): ChildSpec =>
  GenServer.childSpec(slow, { ms, fails }, { id, restart });

/** With a supervisor `sub` and a dynamic one, `jobs`. */
export async function startSlow(system: TestSystem): Promise<Supervisor.Pid> {
  const sub = {
    id: 'sub',
    strategy: 'restForOne',
    maxRestarts: 100,
    children: [slowChild('a', 200, 'permanent'), slowChild('b', 0, 'transient')],
  } as const;
  const starting = start(system, [
    Supervisor.childSpec(sub),
    DynamicSupervisor.childSpec({ id: 'jobs' }),
  ]);
  await advance(system, 1000);
  return starting;
}

/** Waits for no start: supervisors end within starts. */
export async function playSlow(
  system: TestSystem,
  app: Supervisor.Pid,
  { what, n, ms }: SlowStep,
): Promise<void> {
  const all = processes(system).slice(2);
  const target = all[n % Math.max(1, all.length)];
  const jobs = supervisorInfo(app)?.children.find(({ id }) => id === 'jobs')?.pid;
  const restart = (['permanent', 'transient', 'temporary'] as const)[n % 3] ?? 'permanent';
  const time = [0, 100, 500][n % 3] ?? 0;
  const spec = slowChild(`${what} ${n % 3}`, time, restart, what === 'failing');
  if (what === 'kill' || what === 'crash' || what === 'end') {
    const reason = { kill, crash: crash('boom'), end: shutdown }[what];
    exit(system, target ?? app, reason);
  } else if (what === 'child') {
    void Supervisor.startChild(app, spec).catch(() => undefined);
  } else if (jobs !== undefined) {
    void DynamicSupervisor.startChild(jobs as never, spec).catch(() => undefined);
  }
  await advance(system, ms);
}
