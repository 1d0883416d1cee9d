import {
  type ChildOptions,
  type ChildSpec,
  type Clock,
  DynamicSupervisor,
  GenServer,
  type Process,
  type Shutdown,
} from '@reprise/actor';
import { childKeys, partOf } from '@reprise/actor/options';

import { workerBehaviour } from './behaviour.ts';
import { type WorkersOptions, type WorkersSettings, workersSettingsOf } from './options.ts';

export type { WorkerSender as Sender, WorkersOptions as Options } from './options.ts';

/** The pid of workers, which is that of their supervisor. */
export type Pid = DynamicSupervisor.Pid;

/**
 * Processes of the operating system that run the same program, as a child of a supervisor: one for
 * each core. In a cluster each is a node like any other.
 *
 * - A worker that ends is replaced. More than `maxRestarts` of them within `maxSeconds` end all
 *   workers, and a start of them within that time fails: the supervisor above gives up, too.
 * - `shutdown`: how long a worker may take to end after SIGTERM before it is killed, in ms.
 *   Default: 30,000. The `deadline` of `Application.run` has to be longer.
 * - A worker ends in order when this process has died, even by `kill -9`.
 *
 * A worker has its number, from 1 on, in the environment variable `REPRISE_WORKER`.
 * @throws TypeError or RangeError for a wrong option
 * @see https://github.com/reprise/reprise/blob/main/docs/cluster.md#more-than-one-core
 * @example
 * ```ts no-run
 * import { Application } from '@reprise/actor';
 * import { sqlite } from '@reprise/cluster/sqlite';
 * import { Workers } from '@reprise/cluster/workers';
 *
 * const workers = Workers.childSpec({
 *   id: 'workers',
 *   count: 4,
 *   program: new URL('./feeds.ts', import.meta.url),
 *   store: sqlite('cluster.db'),
 * });
 * Application.run(workers, { deadline: 40_000 });
 * ```
 */
export function childSpec<const Id extends string>(
  options: WorkersOptions & ChildOptions<Id>,
): ChildSpec<Id, Pid> {
  const settings = workersSettingsOf('Workers.childSpec', options, childKeys);
  return specOf(settings, partOf<ChildOptions<Id>>(options, childKeys));
}

/**
 * Starts workers, linked to `parent`: see `childSpec`. Resolves once all processes have started;
 * their programs may still be loading.
 * @throws ExitError if the operating system starts no process, or if they end again and again;
 * TypeError or RangeError for a wrong option
 * @example
 * ```ts no-run
 * import { createSystem } from '@reprise/actor';
 * import { Workers } from '@reprise/cluster/workers';
 *
 * const system = createSystem();
 * await Workers.startLink(system, { program: new URL('./feeds.ts', import.meta.url), count: 2 });
 * ```
 */
export async function startLink(
  parent: Process,
  options: WorkersOptions & { readonly shutdown?: Shutdown },
): Promise<Pid> {
  const settings = workersSettingsOf('Workers.startLink', options, { shutdown: true });
  return started(specOf(settings, { id: 'workers', shutdown: settings.shutdown }).start(parent));
}

/** Whatever ends the workers again and again would end them after a restart, too: that fails. */
function specOf<Id extends string>(
  settings: WorkersSettings,
  child: ChildOptions<Id>,
): ChildSpec<Id, Pid> {
  const { maxRestarts, maxSeconds } = settings;
  let clock: Clock | undefined;
  let gaveUpAt = -Infinity;
  const supervisor = DynamicSupervisor.childSpec({
    ...child,
    maxRestarts,
    maxSeconds,
    // A worker is always restarted, unless the supervisor gives up.
    onChildExit: () => {
      gaveUpAt = clock?.now() ?? gaveUpAt;
    },
  });
  const start = async (parent: Process): Promise<Pid> => {
    ({ clock } = parent.system);
    const since = Math.round(clock.now() - gaveUpAt);
    if (since < maxSeconds * 1000) {
      throw new Error(
        `Expected workers that run on, got some that ended again and again until ${since} ms ago`,
      );
    }
    return startWorkers(await started(supervisor.start(parent)), settings);
  };
  // The supervisor itself has no limit: each worker has one.
  return { ...supervisor, start, shutdown: Infinity };
}

/** All at the same time, and all stop at the same time. */
async function startWorkers(workers: Pid, settings: WorkersSettings): Promise<Pid> {
  const numbers = Array.from({ length: settings.count }, (_, index) => index + 1);
  try {
    await Promise.all(numbers.map((number) => startWorker(workers, settings, number)));
  } catch (error) {
    // It may have given up, and ended.
    await DynamicSupervisor.stop(workers).catch(() => undefined);
    throw error;
  }
  return workers;
}

async function startWorker(workers: Pid, settings: WorkersSettings, number: number): Promise<void> {
  // The server itself kills a process that is late, and waits for its end.
  const spec = GenServer.childSpec(
    workerBehaviour,
    { settings, number },
    { id: `worker ${number}`, shutdown: Infinity },
  );
  await DynamicSupervisor.startChild(workers, spec);
}

/** A supervisor does not answer `ignore`. */
async function started(start: Promise<Pid | undefined>): Promise<Pid> {
  return (await start) as Pid;
}
