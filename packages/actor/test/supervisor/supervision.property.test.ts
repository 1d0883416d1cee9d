import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { expect, test } from '@jest/globals';
import {
  type ChildSpec,
  childSpec,
  crash,
  exit,
  ExitError,
  type ExitReason,
  GenServer,
  ignore,
  isAlive,
  kill,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  processes,
  type Restart,
  shutdown,
  stop,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import * as fc from 'fast-check';

import { elapse } from '../support/outcome.ts';
import { idleProcess } from '../support/processes.ts';

const { terminateChild, restartChild, deleteChild } = Supervisor;
const ask = { terminateChild, restartChild, deleteChild };

/** The behaviour of a worker, generated in advance. */
interface WorkerPlan {
  readonly type: 'worker';
  readonly restart: Restart;
  readonly isSignificant: boolean;
  readonly traps: boolean;
  readonly hasName: boolean;
  /** The outcomes of its starts, one after the other; every start after these runs. */
  readonly starts: readonly ('runs' | 'fails' | 'ignores')[];
  readonly startTime: number;
  /** How long `terminate` takes: `Infinity` until it is killed. */
  readonly endTime: number;
  readonly shutdown: number | 'brutalKill';
  readonly delay: number | undefined;
}

interface SupervisorPlan {
  readonly type: 'supervisor';
  readonly restart: Restart;
  readonly isSignificant: boolean;
  readonly strategy: Supervisor.Strategy;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly autoShutdown: Supervisor.AutoShutdown;
  readonly children: readonly Plan[];
}

type Plan = WorkerPlan | SupervisorPlan;

const restarts = fc.constantFrom<Restart>('permanent', 'permanent', 'transient', 'temporary');

/** The outcome of a start: `runs` in `often` of `often` + 2 cases. */
function usuallyRuns(often: number): fc.Arbitrary<WorkerPlan['starts'][number]> {
  return fc.oneof(
    { weight: often, arbitrary: fc.constant('runs' as const) },
    { weight: 2, arbitrary: fc.constantFrom('fails' as const, 'ignores' as const) },
  );
}

const workerPlans: fc.Arbitrary<WorkerPlan> = fc.record({
  type: fc.constant('worker' as const),
  restart: restarts,
  isSignificant: fc.boolean(),
  traps: fc.boolean(),
  hasName: fc.boolean(),
  starts: fc
    .tuple(usuallyRuns(20), fc.array(usuallyRuns(3), { maxLength: 5 }))
    .map(([first, others]) => [first, ...others]),
  startTime: fc.constantFrom(0, 0, 10),
  endTime: fc.constantFrom(0, 0, 20, Infinity),
  shutdown: fc.constantFrom(50, 50, 'brutalKill' as const),
  delay: fc.constantFrom(undefined, undefined, undefined, 30),
});

const supervisorPlans = fc.letrec<{ readonly supervisor: SupervisorPlan; readonly any: Plan }>(
  (tie) => ({
    any: fc.oneof({ maxDepth: 2, withCrossShrink: true }, workerPlans, tie('supervisor')),
    supervisor: fc.record({
      type: fc.constant('supervisor'),
      restart: restarts,
      isSignificant: fc.boolean(),
      strategy: fc.constantFrom('oneForOne', 'oneForAll', 'restForOne'),
      maxRestarts: fc.integer({ min: 0, max: 6 }),
      maxSeconds: fc.integer({ min: 1, max: 5 }),
      autoShutdown: fc.constantFrom('never', 'never', 'anySignificant', 'allSignificant'),
      children: fc.array(tie('any'), { minLength: 1, maxLength: 4 }),
    }),
  }),
).supervisor;

/** A disturbance of the tree. `index` counts modulo the number of processes at that moment. */
type Fault =
  | { readonly type: 'end'; readonly index: number; readonly reason: ExitReason }
  | { readonly type: 'killSupervisor'; readonly index: number }
  | {
      readonly type: 'ask';
      readonly index: number;
      readonly child: number;
      readonly request: Request;
    }
  | { readonly type: 'add'; readonly index: number; readonly plan: WorkerPlan }
  | { readonly type: 'wait'; readonly ms: number };

type Request = 'terminateChild' | 'restartChild' | 'deleteChild';

const reasons = [normal, shutdown, crash('boom'), kill, kill];

const faults: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('end'),
      index: fc.nat(),
      reason: fc.constantFrom(...reasons),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('killSupervisor'), index: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('ask'),
      index: fc.nat(),
      child: fc.nat(),
      request: fc.constantFrom<Request>('terminateChild', 'restartChild', 'deleteChild'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('add'), index: fc.nat(), plan: workerPlans }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait'), ms: fc.nat(400) }) },
);

