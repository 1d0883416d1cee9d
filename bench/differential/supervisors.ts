import {
  type ChildSpec,
  childSpec,
  crash,
  DynamicSupervisor,
  exit,
  ExitError,
  type ExitMessage,
  type ExitReason,
  GenServer,
  ignore,
  isAlive,
  noreply,
  normal,
  type Ok,
  ok,
  type Pid,
  type Process,
  type Receiver,
  spawn,
  stop,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import type { Kind } from './kind.ts';
import { format, reasonNames, reasonOf } from './reasons.ts';
import type { Trace } from './trace.ts';
import { startWatcher } from './watcher.ts';

type Outcome = 'run' | 'ignore' | 'stop' | 'stopNormal' | 'crash' | 'exit';
type Worker = readonly [
  type: 'worker',
  traps: boolean,
  /** The outcomes of its first starts; all others run. */
  plan: readonly Outcome[],
  terminate: 'ok' | 'crash' | 'exit' | 'throw',
];
type Tree = readonly [
  id: string,
  strategy: 'oneForOne' | 'oneForAll' | 'restForOne' | 'dynamic',
  maxRestarts: number,
  autoShutdown: 'never' | 'anySignificant' | 'allSignificant',
  children: readonly Child[],
];
type Child = readonly [
  id: string,
  restart: 'permanent' | 'transient' | 'temporary',
  shutdown: 'brutalKill' | 'wait',
  significant: boolean,
  what: Worker | readonly ['supervisor', Tree],
];
type Step = readonly [name: string, ...args: (string | Child)[]];
type Program = readonly [root: Tree, steps: readonly Step[]];

// Programs

const outcome = fc.constantFrom<Outcome>(
  'run',
  'run',
  'ignore',
  'stop',
  'stopNormal',
  'crash',
  'exit',
);
const worker = workerOf(outcome);

function workerOf(start: fc.Arbitrary<Outcome>): fc.Arbitrary<Worker> {
  const later = fc.array(start, { maxLength: 4 });
  return fc.tuple(
    fc.constant('worker' as const),
    fc.boolean(),
    // The first start usually succeeds: a tree that does not start can do nothing else.
    fc.oneof(
      { weight: 6, arbitrary: later.map((plan) => ['run' as const, ...plan]) },
      { weight: 1, arbitrary: later },
    ),
    fc.constantFrom('ok', 'ok', 'ok', 'crash', 'exit', 'throw'),
  );
}

function child(id: string, what: fc.Arbitrary<Child[4]>): fc.Arbitrary<Child> {
  return fc.tuple(
    fc.constant(id),
    fc.constantFrom('permanent', 'permanent', 'transient', 'temporary'),
    fc.constantFrom('brutalKill', 'wait', 'wait'),
    fc.boolean(),
    what,
  );
}

function tree(id: string, all: readonly fc.Arbitrary<Child>[]): fc.Arbitrary<Tree> {
  return fc
    .tuple(
      fc.constantFrom('oneForOne', 'oneForAll', 'restForOne'),
      fc.nat(3),
      fc.constantFrom('never', 'never', 'anySignificant', 'allSignificant'),
      fc.shuffledSubarray([...all], { minLength: 1 }).chain((some) => fc.tuple(...some)),
    )
    .map(([strategy, maxRestarts, auto, children]) => [
      id,
      strategy,
      maxRestarts,
      auto,
      children.map((each) => asAllowed(each, auto)),
    ]);
}

/**
 * A significant child needs a supervisor with `autoShutdown`, and is not permanent. A supervisor is
 * not killed at its shutdown: its children would then end on their own, in any order.
 */
function asAllowed([id, restart, shutdown, significant, what]: Child, auto: Tree[3]): Child {
  const heeds = significant && auto !== 'never' && restart !== 'permanent';
  return [id, restart, what[0] === 'supervisor' ? 'wait' : shutdown, heeds, what];
}

const supervisor = (of: fc.Arbitrary<Tree>): fc.Arbitrary<Child[4]> =>
  fc.tuple(fc.constant('supervisor' as const), of);

const dynamic: fc.Arbitrary<Tree> = fc
  // OTP 25 crashes when it has to shut down a dynamic child whose restart has answered `ignore`.
  .tuple(fc.nat(3), child('g', workerOf(outcome.filter((each) => each !== 'ignore'))))
  .map(([max, template]) => ['dy', 'dynamic', max, 'never', [asAllowed(template, 'never')]]);
const s2 = tree('s2', [child('f', worker), child('h', worker)]);
const s1 = tree('s1', [child('d', worker), child('e', worker), child('s2', supervisor(s2))]);
const s0 = tree('s0', [
  child('a', worker),
  child('b', worker),
  child('c', worker),
  child('s1', supervisor(s1)),
  child('dy', supervisor(dynamic)),
]);

const supervisors = fc.constantFrom('s0', 's1', 's2');
const workers = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'x');
const anyId = fc.oneof(workers, supervisors);
const reason = fc.constantFrom(...reasonNames);
const step = (name: string, ...args: readonly fc.Arbitrary<string | Child>[]) =>
  fc.tuple(fc.constant(name), ...args) as fc.Arbitrary<Step>;

