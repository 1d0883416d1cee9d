import {
  type ChildOptions,
  type ChildSpec,
  childSpec,
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
import { idler } from './recorder.ts';

export const boom: ExitReason = crash('boom');
export const no: ExitReason = crash('no');

export interface Job {
  readonly id: string;
  readonly log: unknown[];
  /** What its starts come to, one after the other; after these it runs. */
  readonly plan?: ('run' | 'ignore' | ExitReason)[];
  /** How long init and terminate take, in ms. */
  readonly slowStart?: number;
  readonly slowEnd?: number;
  /** Default: true. */
  readonly traps?: boolean;
}

/**
 * Logs `s, id` when it is up, `fails, id` when it is not, `t, id, reason` when it has terminated.
 */
export const worker = GenServer.define({
  init: async (job: Job, self) => {
    trapExit(self, job.traps ?? true);
    if (job.slowStart !== undefined) {
      await elapse(self.system, job.slowStart);
    }
    const planned = job.plan?.shift() ?? 'run';
    job.log.push([planned === 'run' ? 's' : 'fails', job.id]);
    if (planned === 'run') {
      return ok(job);
    }
    return planned === 'ignore' ? ignore : stop(planned);
  },
  handleCast: { end: (reason: ExitReason, job) => stop(reason, job) },
  handleInfo: (_: ExitMessage, job) => noreply(job),
  terminate: async (reason, job, self) => {
    if (job.slowEnd !== undefined) {
      await elapse(self.system, job.slowEnd);
    }
    job.log.push(['t', job.id, reason]);
  },
});
export type Worker = GenServer.ServerOf<typeof worker>;

export const child = (job: Job, options: Partial<ChildOptions> = {}): ChildSpec =>
  GenServer.childSpec(worker, job, { ...options, id: job.id });

export const workers = (log: unknown[], ...ids: readonly string[]): readonly ChildSpec[] =>
  ids.map((id) => child({ id, log }));

export type Options = Partial<Omit<Supervisor.Options & Supervisor.StartOptions, 'children'>>;

export interface Family {
  readonly system: TestSystem;
  /** The test acts for it; it traps exits. */
  readonly parent: Receiver<unknown>;
  readonly supervisor: Supervisor.Pid;
}

/** A supervisor that is up, its end logged under `sup`. */
export async function family(
  log: unknown[],
  children: readonly ChildSpec[],
  options: Options = {},
): Promise<Family> {
  const system = createTestSystem();
  const parent = await idler(system, { traps: true });
  const supervisor = await start(parent, children, options);
  await logEnd(system, log, 'sup', supervisor);
  return { system, parent, supervisor };
}

/** A supervisor, `oneForOne` unless told otherwise. */
export function start(
  parent: Process,
  children: readonly ChildSpec[],
  options: Options = {},
): Promise<Supervisor.Pid> {
  return Supervisor.startLink(parent, { strategy: 'oneForOne', children, ...options });
}

/** A supervisor as a child. */
export const sub = (
  id: string,
  children: readonly ChildSpec[],
  options: Options & Partial<ChildOptions> = {},
): ChildSpec =>
  childSpec((parent) => start(parent, children, options), { ...options, id, type: 'supervisor' });

export const pidOf = (supervisor: Supervisor.Pid, id: string): Worker =>
  Supervisor.child(supervisor, id) as Worker;

/** The supervisor that runs as a child. */
export const subOf = (supervisor: Supervisor.Pid, id: string): Supervisor.Pid =>
  Supervisor.child(supervisor, id) as never;

/** Ends a child and lets the supervisor do what it does. */
export async function end(
  { system, supervisor }: Pick<Family, 'system' | 'supervisor'>,
  id: string,
  reason: ExitReason = boom,
): Promise<void> {
  if (reason.type === 'kill') {
    exit(system, pidOf(supervisor, id), kill);
  } else {
    GenServer.cast(pidOf(supervisor, id), 'end', reason);
  }
  await settle(system);
}

/** The ids of the children that a supervisor has, in start order, each with what it does now. */
export async function states(
  supervisor: Supervisor.Pid,
): Promise<readonly (readonly [string, string])[]> {
  const children = await Supervisor.whichChildren(supervisor);
  return children
    .toReversed()
    .map(({ id, pid }) => [id, typeof pid === 'object' ? 'runs' : String(pid)] as const);
}

export const s = (id: string): unknown => ['s', id];
export const t = (id: string, reason: ExitReason): unknown => ['t', id, reason];
export const fails = (id: string): unknown => ['fails', id];
export const failedToStart = (id: string, reason: ExitReason): ExitReason =>
  shutdownWith({ type: 'failedToStartChild', id, reason });