/** One supervisor, from its start to its end. */
interface Incarnation {
  readonly plan: SupervisorPlan;
  readonly path: string;
  readonly pid: Pid;
  /**
   * All attempts to start a child, the restarts included: the place of the child, and the time.
   */
  readonly tried: { readonly index: number; readonly at: number }[];
  /** The times of the restarts that it has published. */
  readonly restarts: number[];
  /** Whether a request has changed its children. */
  isTouched: boolean;
}

interface Alive {
  readonly path: string;
  readonly plan: WorkerPlan;
  /** Its number in the order of all starts. */
  readonly turn: number;
}

/** A tree on virtual time, and a record of its events. */
class World {
  readonly system: TestSystem = createTestSystem();
  readonly alive: Map<Pid, Alive> = new Map();
  readonly supervisors: Map<Pid, Incarnation> = new Map();
  readonly terminating: string[] = [];
  readonly wrong: string[] = [];
  readonly #starts: Map<string, WorkerPlan['starts'][number][]> = new Map();
  #turns = 0;
  #added = 0;

  get now(): number {
    return this.system.clock.now();
  }

  startsOf(path: string, { starts }: WorkerPlan): WorkerPlan['starts'][number][] {
    const left = this.#starts.get(path) ?? [...starts];
    this.#starts.set(path, left);
    return left;
  }

  /** A worker has started: no other may run in its place. */
  began(path: string, plan: WorkerPlan, self: Process): void {
    if (self.signal.aborted) {
      // It was killed in its init, whose code runs on.
      return;
    }
    for (const other of this.alive.values()) {
      if (other.path === path) {
        this.wrong.push(`${path} runs twice`);
      }
    }
    this.alive.set(self.pid, { path, plan, turn: this.#turns });
    this.#turns += 1;
    self.signal.addEventListener('abort', () => this.alive.delete(self.pid));
  }

  startSupervisor(parent: Process, plan: SupervisorPlan, path: string): Promise<Pid | undefined> {
    const children = plan.children.map((child, index) => this.specOf(child, plan, path, index));
    const { strategy, maxRestarts, maxSeconds, autoShutdown } = plan;
    return Supervisor.startLink(parent, {
      strategy,
      maxRestarts,
      maxSeconds,
      autoShutdown,
      children,
    });
  }

  specOf(plan: Plan, parentPlan: SupervisorPlan, parentPath: string, index: number): ChildSpec {
    const path = `${parentPath}.${index}`;
    const { restart } = plan;
    const significant =
      plan.isSignificant && restart !== 'permanent' && parentPlan.autoShutdown !== 'never';
    const start = (parent: Process): Promise<Pid | undefined> => {
      this.#tried(parent, parentPlan, parentPath, index);
      return plan.type === 'worker'
        ? this.#startWorker(parent, plan, path)
        : this.startSupervisor(parent, plan, path);
    };
    const common = { id: String(index), restart, significant, type: plan.type };
    if (plan.type === 'supervisor') {
      return childSpec(start, common);
    }
    const { delay, shutdown: gracePeriod } = plan;
    const restartDelay = delay && { minDelay: delay, maxDelay: 4 * delay, healthyAfter: 100 };
    return childSpec(start, {
      ...common,
      shutdown: gracePeriod,
      ...(restartDelay && { restartDelay }),
    });
  }

  async #startWorker(parent: Process, plan: WorkerPlan, path: string): Promise<Pid | undefined> {
    const options = plan.hasName ? { name: path } : {};
    try {
      return await GenServer.startLink(parent, worker, { world: this, path, plan }, options);
    } catch (error) {
      if (error instanceof ExitError && error.reason.type === 'alreadyStarted') {
        this.wrong.push(`the name ${path} is not free`);
      }
      throw error;
    }
  }

  #tried(parent: Process, plan: SupervisorPlan, path: string, index: number): void {
    const { pid } = parent;
    const incarnation: Incarnation = this.supervisors.get(pid) ?? {
      plan,
      path,
      pid,
      tried: [],
      restarts: [],
      isTouched: false,
    };
    this.supervisors.set(pid, incarnation);
    incarnation.tried.push({ index, at: this.now });
  }

  add(supervisor: Incarnation, plan: WorkerPlan): void {
    this.#added += 1;
    const index = 100 + this.#added;
    const spec = this.specOf(plan, supervisor.plan, supervisor.path, index);
    void Supervisor.startChild(supervisor.pid as never, spec).catch(() => {});
  }
}

