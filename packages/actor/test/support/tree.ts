import {
  type ChildOptions,
  type ChildSpec,
  crash,
  exit,
  type ExitMessage,
  type ExitReason,
  GenServer,
  ignore,
  kill,
  noreply,
  ok,
  type Process,
  type Receiver,
  shutdownWith,
  stop,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { elapse, logEnd } from './outcome.ts';
import { idleProcess } from './processes.ts';

export const crashed: ExitReason = crash('boom');
export const refusal: ExitReason = crash('no');

export interface Job {
  readonly id: string;
  readonly log: unknown[];
  /** The outcomes of its starts, one after the other; every start after these runs. */
  readonly plan?: ('run' | 'ignore' | ExitReason)[];
  /** How long init and terminate take, in ms. */
  readonly initTime?: number;
  readonly terminateTime?: number;
  /** Default: true. */
  readonly traps?: boolean;
}

/**
 * Logs `started, id` when its start has succeeded, `failed, id` when it has not, and `terminated,
 * id, reason` when it has run `terminate`.
 */
export const worker = GenServer.define({
  init: async (job: Job, self) => {
    trapExit(self, job.traps ?? true);
    if (job.initTime !== undefined) {
      await elapse(self.system, job.initTime);
    }
    const planned = job.plan?.shift() ?? 'run';
    job.log.push([planned === 'run' ? 'started' : 'failed', job.id]);
    if (planned === 'run') {
      return ok(job);
    }
    return planned === 'ignore' ? ignore : stop(planned);
  },
  handleCast: { end: (reason: ExitReason, job) => stop(reason, job) },
  handleInfo: (_: ExitMessage, job) => noreply(job),
  terminate: async (reason, job, self) => {
    if (job.terminateTime !== undefined) {
      await elapse(self.system, job.terminateTime);
    }
    job.log.push(['terminated', job.id, reason]);
  },
});
export type Worker = GenServer.ServerOf<typeof worker>;

export const child = (job: Job, options: Partial<ChildOptions> = {}): ChildSpec =>
  GenServer.childSpec(worker, job, { ...options, id: job.id });

export const workers = (log: unknown[], ...ids: readonly string[]): readonly ChildSpec[] =>
  ids.map((id) => child({ id, log }));

export type Options = Partial<Omit<Supervisor.Options & Supervisor.StartOptions, 'children'>>;

export interface Tree {
  readonly system: TestSystem;
  /** The parent of the supervisor: the test acts as this process. It traps exits. */
  readonly parent: Receiver<unknown>;
  readonly supervisor: Supervisor.Pid;
}

/** A supervisor that has started. Its end is logged under `supervisor`. */
export async function startTree(
  log: unknown[],
  children: readonly ChildSpec[],
  options: Options = {},
): Promise<Tree> {
  const system = createTestSystem();
  const parent = await idleProcess(system, { traps: true });
  const supervisor = await startSupervisor(parent, children, options);
  await logEnd(system, log, 'supervisor', supervisor);
  return { system, parent, supervisor };
}

/** Starts a supervisor. Default strategy: `oneForOne`. */
export function startSupervisor(
  parent: Process,
  children: readonly ChildSpec[],
  options: Options = {},
): Promise<Supervisor.Pid> {
  return Supervisor.startLink(parent, { strategy: 'oneForOne', children, ...options });
}

/** The spec of a child that is a supervisor. */
export const subSupervisor = (
  id: string,
  children: readonly ChildSpec[],
  options: Options & Partial<ChildOptions> = {},
): ChildSpec => Supervisor.childSpec({ strategy: 'oneForOne', ...options, id, children });

export const workerOf = (supervisor: Supervisor.Pid, id: string): Worker =>
  Supervisor.child(supervisor, id) as Worker;

/** The pid of a child that is a supervisor. */
export const subSupervisorOf = (supervisor: Supervisor.Pid, id: string): Supervisor.Pid =>
  Supervisor.child(supervisor, id) as never;

/** Ends a child and lets the supervisor react. */
export async function end(
  { system, supervisor }: Pick<Tree, 'system' | 'supervisor'>,
  id: string,
  reason: ExitReason = crashed,
): Promise<void> {
  if (reason.type === 'kill') {
    exit(system, workerOf(supervisor, id), kill);
  } else {
    GenServer.cast(workerOf(supervisor, id), 'end', reason);
  }
  await settle(system);
}

/** The ids of a supervisor's children, in start order, each with `runs` or why it does not run. */
export async function states(
  supervisor: Supervisor.Pid,
): Promise<readonly (readonly [string, string])[]> {
  const children = await Supervisor.whichChildren(supervisor);
  return children
    .toReversed()
    .map(({ id, pid }) => [id, typeof pid === 'object' ? 'runs' : String(pid)] as const);
}

export const hasStarted = (id: string): unknown => ['started', id];
export const hasTerminated = (id: string, reason: ExitReason): unknown => [
  'terminated',
  id,
  reason,
];
export const hasFailed = (id: string): unknown => ['failed', id];
export const failedToStart = (id: string, reason: ExitReason): ExitReason =>
  shutdownWith({ type: 'failedToStartChild', id, reason });