const steps: fc.Arbitrary<Step> = fc.oneof(
  step('stop', workers, reason),
  step('crash', workers),
  step('throw', workers),
  step('signal', workers, reason, fc.constant('step')),
  // The children of a supervisor that is killed end on their own.
  step('signal', fc.constantFrom('s0', 's1', 's2', 'dy'), reason, fc.constant('step unordered')),
  step('start', fc.constant('dy')),
  step(
    'start',
    supervisors,
    fc
      .oneof(...['a', 'd', 'f', 'x'].map((id) => child(id, worker)))
      .map((each) => asAllowed(each, 'never')),
  ),
  step('terminate', supervisors, anyId),
  step('terminate', fc.constant('dy'), fc.constant('g')),
  step('restart', supervisors, anyId),
  step('delete', supervisors, anyId),
  step('which', fc.oneof(supervisors, fc.constant('dy'))),
  step('count', supervisors),
  step(
    'parent',
    reason.filter((each) => each !== 'kill'),
    fc.constant('step'),
  ),
  step('parent', fc.constant('kill'), fc.constant('step unordered')),
  step('stopSupervisor', fc.oneof(supervisors, fc.constant('dy')), reason),
);

export const supervisorPrograms: Kind<Program> = {
  name: 'supervisors',
  programs: fc.tuple(s0, fc.array(steps, { maxLength: 20, size: 'max' })),
  run: (program) => new World().run(program),
};

// The interpreter

class World {
  readonly #system: TestSystem = createTestSystem();
  readonly #trace: string[] = [];
  /** The latest process of each id. */
  readonly #pids: Map<string, Pid> = new Map();
  readonly #names: Map<Pid, string> = new Map();
  readonly #counts: Map<string, number> = new Map();
  #watch: (name: string, pid: Pid) => void = () => undefined;