interface Job {
  readonly world: World;
  readonly path: string;
  readonly plan: WorkerPlan;
}

const worker = GenServer.define({
  init: async ({ world, path, plan }: Job, self) => {
    trapExit(self, plan.traps);
    if (plan.startTime > 0) {
      await elapse(world.system, plan.startTime);
    }
    switch (world.startsOf(path, plan).shift()) {
      case 'fails':
        return stop(crash('no'));
      case 'ignores':
        return ignore;
      default:
        world.began(path, plan, self);
        return ok({ world, path, plan });
    }
  },
  handleCast: { end: (reason: ExitReason, job) => stop(reason, job) },
  handleInfo: (_: unknown, job) => noreply(job),
  terminate: async (_reason, { world, path, plan }) => {
    world.terminating.push(path);
    if (plan.endTime > 0) {
      await elapse(world.system, plan.endTime);
    }
  },
});

function apply(world: World, fault: Exclude<Fault, { readonly type: 'wait' }>): void {
  const supervisors = [...world.supervisors.values()].filter(({ pid }) => isAlive(pid));
  switch (fault.type) {
    case 'end': {
      const pid = pick([...world.alive.keys()], fault.index);
      if (pid !== undefined) {
        end(world, pid, fault.reason);
      }
      break;
    }
    case 'killSupervisor': {
      const victim = pick(supervisors.filter(isBrittle), fault.index);
      if (victim !== undefined) {
        exit(world.system, victim.pid, kill);
      }
      break;
    }
    case 'ask': {
      const asked = pick(supervisors, fault.index);
      const id = asked && pick(asked.tried, fault.child)?.index;
      if (asked !== undefined && id !== undefined) {
        asked.isTouched = true;
        void ask[fault.request](asked.pid as never, String(id)).catch(() => {});
      }
      break;
    }
    case 'add': {
      const asked = pick(supervisors, fault.index);
      if (asked !== undefined) {
        asked.isTouched = true;
        world.add(asked, fault.plan);
      }
      break;
    }
    default:
      fault satisfies never;
  }
}

/** Ends a worker. One that hangs in `terminate` has to be killed. */
function end(world: World, pid: Pid, reason: ExitReason): void {
  if (reason === kill || world.alive.get(pid)?.plan.endTime === Infinity) {
    exit(world.system, pid, kill);
  } else {
    GenServer.cast(pid as GenServer.ServerOf<typeof worker>, 'end', reason);
  }
}

function pick<Value>(values: readonly Value[], index: number): Value | undefined {
  return values[index % values.length];
}

/**
 * Whether all its children end at once when it is killed. A child that traps exits outlives a
 * killed supervisor while its `terminate` runs, and keeps its name, in OTP as well.
 */
function isBrittle({ plan, isTouched }: Incarnation): boolean {
  return !isTouched && plan.children.every((child) => child.type === 'worker' && !child.traps);
}

// The invariants

/** No window has more restarts than it allows, neither of those published nor of those observed. */
function checkIntensity(world: World): void {
  const supervisors = [...world.supervisors.values()];
  const tooMany = supervisors.filter(
    (supervisor) =>
      mostIn(supervisor.plan, supervisor.restarts) > supervisor.plan.maxRestarts ||
      triedAgain(supervisor).some(
        (times) => mostIn(supervisor.plan, times) > supervisor.plan.maxRestarts,
      ),
  );
  expect(tooMany.map(({ path, tried, restarts }) => ({ path, tried, restarts }))).toStrictEqual([]);
}

/**
 * The times of the restarts of children, grouped so that two times of a group are two restarts: all
 * together under `oneForOne`, where each child restarts by itself, otherwise by child. None if
 * requests or delays changed the times.
 */
function triedAgain({ plan, tried, isTouched }: Incarnation): readonly (readonly number[])[] {
  const isDelayed = plan.children.some((child) => child.type === 'worker' && child.delay);
  if (isTouched || isDelayed) {
    return [];
  }
  const again = tried.filter(({ index }, at) => tried.findIndex((one) => one.index === index) < at);
  const groups =
    plan.strategy === 'oneForOne'
      ? [again]
      : plan.children.map((_, child) => again.filter(({ index }) => index === child));
  return groups.map((group) => group.map(({ at }) => at));
}

/** The most of these times that are within one window. */
function mostIn({ maxSeconds }: SupervisorPlan, times: readonly number[]): number {
  const counts = times.map(
    (from) => times.filter((time) => time >= from && time <= from + maxSeconds * 1000).length,
  );
  return Math.max(0, ...counts);
}

