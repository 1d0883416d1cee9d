import { isA } from '../brand.ts';
import type { Restart, Shutdown } from '../child-spec.ts';
import { cellOf } from '../process/cell.ts';
import type { Pid } from '../process/pid.ts';
import { childStateOf } from '../supervisor/child-state.ts';
import type { Child, LastEnd, RestartWait } from '../supervisor/children.ts';
import type { Strategy } from '../supervisor/rules.ts';
import { supervisorStateOf } from '../supervisor/state.ts';
import { StaticState } from '../supervisor/static-state.ts';

export type { LastEnd, RestartWait } from '../supervisor/children.ts';

/** A supervisor at one moment, as plain data. */
export interface SupervisorInfo {
  readonly strategy: Strategy;
  /** Whether its children are started on demand: it is a `DynamicSupervisor`. */
  readonly isDynamic: boolean;
  readonly maxRestarts: number;
  /** In seconds. */
  readonly maxSeconds: number;
  /** How many restarts count now: with more than `maxRestarts` it gives up. */
  readonly countingRestarts: number;
  /** When it was started, on the system's clock. */
  readonly startedAt: number;
  /** In start order. */
  readonly children: readonly SupervisedChild[];
}

/** A child of a supervisor at one moment. */
export interface SupervisedChild {
  /** Children of a dynamic supervisor can have equal ids. */
  readonly id: string;
  readonly type: 'worker' | 'supervisor';
  readonly restart: Restart;
  /** How long it may take to stop, in ms. */
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  /** As in `Supervisor.tree`. */
  readonly state: 'running' | 'restarting' | 'stopped';
  /** `undefined` while it does not run. */
  readonly pid: Pid | undefined;
  /** The process that runs or ran last; `undefined` before the first. */
  readonly lastPid: Pid | undefined;
  /** The number of restarts since its supervisor was started. */
  readonly restarts: number;
  /** When its process was started, on the system's clock; `undefined` while it does not run. */
  readonly startedAt: number | undefined;
  /**
   * How the process before this one ended, or the last attempt to start one. `undefined` while a
   * process has ended and its supervisor, which is busy, has not handled that.
   */
  readonly lastEnd: LastEnd | undefined;
  /** The delay that its restart waits for; `undefined` if it waits for none. */
  readonly wait: RestartWait | undefined;
}

/**
 * A supervisor and its children as they are now, also while it starts these; `undefined` for a
 * process that is not a supervisor, or has ended. It sends no message, and thus does not wait for a
 * supervisor that is busy.
 * @throws TypeError for anything but a pid
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 * import { supervisorInfo } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * const { countingRestarts, maxRestarts, children = [] } = supervisorInfo(app) ?? {};
 * console.log(`${countingRestarts} of ${maxRestarts}`); // 0 of 3
 * console.log(children.map(({ id, state, restart }) => [id, state, restart])); // [ [ 'counter', 'running', 'permanent' ] ]
 * await system.stop();
 * ```
 */
export function supervisorInfo(pid: Pid): SupervisorInfo | undefined {
  const state = supervisorStateOf(cellOf(pid));
  return (
    state && {
      strategy: state.strategy,
      isDynamic: !isA(state, StaticState),
      maxRestarts: state.intensity.maxRestarts,
      maxSeconds: state.intensity.maxSeconds,
      countingRestarts: state.countingRestarts,
      startedAt: state.startedAt,
      children: Array.from(state.children, infoOf),
    }
  );
}

function infoOf(child: Child): SupervisedChild {
  const { id, type, restart, shutdown, significant } = child.spec;
  const { pid, lastPid, restarts, startedAt, lastEnd, wait } = child;
  const state = childStateOf(child);
  const isRunning = typeof pid === 'object' && state === 'running';
  return {
    id,
    type,
    restart,
    shutdown,
    significant,
    state,
    pid: isRunning ? pid : undefined,
    lastPid,
    restarts,
    startedAt: isRunning ? startedAt : undefined,
    lastEnd: isRunning || typeof pid !== 'object' ? lastEnd : undefined,
    wait,
  };
}