  async run([root, all]: Program): Promise<Trace> {
    this.#watch = await startWatcher(this.#system, (event) => this.#trace.push(event));
    const parent = await this.#startParent();
    const started = settled(this.#startTree(root, parent, 'root'));
    await settle(this.#system);
    this.tell('result', `started ${await resultOf(started, () => 'ok')}`);
    this.#trace.push('step');
    for (const [name, ...args] of all) {
      await this.#step(parent, name, args);
    }
    const trace = [...this.#trace];
    await this.#system.stop();
    return trace;
  }

  tell(who: string, event: string): void {
    this.#trace.push(`${who} ${event}`);
  }

  async #startParent(): Promise<Process> {
    const { promise, resolve } = Promise.withResolvers<Process>();
    spawn<ExitMessage>(this.#system, async (self: Receiver<ExitMessage>) => {
      trapExit(self, true);
      resolve(self);
      for (;;) {
        const { reason: why } = await self.receive();
        this.tell('parent', `EXIT ${format(why)}`);
      }
    });
    return promise;
  }

  async #step(parent: Process, name: string, args: readonly (string | Child)[]): Promise<void> {
    const [first = '', second = '', third = ''] = args as readonly string[];
    let mark = 'step';
    if (name === 'signal') {
      this.#signal(this.#system, first, second);
      mark = third;
    } else if (name === 'parent') {
      this.tell('result', this.#signal(parent, 's0', first) ? 'ok' : 'none');
      mark = second;
    } else {
      const result = resultOf(settled(this.#do(name, first, args[1])), String);
      await settle(this.#system);
      this.tell('result', await result);
    }
    await settle(this.#system);
    this.#trace.push(mark);
  }

  /** False when there is no such process. */
  #signal(from: Process, id: string, why: string): boolean {
    const pid = this.#pids.get(id);
    if (pid !== undefined) {
      exit(from, pid, reasonOf(why));
    }
    return pid !== undefined;
  }

  async #do(name: string, id: string, argument: string | Child | undefined): Promise<string> {
    const pid = this.#pids.get(id);
    if (pid === undefined) {
      return 'none';
    }
    const act = requests[name] as Request;
    return act(this, pid as never, argument as never, id === 'dy');
  }

  // Starts

  spec([id, restart, shutdown, significant, what]: Child, of: string): ChildSpec {
    const start = (parent: Process): Promise<Pid | undefined> =>
      what[0] === 'worker'
        ? this.#startWorker(id, what, parent, of)
        : this.#startTree(what[1], parent, of);
    return childSpec(start, {
      id,
      restart,
      shutdown: shutdown === 'wait' ? Infinity : shutdown,
      significant,
      type: what[0],
    });
  }

  async #startTree(
    [id, strategy, maxRestarts, autoShutdown, children]: Tree,
    parent: Process,
    of: string,
  ): Promise<Pid> {
    const name = this.nextName(id);
    this.tell(of, `supervisor ${name}`);
    const limits = { maxRestarts, maxSeconds: 1000 };
    const pid: Pid =
      strategy === 'dynamic'
        ? await DynamicSupervisor.startLink(parent, limits)
        : ((await Supervisor.startLink(parent, () => ({
            ...limits,
            strategy,
            autoShutdown,
            children: children.map((each) => this.spec(each, name)),
          }))) as Pid);
    this.add(id, name, pid);
    if (strategy === 'dynamic') {
      this.templates.set(pid, children[0] as Child);
    }
    return pid;
  }

  readonly templates: Map<Pid, Child> = new Map();

  #startWorker(id: string, plan: Worker, parent: Process, of: string): Promise<Pid | undefined> {
    return GenServer.startLink(parent, workerBehaviour, { world: this, id, plan, of }) as Promise<
      Pid | undefined
    >;
  }

  nextName(id: string): string {
    const number = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, number);
    return `${id}#${number}`;
  }

  add(id: string, name: string, pid: Pid): void {
    this.#pids.set(id, pid);
    this.#names.set(pid, name);
    this.#watch(name, pid);
  }

  find(id: string): Pid | undefined {
    return this.#pids.get(id);
  }

