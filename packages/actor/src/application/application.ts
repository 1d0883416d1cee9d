import { assertChildSpec, type ChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { hostProcess } from '../host/host.ts';
import { assertTimeout } from '../host/timers.ts';
import { cellOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { notStarted } from '../process/exit-reason.ts';
import { type Pid } from '../process/pid.ts';
import type { Process, System } from '../process/process.ts';
import { whereis } from '../process/register.ts';
import { createSystem, type SystemOptions } from '../process/system.ts';
import * as GenServer from '../server/gen-server.ts';
import { ServerProcess } from '../server/server-process.ts';
import * as Supervisor from '../supervisor/supervisor.ts';
import {
  type Application,
  type ApplicationType,
  isRunning,
  master,
  type StartedApplication,
  type Starting,
} from './master.ts';
import { type ExitStatus, type Service, SystemService } from './service.ts';

export type {
  Application,
  ApplicationType as Type,
  StartedApplication as Started,
} from './master.ts';
export type { ExitStatus, Health, Service } from './service.ts';

/** The name and callbacks of an application, and the applications that it needs. */
export interface Definition<State> {
  /** Names it in reports, and once in a system. */
  readonly name: string;
  /** What has to run before it. Default: nothing. */
  readonly applications?: readonly Application[];
  /**
   * Starts its top process, mostly a supervisor, linked to `self`. A state that it gives along is
   * for the callbacks below.
   */
  readonly start: (self: Process<never>) => Promise<StartedApplication<State>>;
  /** Runs before anything of it is shut down. May answer another state for `stop`. */
  readonly prepStop?: (
    state: NoInfer<State>,
  ) => NoInfer<State> | void | Promise<NoInfer<State> | void>;
  /** Runs when all of it has ended, for whatever reason. */
  readonly stop?: (state: NoInfer<State>) => void | Promise<void>;
}

/**
 * An application: a tree that is started and stopped as a whole, after the applications that it
 * needs. A plain value, that belongs to no system.
 *
 * Throws a `TypeError` for what is none.
 * @see OTP manual, `application`, "Callback Module"
 * @example
 * ```ts
 * import { Agent, Application, createSystem } from '@reprise/actor';
 *
 * const store = Application.define({
 *   name: 'store',
 *   start: (self) => Agent.startLink(self, () => 'stock'),
 *   stop: () => {
 *     console.log('closed'); // closed
 *   },
 * });
 *
 * const system = createSystem();
 * await Application.start(system, store);
 * await system.stop();
 * ```
 */
export function define<State = undefined>(definition: Definition<State>): Application {
  const { name, applications = [], start } = definition;
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`Expected an application to have a name, got ${describe(name)}`);
  }
  if (typeof start !== 'function') {
    throw new TypeError(
      `Expected start of application ${name} to be a function (self) => Promise<Pid>, got ${describe(start)}`,
    );
  }
  return { ...definition, applications } as Application;
}

/**
 * Starts an application in a system, below a process of its own, and resolves with its top process.
 *
 * Rejects with an `ExitError`: `notStarted` when one of those that it needs does not run,
 * `alreadyStarted` with the process that runs it, or why its start failed, and then nothing of it
 * is left.
 * @see OTP manual, `application:start/2`
 * @example
 * ```ts
 * import { Agent, Application, createSystem } from '@reprise/actor';
 *
 * const store = Application.define({
 *   name: 'store',
 *   start: (self) => Agent.startLink(self, () => 'stock', { name: 'stock' }),
 * });
 * const shop = Application.define({
 *   name: 'shop',
 *   applications: [store],
 *   start: (self) => Agent.startLink(self, () => 'open'),
 * });
 *
 * const system = createSystem();
 * await Application.start(system, shop).catch(({ message }: Error) => {
 *   console.log(message); // start of application shop: application store is not started
 * });
 * await Application.start(system, store);
 * await Application.start(system, shop, 'permanent');
 * await system.stop();
 * ```
 */
export async function start(
  system: System,
  application: Application,
  type: ApplicationType = 'temporary',
): Promise<Pid> {
  return begin(system, application, type, (reason) => void system.stop({ reason }));
}

