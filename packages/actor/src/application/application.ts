import { isA } from '../brand.ts';
import { assertChildSpec, type ChildSpec } from '../child-spec.ts';
import { describe } from '../describe.ts';
import { hostProcess } from '../host.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { assertOneOf } from '../one-of.ts';
import { cellOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { notStarted } from '../process/exit-reason.ts';
import { type Pid } from '../process/pid.ts';
import type { Process, System } from '../process/process.ts';
import { whereis } from '../process/register.ts';
import { systemKeys, type SystemOptions } from '../process/system-options.ts';
import { createSystem } from '../process/system.ts';
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
  type StopSystem,
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
  /** Its name in reports. A system runs only one application of a name. */
  readonly name: string;
  /** The applications that have to run before it. Default: none. */
  readonly applications?: readonly Application[];
  /**
   * Starts the top process, usually a supervisor, linked to `self`. A state that it returns along
   * with the pid is passed to the callbacks below.
   */
  readonly start: (self: Process) => Promise<StartedApplication<State>>;
  /** Runs before the tree is shut down. May return another state for `stop`. */
  readonly prepStop?: (
    state: NoInfer<State>,
  ) => NoInfer<State> | void | Promise<NoInfer<State> | void>;
  /** Runs once the whole tree has ended, whatever the reason. */
  readonly stop?: (state: NoInfer<State>) => void | Promise<void>;
}

const definitionKeys: KeysOf<Definition<unknown>> = {
  name: true,
  applications: true,
  start: true,
  prepStop: true,
  stop: true,
};

/**
 * An application: a tree that is started and stopped as a whole, after the applications that it
 * needs. It is a plain value, which any number of systems can run.
 * @throws TypeError for a definition without a name or without a `start` function
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
  assertKnownKeys('Application.define', definition, definitionKeys);
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
 * @throws ExitError `notStarted` when an application that it needs does not run,
 * `alreadyStarted` with the process that runs it, or the reason why its start failed; then none of
 * its processes is left; TypeError for a wrong type
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
  assertType(type);
  return begin(system, application, type, (reason) => void system.stop({ reason }));
}

function assertType(type: unknown): void {
  assertOneOf('Expected the type of an application to be', type, [
    'permanent',
    'transient',
    'temporary',
  ]);
}

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
 * Starts an application, and before it all applications that it needs, directly or indirectly, and
 * that do not run yet. All are started with the same `type`. Resolves with the names of the
 * applications that it started, in order.
 * @throws ExitError as `start` does; the applications that it started are then stopped again
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
  assertType(type);
  const started = await beginAll(system, application, (missing) => start(system, missing, type));
  return started.map(({ name }) => name);
}

/** Resolves with the applications that it started, in order. */
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
        // It may still be starting, for another caller: this resolves when it is up.
        await topOf(running);
      }
    }
  } catch (thrown) {
    for (const one of started.toReversed()) {
      // One may have ended by itself; the error to report is the first one.
      await stop(system, one).catch(() => undefined);
    }
    throw thrown;
  }
  return started;
}

/** The application and all that it needs, each after those that it needs. */
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
 * Stops an application: it runs `prepStop`, shuts down the tree, and runs `stop`. Resolves once
 * all of its processes have ended. The system goes on, whatever the type of the application.
 * @throws ExitError `notStarted` when it does not run
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

/** The process above an application. */
type Master = GenServer.ServerOf<typeof master>;

function masterOf(system: System, application: Application): Master | undefined {
  return whereis(system, processName(application)) as Master | undefined;
}

/** Whether the application is up, rather than starting. */
function isUp(running: Master | undefined): boolean {
  const cell = running && cellOf(running);
  return isA(cell, ServerProcess) && isRunning(cell.state);
}

function topOf(running: Master): Promise<Pid> {
  return GenServer.call(running, 'top', undefined, { timeout: Infinity });
}

/** The name of an application's process in its system. */
function processName({ name }: Application): string {
  return `application ${name}`;
}

/**
 * A tree that can run as a program: the options of a supervisor, or a function that returns them; a
 * child spec, whose process is the top process; or an application.
 */
export type ServiceTree =
  | (Supervisor.Options & Supervisor.StartOptions)
  | Supervisor.Init
  | ChildSpec
  | Application;

export interface RunOptions extends SystemOptions {
  /**
   * How long the tree may take to stop, in ms; processes that have not ended by then are killed.
   * Default: 10,000.
   */
  readonly deadline?: number;
  /**
   * Decides the exit status, a whole number, once all has ended. `reason`: why the program ends,
   * which is the first failure if there was one, such as a start that failed or an exception that
   * was not caught. `status`: the exit status without this function, 0 or 1. `cause`: of a
   * supervisor that gave up, whose reason is `shutdown`, the last failure of a child; otherwise the
   * reason. When the function throws, or returns another value, that is reported, and the status is
   * 1. A second signal ends the program without calling it.
   */
  readonly exitStatus?: ExitStatus;
}

const runKeys: KeysOf<RunOptions> = { ...systemKeys, deadline: true, exitStatus: true };

/**
 * Runs a tree as a program: it keeps the program alive as long as the tree runs, and ends it when
 * the tree has ended. One tree in an operating-system process.
 *
 * - SIGTERM and SIGINT stop the tree in order. A second signal ends the program at once.
 * - An uncaught exception or an unhandled rejection is reported, and stops the tree in order.
 * - The exit status is 0 when the tree was stopped, or ended `normal` or by `autoShutdown`. It is 1
 *   when the start failed, the top supervisor gave up, the top process crashed, a process was
 *   killed at the deadline, or after such an exception. The program never ends with 0 merely
 *   because the event loop is empty.
 *
 * The top process is not restarted: the `restart` of a child spec is ignored. To run a tree inside
 * a larger program, use `createSystem`, which touches nothing outside itself.
 * @throws Error on a host without `process`, such as a browser
 * @throws TypeError or RangeError for a tree or an option that is wrong
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
  assertKnownKeys('Application.run', options, runKeys);
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
      `Expected exitStatus to be a function (reason, status, cause) => number, got ${describe(exitStatus)}`,
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
  start: (self: Process) => Promise<Pid | undefined>,
): Application {
  return define({ name, start: start as (self: Process) => Promise<Pid> });
}
