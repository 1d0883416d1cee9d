import {
  type Application,
  type ApplicationType,
  master,
  type StartedApplication,
  type Starting,
} from './application-master.ts';
import { ExitError, normal, notStarted } from './exit.ts';
import * as GenServer from './gen-server.ts';
import { whereis } from './names.ts';
import { describe, type Pid } from './pid.ts';
import type { Process, System } from './process.ts';

export type { Application, ApplicationType, StartedApplication } from './application-master.ts';
export { type Health, run, type RunOptions, type Service, type ServiceTree } from './service.ts';

/** What an application is. */
export interface ApplicationDefinition<State> {
  /** Names it in reports, and once in a system. */
  readonly name: string;
  /** What has to run before it. Default: nothing. */
  readonly applications?: readonly Application[];
  /** Starts its top process, mostly a supervisor, linked to `self`. A state that it gives along is for the callbacks below. */
  readonly start: (self: Process<never>) => Promise<StartedApplication<State>>;
  /** Runs before anything of it is shut down. Answers the state for `stop`. */
  readonly prepStop?: (state: NoInfer<State>) => NoInfer<State> | Promise<NoInfer<State>>;
  /** Runs when all of it has ended, for whatever reason. */
  readonly stop?: (state: NoInfer<State>) => void | Promise<void>;
}

/**
 * An application: a tree that is started and stopped as a whole, after the applications that it needs. A plain value, that belongs to no system.
 *
 * Throws a `TypeError` for what is none.
 * @see OTP manual, `application`, "Callback Module"
 * @example
 * ```ts
 * import { Agent, application, createSystem } from '@reprise/actor';
 *
 * const store = application.define({
 *   name: 'store',
 *   start: (self) => Agent.startLink(self, () => 'stock'),
 *   stop: () => {
 *     console.log('closed'); // closed
 *   },
 * });
 *
 * const system = createSystem();
 * await application.start(system, store);
 * await system.stop();
 * ```
 */
export function define<State = undefined>(definition: ApplicationDefinition<State>): Application {
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
 * Rejects with an `ExitError`: `notStarted` when one of those that it needs does not run, `alreadyStarted` with the process that runs it, or why its start
 * failed, and then nothing of it is left.
 * @see OTP manual, `application:start/2`
 * @example
 * ```ts
 * import { Agent, application, createSystem } from '@reprise/actor';
 *
 * const store = application.define({
 *   name: 'store',
 *   start: (self) => Agent.startLink(self, () => 'stock', { name: 'stock' }),
 * });
 * const shop = application.define({
 *   name: 'shop',
 *   applications: [store],
 *   start: (self) => Agent.startLink(self, () => 'open'),
 * });
 *
 * const system = createSystem();
 * await application.start(system, shop).catch(({ message }: Error) => {
 *   console.log(message); // start of application shop: application store is not started
 * });
 * await application.start(system, store);
 * await application.start(system, shop, 'permanent');
 * await system.stop();
 * ```
 */
export async function start(
  system: System,
  application: Application,
  type: ApplicationType = 'temporary',
): Promise<Pid> {
  const missing = application.applications.find((needed) => masterOf(system, needed) === undefined);
  if (missing !== undefined) {
    throw new ExitError(notStarted(missing.name), `start of application ${application.name}`);
  }
  const starting: Starting = { application, type };
  const options = { name: processName(application) };
  const pid = await GenServer.startLink(system, master, starting, options);
  return GenServer.call(pid, 'top');
}

/**
 * Starts an application after those that it needs, and those that they need: all that do not run yet, each as `type`. Resolves with the names of those it has
 * started, in order.
 *
 * Rejects as `start` does; those it had started are then stopped again.
 * @see OTP manual, `application:ensure_all_started/2`
 * @example
 * ```ts
 * import { Agent, application, createSystem } from '@reprise/actor';
 *
 * const store = application.define({ name: 'store', start: (self) => Agent.startLink(self, () => 0) });
 * const shop = application.define({
 *   name: 'shop',
 *   applications: [store],
 *   start: (self) => Agent.startLink(self, () => 0),
 * });
 *
 * const system = createSystem();
 * console.log(await application.ensureAllStarted(system, shop)); // [ 'store', 'shop' ]
 * console.log(await application.ensureAllStarted(system, shop)); // []
 * await system.stop();
 * ```
 */
export async function ensureAllStarted(
  system: System,
  application: Application,
  type: ApplicationType = 'temporary',
): Promise<readonly string[]> {
  const started: Application[] = [];
  try {
    await startMissing(system, application, type, started);
  } catch (thrown) {
    for (const one of started.toReversed()) {
      await stop(system, one);
    }
    throw thrown;
  }
  return started.map(({ name }) => name);
}

async function startMissing(
  system: System,
  application: Application,
  type: ApplicationType,
  started: Application[],
): Promise<void> {
  const running = masterOf(system, application);
  if (running !== undefined) {
    // Somebody else may be starting it: answered when it is up.
    await GenServer.call(running, 'top', undefined, { timeout: Infinity });
    return;
  }
  for (const needed of application.applications) {
    await startMissing(system, needed, type, started);
  }
  await start(system, application, type);
  started.push(application);
}

/**
 * Stops an application, whatever its type: `prepStop`, its top process with all that is below, `stop`. Resolves when all of it has ended.
 *
 * Rejects with an `ExitError` (`notStarted`) when it does not run.
 * @see OTP manual, `application:stop/1`
 * @example
 * ```ts
 * import { Agent, application, createSystem } from '@reprise/actor';
 *
 * const store = application.define({ name: 'store', start: (self) => Agent.startLink(self, () => 0) });
 *
 * const system = createSystem();
 * await application.start(system, store, 'permanent');
 * await application.stop(system, store);
 * await application.stop(system, store).catch(({ message }: Error) => {
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
  await GenServer.stop(running, normal, Infinity);
}

function masterOf(system: System, application: Application): GenServer.ServerOf<typeof master> | undefined {
  return whereis(system, processName(application)) as GenServer.ServerOf<typeof master> | undefined;
}

/** What an application is among the names of its system. */
function processName({ name }: Application): string {
  return `application ${name}`;
}
