import { expect, test } from '@jest/globals';
import {
  crash,
  DynamicSupervisor,
  exit,
  kill,
  type Pid,
  shutdown,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { type PastTree, record } from '../../src/index.ts';
import { anySlowStep, playSlow, startSlow } from '../support/slow-tree.ts';
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

test('has no child of a supervisor that was killed while it started one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anySlowStep, { minLength: 1, maxLength: 20 }), async (steps) => {
      const system = createTestSystem();
      const recording = record(system);
      const app = await startSlow(system);
      for (const step of steps) {
        await playSlow(system, app, step);
      }
      await advance(system, 60_000);
      const [tree, ...others] = recording.at(system.clock.now());
      expect(others).toStrictEqual([]);
      expect(tree && past(tree)).toStrictEqual(present(Supervisor.tree(app)));
      await system.stop();
      expect(recording.at(system.clock.now())).toStrictEqual([]);
    }),
    { numRuns: 150 },
  );
});
