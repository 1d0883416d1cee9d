import { expect, test } from '@jest/globals';
import {
  type ChildSpec,
  crash,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  ok,
  type Pid,
  processes,
  type Restart,
  shutdown,
  stop,
  Supervisor,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { type PastTree, record } from '../../src/index.ts';
import { child, start } from '../support/tree.ts';

type Noted = readonly [id: string, pid: number | undefined, children: readonly Noted[]];

const inOrder = (nodes: readonly Noted[]): readonly Noted[] =>
  nodes.toSorted((a, b) => `${a[0]} ${a[1]}`.localeCompare(`${b[0]} ${b[1]}`));

/** A tree as the recording has it, and as the supervisors themselves say. */
const past = ({ id, pid, children }: PastTree): Noted => [id, pid, inOrder(children.map(past))];
const present = ({ id, name, pid, children }: Supervisor.Tree): Noted => [
  id ?? name ?? '',
  pid?.id,
  inOrder(children.map(present)),
];

/** Something that happens to the tree. `n` chooses the process. */
interface Step {
  readonly what: 'crash' | 'normal' | 'kill' | 'start' | 'stop' | 'restart' | 'delete' | 'job';
  readonly n: number;
  /** How much time passes after it, in ms. */
  readonly ms: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('crash', 'normal', 'kill', 'start', 'stop', 'restart', 'delete', 'job'),
  n: fc.nat(20),
  ms: fc.integer({ min: 1001, max: 400_000 }),
});

/** All processes below. */
const below = ({ children }: Supervisor.Tree): readonly Supervisor.Tree[] =>
  children.flatMap((one) => [one, ...below(one)]);

async function play(system: TestSystem, app: Supervisor.Pid, { what, n }: Step): Promise<void> {
  const all = below(Supervisor.tree(app)).filter(({ pid }) => pid !== undefined);
  const target = all[n % Math.max(1, all.length)]?.pid as Pid;
  const id = `extra ${n % 3}`;
  switch (what) {
    case 'crash':
    case 'normal':
    case 'kill':
      exit(system, target, { crash: crash('boom'), normal: shutdown, kill }[what]);
      break;
    case 'start':
      await Supervisor.startChild(
        app,
        child(id, { restart: n % 2 === 0 ? 'permanent' : 'temporary' }),
      ).catch(() => undefined);
      break;
    case 'stop':
      await Supervisor.terminateChild(app, id);
      break;
    case 'restart':
      await Supervisor.restartChild(app, id).catch(() => undefined);
      break;
    case 'delete':
      await Supervisor.deleteChild(app, id);
      break;
    default:
      await startJob(app);
  }
  await settle(system);
}

async function startJob(app: Supervisor.Pid): Promise<void> {
  const jobs = Supervisor.child(app, 'jobs');
  await DynamicSupervisor.startChild(jobs as never, child('job', { restart: 'transient' }));
}

test('OBS-H08 the tree of each time in the record is the one that was noted then', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 1, maxLength: 25 }),
      fc.constantFrom('oneForOne', 'oneForAll', 'restForOne'),
      async (steps, strategy) => {
        const system = createTestSystem();
        const recording = record(system);
        const sub = {
          id: 'sub',
          strategy,
          maxRestarts: 1,
          children: [child('a'), child('b')],
        } as const;
        const app = await start(
          system,
          [child('c'), Supervisor.childSpec(sub), DynamicSupervisor.childSpec({ id: 'jobs' })],
          { strategy },
        );
        const noted: [time: number, tree: Noted][] = [];
        for (const step of steps) {
          await play(system, app, step);
          noted.push([system.clock.now(), present(Supervisor.tree(app))]);
          await advance(system, step.ms);
        }
        const { since } = recording;
        for (const [time, tree] of noted.filter(([at]) => at >= since)) {
          expect([time, recording.at(time).map(past)]).toStrictEqual([time, [tree]]);
        }
        await system.stop();
        expect(recording.at(system.clock.now())).toStrictEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});

/** A step of a tree whose children take their time to start. */
interface SlowStep {
  readonly what: 'kill' | 'crash' | 'job' | 'child' | 'failing';
  readonly n: number;
  /** How much time passes after it, in ms. */
  readonly ms: number;
}

const anySlowStep: fc.Arbitrary<SlowStep> = fc.record({
  what: fc.constantFrom('kill', 'crash', 'job', 'child', 'failing'),
  n: fc.nat(20),
  ms: fc.constantFrom(0, 1, 50, 300),
});

/** Its start takes so many ms, and then it may fail. */
const slow = GenServer.define({
  init: async ({ ms, fails }: { ms: number; fails: boolean }, self) => {
    if (ms > 0) {
      await new Promise<void>((resolve) => {
        self.system.clock.setTimeout(resolve, ms);
      });
    }
    return fails ? stop(crash('no database')) : ok(0);
  },
});

const slowChild = (id: string, ms: number, restart: Restart, fails = false): ChildSpec =>
  GenServer.childSpec(slow, { ms, fails }, { id, restart });

/** It waits for no start: supervisors end within starts. */
async function playSlow(system: TestSystem, app: Supervisor.Pid, step: SlowStep): Promise<void> {
  const { what, n, ms } = step;
  const all = processes(system).filter((pid) => pid !== system.pid && pid !== (app as Pid));
  const target = all[n % Math.max(1, all.length)];
  const above = supervisorInfo(app)?.children.find(({ id }) => id === 'jobs')?.pid;
  const spec = slowChild(
    `${what} ${n % 3}`,
    [0, 100, 500][n % 3] ?? 0,
    n % 2 === 0 ? 'permanent' : 'temporary',
    what === 'failing',
  );
  if (what === 'kill' || what === 'crash') {
    exit(system, target ?? app, what === 'kill' ? kill : crash('boom'));
  } else if (what === 'child') {
    void Supervisor.startChild(app, spec).catch(() => undefined);
  } else if (above !== undefined) {
    void DynamicSupervisor.startChild(above as never, spec).catch(() => undefined);
  }
  await advance(system, ms);
}

test('has no child of a supervisor that was killed while it started one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anySlowStep, { minLength: 1, maxLength: 20 }),
      fc.constantFrom('oneForOne', 'oneForAll', 'restForOne'),
      async (steps, strategy) => {
        const system = createTestSystem();
        const recording = record(system);
        const children = [slowChild('a', 200, 'permanent'), slowChild('b', 0, 'transient')];
        const sub = { id: 'sub', strategy, maxRestarts: 100, children } as const;
        const starting = start(
          system,
          [Supervisor.childSpec(sub), DynamicSupervisor.childSpec({ id: 'jobs' })],
          { strategy },
        );
        await advance(system, 1000);
        const app = await starting;
        for (const step of steps) {
          await playSlow(system, app, step);
        }
        await advance(system, 60_000);
        const [tree, ...others] = recording.at(system.clock.now());
        expect(others).toStrictEqual([]);
        expect(tree && past(tree)).toStrictEqual(present(Supervisor.tree(app)));
        await system.stop();
        expect(recording.at(system.clock.now())).toStrictEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
