import type { Server } from './behaviour.ts';
import { assertChildSpec, type ChildSpec } from './child-spec.ts';
import { type Child, Children } from './children.ts';
import {
  crash,
  ExitError,
  type ExitReason,
  failedToStartChild,
  formatReason,
  isAbnormal,
  noproc,
  shutdown,
  shutdownWith,
} from './exit.ts';
import * as GenServer from './gen-server.ts';
import { noreply, ok, reply, stop as stopWith } from './next.ts';
import { describe, type Pid } from './pid.ts';
import { cellOf, cellOfProcess, type ExitMessage, nameOf, type Process } from './process.ts';
import { addRestart, type Intensity } from './restarts.ts';
import { ServerProcess } from './server.ts';
import { shutdownChild } from './shutdown.ts';
import { trapExit } from './signals.ts';

/** What a child that ended takes with it. `oneForOne`: nothing, only it is restarted. */
export type Strategy = 'oneForOne';

export interface SupervisorOptions<
  Specs extends readonly ChildSpec[] = readonly ChildSpec[],
> extends Partial<Intensity> {
  readonly strategy: Strategy;
  /** Started in this order, each when the one before it is up; shut down in the reverse order. */
  readonly children: Specs;
  /** More restarts than this within `maxSeconds`, and the supervisor gives up. Default: 3, as in Elixir. */
  readonly maxRestarts?: number;
  /** Default: 5. */
  readonly maxSeconds?: number;
  /** A name in the system. */
  readonly name?: string;
}

declare const children: unique symbol;

interface SupervisorCalls {
  readonly whichChildren: { readonly payload: undefined; readonly reply: readonly ChildInfo[] };
  readonly countChildren: { readonly payload: undefined; readonly reply: ChildCounts };
}

/** The pid of a supervisor, which also knows its children by id. */
export interface SupervisorPid<
  out Named extends Readonly<Record<string, Pid>> = Readonly<Record<string, Pid>>,
> extends Server<SupervisorCalls, unknown> {
  readonly [children]: Named;
}

export type ChildrenOf<Specs extends readonly ChildSpec[]> = {
  readonly [Spec in Specs[number] as Spec['id']]: Spec extends ChildSpec<string, infer Child>
    ? Child
    : never;
};

export interface ChildInfo {
  readonly id: string;
  readonly pid: Child['pid'];
  readonly type: 'worker' | 'supervisor';
}

export interface ChildCounts {
  /** All children, running or not. */
  readonly specs: number;
  /** Those that run. */
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/**
 * Starts a supervisor linked to `parent`, and its children in order. When one fails to start, those before it are shut down in reverse order
 * and this rejects with an `ExitError` whose reason is `shutdown` with the detail `failedToStartChild`.
 *
 * Rejects with a `TypeError` or `RangeError` for options that no supervisor can have, such as two children with one id.
 * @see OTP manual, `supervisor:start_link/3`; Elixir's `Supervisor` for the defaults
 */
export async function startLink<const Specs extends readonly ChildSpec[]>(
  parent: Process<never>,
  options: SupervisorOptions<Specs>,
): Promise<SupervisorPid<ChildrenOf<Specs>>> {
  assertOptions(options);
  const { name } = options;
  const pid = await GenServer.startLink(
    parent,
    behaviour,
    options,
    name === undefined ? {} : { name },
  );
  return pid as unknown as SupervisorPid<ChildrenOf<Specs>>;
}

/**
 * The child that runs under `id` now; ask again after a restart, and do not keep it. Throws an `ExitError` (`noproc`) when the supervisor has
 * ended or the child is not running.
 */
export function child<Named extends Readonly<Record<string, Pid>>, Id extends keyof Named & string>(
  supervisor: SupervisorPid<Named>,
  id: Id,
): Named[Id] {
  const pid = stateOf(supervisor)?.children.get(id)?.pid;
  if (typeof pid !== 'object') {
    throw new ExitError(
      noproc,
      `child ${describe(id)} of ${String(supervisor)}${pid === undefined ? '' : `, ${pid}`}`,
    );
  }
  return pid as Named[Id];
}

/** All children, the one started last first. */
export function whichChildren(supervisor: SupervisorPid): Promise<readonly ChildInfo[]> {
  return GenServer.call(supervisor, 'whichChildren', undefined, { timeout: Infinity });
}

export function countChildren(supervisor: SupervisorPid): Promise<ChildCounts> {
  return GenServer.call(supervisor, 'countChildren', undefined, { timeout: Infinity });
}

/** Shuts the children down in reverse order, then ends the supervisor; resolves and rejects as `GenServer.stop`. */
export { stop } from './gen-server.ts';

class SupervisorState {
  readonly children: Children = new Children();
  readonly intensity: Intensity;
  restarts: readonly number[] = [];