/** The first start of each child is after those of the children before it. */
function checkStartOrder(world: World): void {
  for (const { path, plan, tried } of world.supervisors.values()) {
    const first = [...new Set(tried.map(({ index }) => index))].filter(
      (index) => index < plan.children.length,
    );
    expect([path, first]).toStrictEqual([path, first.toSorted((a, b) => a - b)]);
  }
}

/** Under `oneForAll` and `restForOne` no child has run for longer than the children before it. */
function checkGroupOrder(world: World): void {
  for (const { path, pid, plan, isTouched } of world.supervisors.values()) {
    if (isAlive(pid) && !isTouched && plan.strategy !== 'oneForOne') {
      const turns = Supervisor.tree(pid).children.flatMap((child) => {
        const turn = child.pid && world.alive.get(child.pid)?.turn;
        return turn === undefined ? [] : [turn];
      });
      expect([path, turns]).toStrictEqual([path, turns.toSorted((a, b) => a - b)]);
    }
  }
}

/** The running processes are exactly those of the tree. */
function checkNoOrphans(world: World, top: Pid, others: readonly Pid[]): void {
  const inTree = isAlive(top) ? pidsIn(Supervisor.tree(top)) : [];
  const living = processes(world.system).filter((pid) => !others.includes(pid));
  expect(namesOf(living)).toStrictEqual(namesOf(inTree));
}

function pidsIn({ pid, children }: Supervisor.Tree): readonly Pid[] {
  return [...(pid === undefined ? [] : [pid]), ...children.flatMap(pidsIn)];
}

function namesOf(pids: readonly Pid[]): readonly string[] {
  return pids.map(String).toSorted();
}

/** The workers that will run `terminate` at a shutdown, in the reverse of their start order. */
function terminatingInReverse(world: World, node: Supervisor.Tree): readonly string[] {
  const worker = node.pid && world.alive.get(node.pid);
  const runsTerminate = worker?.plan.traps === true && worker.plan.shutdown !== 'brutalKill';
  return [
    ...node.children.toReversed().flatMap((child) => terminatingInReverse(world, child)),
    ...(runsTerminate && worker !== undefined ? [worker.path] : []),
  ];
}

/** Longer than all delays and timeouts of a tree. */
const longestTime = 10_000;

async function runScript(plan: SupervisorPlan, script: readonly Fault[]): Promise<void> {
  const world = new World();
  const onRestart = (message: unknown): void => {
    const { supervisor } = message as { readonly supervisor: Pid };
    world.supervisors.get(supervisor)?.restarts.push(world.now);
  };
  subscribe('reprise:restart', onRestart);
  try {
    await play(world, plan, script);
  } finally {
    unsubscribe('reprise:restart', onRestart);
  }
}

async function play(world: World, plan: SupervisorPlan, script: readonly Fault[]): Promise<void> {
  const { system } = world;
  const parent = await idleProcess(system, { traps: true });
  const others = [system.pid, parent.pid];
  const starting = world.startSupervisor(parent, plan, 'top').catch(() => undefined);
  await advance(system, longestTime);
  const top = await starting;
  if (top === undefined) {
    expect(namesOf(processes(system))).toStrictEqual(namesOf(others));
    return;
  }
  for (const fault of script) {
    await disturb(world, fault);
    checkAlways(world);
  }
  await advance(system, longestTime);
  checkAlways(world);
  checkGroupOrder(world);
  checkNoOrphans(world, top, others);
  const expected = isAlive(top) ? terminatingInReverse(world, Supervisor.tree(top)) : [];
  world.terminating.length = 0;
  exit(parent, top, shutdown);
  await advance(system, longestTime);
  expect(world.terminating).toStrictEqual(expected);
  expect(namesOf(processes(system))).toStrictEqual(namesOf(others));
}

async function disturb(world: World, fault: Fault): Promise<void> {
  if (fault.type === 'wait') {
    await advance(world.system, fault.ms);
    return;
  }
  apply(world, fault);
  // Every other time the next fault happens at the same instant.
  if (fault.index % 2 === 0) {
    await settle(world.system);
  }
}

function checkAlways(world: World): void {
  expect(world.wrong).toStrictEqual([]);
  checkIntensity(world);
  checkStartOrder(world);
}

test('SI01, SR08, SR09, SP01 for any faults in any tree: no orphans, no child twice, names free, order kept, never too many restarts', async () => {
  await fc.assert(
    fc.asyncProperty(supervisorPlans, fc.array(faults, { maxLength: 25 }), runScript),
    {
      numRuns: 500,
    },
  );
}, 60_000);