type StopSystem = Starting['stopSystem'];

async function begin(
  system: System,
  application: Application,
  type: ApplicationType,
  stopSystem: StopSystem,
): Promise<Pid> {
  const missing = application.applications.find((needed) => !isUp(masterOf(system, needed)));
  if (missing !== undefined) {
    throw new ExitError(notStarted(missing.name), `start of application ${application.name}`);
  }
  const starting: Starting = { application, type, stopSystem };
  const options = { name: processName(application) };
  const pid = await GenServer.startLink(system, master, starting, options);
  return topOf(pid);
}

/**
 * Starts an application after those that it needs, and those that they need: all that do not run
 * yet, each as `type`. Resolves with the names of those it has started, in order.
 *
 * Rejects as `start` does; those it had started are then stopped again.
 * @see OTP manual, `application:ensure_all_started/2`
 * @example
 * ```ts
 * import { Agent, Application, createSystem } from '@reprise/actor';
 *
 * const store = Application.define({ name: 'store', start: (self) => Agent.startLink(self, () => 0) });
 * const shop = Application.define({
 *   name: 'shop',
 *   applications: [store],
 *   start: (self) => Agent.startLink(self, () => 0),
 * });
 *
 * const system = createSystem();
 * console.log(await Application.ensureAllStarted(system, shop)); // [ 'store', 'shop' ]
 * console.log(await Application.ensureAllStarted(system, shop)); // []
 * await system.stop();
 * ```
 */
export async function ensureAllStarted(
  system: System,
  application: Application,
  type: ApplicationType = 'temporary',
): Promise<readonly string[]> {
  const started = await beginAll(system, application, (missing) => start(system, missing, type));
  return started.map(({ name }) => name);
}

/** Those that it has begun, in order. */
async function beginAll(
  system: System,
  application: Application,
  begin: (missing: Application) => Promise<Pid>,
): Promise<readonly Application[]> {
  const started: Application[] = [];
  try {
    for (const needed of inOrder(application)) {
      const running = masterOf(system, needed);
      if (running === undefined) {
        await begin(needed);
        started.push(needed);
      } else {
        // Somebody else may be starting it: answered when it is up.
        await topOf(running);
      }
    }
  } catch (thrown) {
    for (const one of started.toReversed()) {
      // What has ended meanwhile need not be stopped; what failed is what counts.
      await stop(system, one).catch(() => undefined);
    }
    throw thrown;
  }
  return started;
}

/** All that it needs, each after what that needs, and itself last. */
function inOrder(
  application: Application,
  known: Set<Application> = new Set(),
): ReadonlySet<Application> {
  if (!known.has(application)) {
    for (const needed of application.applications) {
      inOrder(needed, known);
    }
    known.add(application);
  }
  return known;
}

/**
 * Stops an application, whatever its type: `prepStop`, its top process with all that is below,
 * `stop`. Resolves when all of it has ended.
 *
 * Rejects with an `ExitError` (`notStarted`) when it does not run.
 * @see OTP manual, `application:stop/1`
 * @example
 * ```ts
 * import { Agent, Application, createSystem } from '@reprise/actor';
 *
 * const store = Application.define({ name: 'store', start: (self) => Agent.startLink(self, () => 0) });
 *
 * const system = createSystem();
 * await Application.start(system, store, 'permanent');
 * await Application.stop(system, store);
 * await Application.stop(system, store).catch(({ message }: Error) => {
 *   console.log(message); // stop of application store: application store is not started
 * });
 * await system.stop();
 * ```
 */
export async function stop(system: System, application: Application): Promise<void> {
  const running = masterOf(system, application);
  if (running === undefined) {
    throw new ExitError(notStarted(application.name), `stop of application ${application.name}`);
  }
  await GenServer.stop(running);
}

/** The process of an application. */
type Master = GenServer.ServerOf<typeof master>;

function masterOf(system: System, application: Application): Master | undefined {
  return whereis(system, processName(application)) as Master | undefined;
}

/** Whether it runs, and not only its start. */
function isUp(running: Master | undefined): boolean {
  const cell = running && cellOf(running);
  return cell instanceof ServerProcess && isRunning(cell.state);
}