  nameOf(pid: Pid | undefined): string {
    return pid === undefined ? 'undefined' : (this.#names.get(pid) ?? 'root');
  }
}

interface Job {
  readonly world: World;
  readonly id: string;
  readonly plan: Worker;
  readonly of: string;
}

interface Running {
  readonly job: Job;
  readonly name: string;
}

type Cast = 'crash' | 'throw' | { readonly stop: string };

const workerBehaviour = GenServer.define({
  init: (job: Job, self) => startOf(job, self),
  handleCast: {
    act: (what: Cast, state) => {
      if (what === 'crash') {
        throw new Error('oops');
      }
      if (what === 'throw') {
        throw 'ball' as unknown;
      }
      return stop(reasonOf(what.stop), state);
    },
  },
  handleInfo: (_: ExitMessage, state) => noreply(state),
  terminate: (why, state, self) => {
    terminate(why, state, self);
  },
});
type WorkerPid = GenServer.ServerOf<typeof workerBehaviour>;

function startOf(job: Job, self: Process): Ok<Running> {
  const { world, id, plan, of } = job;
  const name = world.nextName(id);
  world.add(id, name, self.pid);
  trapExit(self, plan[1]);
  const number = Number(name.split('#')[1]);
  const result = plan[2][number - 1] ?? 'run';
  world.tell(of, `start ${name} ${result}`);
  const answers = {
    run: () => ok<Running>({ job, name }),
    ignore: () => ignore,
    stop: () => stop(crash('refused')),
    stopNormal: () => stop(normal),
    crash: () => {
      throw new Error('oops');
    },
    exit: () => exit(self, crash('gone')),
  };
  return answers[result]() as Ok<Running>;
}

function terminate(why: ExitReason, { job, name }: Running, self: Process): void {
  const { world, of, plan } = job;
  world.tell(of.endsWith('*') ? of + name : of, `terminated ${name} ${format(why)}`);
  switch (plan[3]) {
    case 'crash':
      throw new Error('oops');
    case 'exit':
      exit(self, crash('gone'));
    case 'throw':
      throw 'ball' as unknown;
    default:
  }
}

/** A request to a worker, or to a supervisor about its child. */
type Request = (
  world: World,
  pid: never,
  argument: never,
  isDynamic: boolean,
) => Promise<string> | string;

const requests: Readonly<Record<string, Request>> = {
  stop: (_world, pid: WorkerPid, why: string) => cast(pid, { stop: why }),
  crash: (_world, pid: WorkerPid) => cast(pid, 'crash'),
  throw: (_world, pid: WorkerPid) => cast(pid, 'throw'),
  start: async (world, pid: Supervisor.Pid & DynamicSupervisor.Pid, added: Child, isDynamic) => {
    const template = isDynamic ? (world.templates.get(pid) as Child) : added;
    const spec = world.spec(template, world.nameOf(pid) + (isDynamic ? '*' : ''));
    const started = isDynamic
      ? await DynamicSupervisor.startChild(pid, spec)
      : await Supervisor.startChild(pid, spec);
    return `ok ${world.nameOf(started)}`;
  },
  terminate: async (world, pid: Supervisor.Pid & DynamicSupervisor.Pid, id: string, isDynamic) => {
    if (!isDynamic) {
      return okOrError(await Supervisor.terminateChild(pid, id as never));
    }
    const running = world.find(id);
    if (running === undefined) {
      return 'none';
    }
    return isAlive(running) ? DynamicSupervisor.terminateChild(pid, running as never) : 'ok';
  },
  restart: async (world, pid: Supervisor.Pid, id: string) =>
    `ok ${world.nameOf((await Supervisor.restartChild(pid, id as never)) as Pid)}`,
  delete: async (_world, pid: Supervisor.Pid, id: string) =>
    okOrError(await Supervisor.deleteChild(pid, id as never)),
  which: async (world, pid: Supervisor.Pid & DynamicSupervisor.Pid, _none, isDynamic) => {
    if (isDynamic) {
      const running = await DynamicSupervisor.whichChildren(pid);
      return `list ${running
        .map((each) => world.nameOf(each.pid as Pid))
        .toSorted()
        .join(',')}`;
    }
    const children = await Supervisor.whichChildren(pid);
    const texts = children.map(
      (each) =>
        `${each.id}:${typeof each.pid === 'object' ? world.nameOf(each.pid) : String(each.pid)}`,
    );
    return `list ${texts.join(',')}`;
  },
  count: async (_world, pid: Supervisor.Pid) => {
    const {
      specs,
      active,
      supervisors: trees,
      workers: others,
    } = await Supervisor.countChildren(pid);
    return `list ${[specs, active, trees, others].join(',')}`;
  },
  stopSupervisor: async (_world, pid: Pid, why: string) => {
    await Supervisor.stop(pid, reasonOf(why));
    return 'ok';
  },
};

function cast(pid: WorkerPid, what: Cast): string {
  GenServer.cast(pid, 'act', what);
  return 'ok';
}

const okOrError = (answer: string): string => (answer === 'ok' ? 'ok' : `error ${answer}`);

/** Handles a rejection at once: a promise may reject before its result is read. */
function settled<Value>(promise: Promise<Value>): Promise<PromiseSettledResult<Value>> {
  return Promise.allSettled([promise]).then(([result]) => result);
}

async function resultOf<Value>(
  result: Promise<PromiseSettledResult<Value>>,
  show: (value: Value) => string,
): Promise<string> {
  const done = await result;
  if (done.status === 'fulfilled') {
    return show(done.value);
  }
  const thrown: unknown = done.reason;
  if (!(thrown instanceof ExitError)) {
    throw thrown;
  }
  const { reason: why, message } = thrown;
  // A start that failed is an answer in Erlang; that the supervisor has ended is an exit.
  return `${message.startsWith('start') || message.startsWith('child') ? 'error' : 'exit'} ${format(why)}`;
}
