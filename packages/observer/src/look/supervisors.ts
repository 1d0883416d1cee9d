import { type Pid, processes, type System } from '@reprise/actor';
import { type SupervisedChild, type SupervisorInfo, supervisorInfo } from '@reprise/actor/inspect';

import type { RecentRestarts } from '../recording/restarts.ts';

/** Who starts a child again: its supervisor, or the first one above it that runs. */
export interface Keeper {
  readonly pid: Pid;
  readonly info: SupervisorInfo;
  /** The child, or the supervisor that is to be started before it. */
  readonly child: SupervisedChild;
  /** Whether `child` is the child itself. */
  readonly isOwn: boolean;
}

/** A supervisor at one moment, and its children by their ids. */
interface Known {
  readonly info: SupervisorInfo;
  readonly children: ReadonlyMap<string, SupervisedChild>;
}

/** The supervisors of a system at one moment: of a thousand children of one, it is asked once. */
export class Supervisors {
  readonly #system: System;
  readonly #known: Map<Pid, Known | undefined> = new Map();
  #pids: ReadonlyMap<number, Pid> | undefined = undefined;

  constructor(system: System) {
    this.#system = system;
  }

  /** `undefined` for one that has ended. */
  infoOf(supervisor: Pid): SupervisorInfo | undefined {
    return this.#of(supervisor)?.info;
  }

  /** Of several children of one id, one that does not run is meant. */
  childOf(supervisor: Pid, id: string): SupervisedChild | undefined {
    return this.#of(supervisor)?.children.get(id);
  }

  /** `undefined` if nobody is to start the child again. */
  keeperOf({ supervisor, above, id }: RecentRestarts): Keeper | undefined {
    const info = this.infoOf(supervisor);
    if (info !== undefined) {
      return keeper(supervisor, info, this.childOf(supervisor, id), true);
    }
    let below = supervisor.id;
    for (const one of above) {
      const pid = this.#pidOf(one);
      const infoAbove = pid && this.infoOf(pid);
      if (pid !== undefined && infoAbove !== undefined) {
        const child = infoAbove.children.find(({ lastPid }) => lastPid?.id === below);
        return keeper(pid, infoAbove, child, false);
      }
      below = one;
    }
    return undefined;
  }

  #of(supervisor: Pid): Known | undefined {
    if (!this.#known.has(supervisor)) {
      const info = supervisorInfo(supervisor);
      this.#known.set(supervisor, info && { info, children: childrenById(info) });
    }
    return this.#known.get(supervisor);
  }

  #pidOf(id: number): Pid | undefined {
    this.#pids ??= new Map(processes(this.#system).map((pid) => [pid.id, pid]));
    return this.#pids.get(id);
  }
}

function childrenById({ children }: SupervisorInfo): ReadonlyMap<string, SupervisedChild> {
  const byId = new Map<string, SupervisedChild>();
  for (const child of children) {
    if ((byId.get(child.id)?.state ?? 'running') === 'running') {
      byId.set(child.id, child);
    }
  }
  return byId;
}

function keeper(
  pid: Pid,
  info: SupervisorInfo,
  child: SupervisedChild | undefined,
  isOwn: boolean,
): Keeper | undefined {
  return child === undefined || isStopped(child, info) ? undefined : { pid, info, child, isOwn };
}

/** Not those that wait with a sibling for the restart of their group. */
function isStopped({ state }: SupervisedChild, { strategy, children }: SupervisorInfo): boolean {
  return (
    state === 'stopped' &&
    (strategy === 'oneForOne' || !children.some((other) => other.state === 'restarting'))
  );
}