  constructor({ maxRestarts = 3, maxSeconds = 5 }: SupervisorOptions) {
    this.intensity = { maxRestarts, maxSeconds };
  }
}

const behaviour = GenServer.define({
  init: async (options: SupervisorOptions, self) => {
    trapExit(self, true);
    const state = new SupervisorState(options);
    for (const spec of options.children) {
      const failure = await startChild(self, state, state.children.add(spec));
      if (failure !== undefined) {
        await shutdownAll(self, state);
        return stopWith(shutdownWith(failedToStartChild(spec.id, failure)));
      }
    }
    return ok(state);
  },
  handleCall: {
    whichChildren: (_, state) => reply(whichChildrenOf(state), state),
    countChildren: (_, state) => reply(countChildrenOf(state), state),
  },
  handleCast: {
    /** Sent to itself when a restart failed, so that other requests have their turn before it is tried again. */
    retryRestart: (id: string, state, self) => {
      const found = state.children.get(id);
      return found?.pid === 'restarting' ? restart(self, state, found) : noreply(state);
    },
  },
  handleInfo: (message: unknown, state, self) => {
    if (!isExit(message)) {
      self.system.logger.warn(
        { message: describe(message) },
        `supervisor ${nameOf(cellOfProcess(self))} does not know this message: dropped`,
      );
      return noreply(state);
    }
    const found = state.children.of(message.pid);
    return found === undefined ? noreply(state) : childEnded(self, state, found, message.reason);
  },
  terminate: (_reason, state, self) => shutdownAll(self, state),
});

function isExit(message: unknown): message is ExitMessage {
  return (message as Partial<ExitMessage> | null | undefined)?.type === 'EXIT';
}

/** Starts the child's process; the reason if that fails. */
async function startChild(
  self: Process<never>,
  state: SupervisorState,
  started: Child,
): Promise<ExitReason | undefined> {
  try {
    const pid = await started.spec.start(self);
    state.children.setPid(started, pid);
    if (pid === undefined && started.spec.restart === 'temporary') {
      state.children.delete(started);
    }
    return undefined;
  } catch (thrown) {
    return thrown instanceof ExitError ? thrown.reason : crash(thrown);
  }
}

type Answer =
  | ReturnType<typeof noreply<SupervisorState>>
  | ReturnType<typeof stopWith<SupervisorState>>;

/** The restart rules of OTP, one row each. */
function childEnded(
  self: Process<never>,
  state: SupervisorState,
  ended: Child,
  reason: ExitReason,
): Answer | Promise<Answer> {
  report(self, ended, 'ended', reason, isAbnormal(reason) || ended.spec.restart === 'permanent');
  state.children.setPid(ended, undefined);
  switch (ended.spec.restart) {
    case 'permanent':
      return restart(self, state, ended);
    case 'transient':
      return isAbnormal(reason) ? restart(self, state, ended) : noreply(state);
    case 'temporary':
      state.children.delete(ended);
      return noreply(state);
    default:
      return ended.spec.restart satisfies never;
  }
}

async function restart(
  self: Process<never>,
  state: SupervisorState,
  ended: Child,
): Promise<Answer> {
  const restarts = addRestart(state.restarts, self.system.clock.now(), state.intensity);
  if (restarts === undefined) {
    const { maxRestarts, maxSeconds } = state.intensity;
    report(self, ended, `restarted more than ${maxRestarts} times in ${maxSeconds} s, giving up`);
    return stopWith(shutdown, state);
  }
  state.restarts = restarts;
  const failure = await startChild(self, state, ended);
  if (failure !== undefined) {
    report(self, ended, 'failed to restart', failure);
    state.children.setPid(ended, 'restarting');
    GenServer.cast(self.pid as GenServer.ServerOf<typeof behaviour>, 'retryRestart', ended.spec.id);
  }
  return noreply(state);
}

async function shutdownAll(self: Process<never>, state: SupervisorState): Promise<void> {
  for (const each of state.children.inStartOrder.toReversed()) {
    if (typeof each.pid === 'object') {
      const reason = await shutdownChild(cellOfProcess(self), cellOf(each.pid), each.spec.shutdown);
      report(self, each, 'shut down', reason, isUnexpected(each, reason));
    }
    state.children.setPid(each, undefined);
  }
}

function isUnexpected(each: Child, reason: ExitReason): boolean {
  return isAbnormal(reason) && !(each.spec.shutdown === 'brutalKill' && reason.type === 'killed');
}

function report(
  self: Process<never>,
  about: Child,
  what: string,
  reason?: ExitReason,
  isNews = true,
): void {
  if (isNews) {
    const who = nameOf(cellOfProcess(self));
    const why = reason === undefined ? '' : `: ${formatReason(reason)}`;
    self.system.logger.error(
      { supervisor: who, child: about.spec.id, pid: String(about.pid) },
      `supervisor ${who}: child ${about.spec.id} ${what}${why}`,
    );
  }
}

function whichChildrenOf(state: SupervisorState): readonly ChildInfo[] {
  return state.children.inStartOrder
    .toReversed()
    .map(({ spec: { id, type }, pid }) => ({ id, pid, type }));
}

function countChildrenOf(state: SupervisorState): ChildCounts {
  const all = state.children.inStartOrder;
  const supervisors = all.filter(({ spec }) => spec.type === 'supervisor').length;
  return {
    specs: all.length,
    active: all.filter(({ pid }) => typeof pid === 'object').length,
    supervisors,
    workers: all.length - supervisors,
  };
}

function stateOf(supervisor: Pid): SupervisorState | undefined {
  const cell = cellOf(supervisor);
  return cell instanceof ServerProcess && cell.state instanceof SupervisorState
    ? cell.state
    : undefined;
}

function assertOptions(options: SupervisorOptions): void {
  const { strategy, children: specs, maxRestarts = 3, maxSeconds = 5 } = options;
  if (strategy !== 'oneForOne') {
    throw new TypeError(`Expected strategy to be 'oneForOne', got ${describe(strategy)}`);
  }
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0) {
    throw new RangeError(
      `Expected maxRestarts to be a whole number from 0 on, got ${describe(maxRestarts)}`,
    );
  }
  if (!(maxSeconds > 0)) {
    throw new RangeError(`Expected maxSeconds to be above 0, got ${describe(maxSeconds)}`);
  }
  if (!Array.isArray(specs)) {
    throw new TypeError(`Expected children to be an array of child specs, got ${describe(specs)}`);
  }
  assertUniqueIds(specs);
}

function assertUniqueIds(specs: readonly ChildSpec[]): void {
  const ids = new Set<string>();
  for (const spec of specs) {
    assertChildSpec(spec);
    if (ids.has(spec.id)) {
      throw new TypeError(`Expected children with different ids, got ${describe(spec.id)} twice`);
    }
    ids.add(spec.id);
  }
}