function topOf(running: Master): Promise<Pid> {
  return GenServer.call(running, 'top', undefined, { timeout: Infinity });
}

/** What an application is among the names of its system. */
function processName({ name }: Application): string {
  return `application ${name}`;
}

/**
 * What can be the whole of a program: a supervisor, a child spec whose process is at the top, or an
 * application with all that it needs.
 */
export type ServiceTree =
  | (Supervisor.Options & Supervisor.StartOptions)
  | Supervisor.Init
  | ChildSpec
  | Application;

export interface RunOptions extends SystemOptions {
  /** How long it may take to stop, in ms; what has not ended by then is killed. Default: 10,000. */
  readonly deadline?: number;
  /**
   * Decides the exit status once all has ended. `reason`: why the program ends, which is the first
   * failure if there was one, such as a start that failed or an exception that was not caught.
   * `status`: what the exit status is without this function, 0 or 1. A second signal ends the
   * program without asking.
   */
  readonly exitStatus?: ExitStatus;
}

/**
 * Runs a tree as a program, one in a process of the operating system: it keeps the program alive,
 * and ends it when the tree ends.
 *
 * - SIGTERM and SIGINT stop the tree in order. A second signal ends the program at once.
 * - An exception that nobody caught, or a rejection that nobody handled, is reported, and stops the
 *   tree in order.
 * - The exit status is 0 when the tree was stopped, or ended `normal` or by `autoShutdown`; and 1
 *   when its start failed, its supervisor gave up, the top process crashed, something had to be
 *   killed because the deadline was over, or there was such an exception. The program never ends
 *   with 0 because nothing was left to do.
 *
 * Nobody is above the top process to restart it: the `restart` of a child spec that is run is not
 * looked at.
 *
 * Throws an `Error` on a host without `process`, such as a browser, and a `TypeError` or
 * `RangeError` for what cannot be run. To live in a program of somebody else's, use `createSystem`:
 * it touches nothing outside itself.
 * @see OTP, `init` and the releases; Elixir, `mix run --no-halt`
 * @example
 * ```ts no-run
 * import { Agent, Application, childSpec } from '@reprise/actor';
 *
 * const service = Application.run(
 *   {
 *     strategy: 'oneForOne',
 *     children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 *   },
 *   { deadline: 5000 },
 * );
 * await service.whenReady;
 * console.log(service.health().state); // running
 * ```
 */
export function run(tree: ServiceTree, options: RunOptions = {}): Service {
  const { deadline = 10_000, exitStatus = usualStatus, ...systemOptions } = options;
  assertTimeout(deadline);
  assertExitStatus(exitStatus);
  const application = applicationOf(tree);
  const process = hostProcess();
  const system = createSystem(systemOptions);
  return new SystemService(process, system, { deadline, exitStatus }, async (stopSystem) => {
    await beginAll(system, application, (needed) => begin(system, needed, 'permanent', stopSystem));
    const running = masterOf(system, application);
    if (running === undefined) {
      throw new ExitError(notStarted(application.name), 'start');
    }
    return topOf(running);
  });
}

const usualStatus: ExitStatus = (_reason, status) => status;

function assertExitStatus(exitStatus: ExitStatus): void {
  if (typeof exitStatus !== 'function') {
    throw new TypeError(
      `Expected exitStatus to be a function (reason, status) => number, got ${describe(exitStatus)}`,
    );
  }
}

function applicationOf(tree: ServiceTree): Application {
  if (typeof tree === 'function') {
    return applicationBy('main', (self) => Supervisor.startLink(self, tree));
  }
  if (typeof tree !== 'object' || tree === null) {
    throw new TypeError(`Expected a tree to run, got ${describe(tree)}`);
  }
  if ('strategy' in tree) {
    return applicationBy('main', (self) => Supervisor.startLink(self, tree));
  }
  if ('applications' in tree) {
    return tree;
  }
  assertChildSpec(tree);
  return applicationBy(tree.id, (self) => tree.start(self));
}

function applicationBy(
  name: string,
  start: (self: Process<never>) => Promise<Pid | undefined>,
): Application {
  return define({ name, start: start as (self: Process<never>) => Promise<Pid> });
}
