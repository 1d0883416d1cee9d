import type { Pid } from '../../process/pid.ts';
import type { Child, ChildTable } from '../children.ts';

/**
 * The children of a dynamic supervisor, known by their pids and counted as they come and go: no
 * operation takes longer the more children there are. A child that is being restarted is found by
 * the pid of its last process.
 */
export class DynamicChildren implements ChildTable {
  readonly #byLastPid: Map<Pid, Child> = new Map();
  #idle = 0;
  #supervisors = 0;

  /** All children, including those that are being restarted. */
  get size(): number {
    return this.#byLastPid.size;
  }

  /** Those that run. */
  get active(): number {
    return this.size - this.#idle;
  }

  get supervisors(): number {
    return this.#supervisors;
  }

  /** The child that runs as `pid`, or ran as `pid` and is being restarted. */
  get(pid: Pid): Child | undefined {
    return this.#byLastPid.get(pid);
  }

  runningAs(pid: Pid): Child | undefined {
    const child = this.#byLastPid.get(pid);
    return child?.pid === pid ? child : undefined;
  }

  has(child: Child): boolean {
    return child.lastPid !== undefined && this.#byLastPid.get(child.lastPid) === child;
  }

  /** With its first pid a child is added. */
  setPid(child: Child, pid: Child['pid']): void {
    const isKnown = this.has(child);
    if (isKnown) {
      this.#idle += Number(isIdle(pid)) - Number(isIdle(child.pid));
    }
    child.pid = pid;
    if (typeof pid === 'object') {
      if (isKnown) {
        this.#byLastPid.delete(child.lastPid as Pid);
      } else {
        this.#supervisors += Number(isSupervisor(child));
      }
      child.lastPid = pid;
      this.#byLastPid.set(pid, child);
    }
  }

  /** No spec is kept: a child that does not run is not a child. */
  release(child: Child): void {
    if (this.has(child)) {
      this.#byLastPid.delete(child.lastPid as Pid);
      this.#idle -= Number(isIdle(child.pid));
      this.#supervisors -= Number(isSupervisor(child));
    }
  }

  [Symbol.iterator](): Iterator<Child> {
    return this.#byLastPid.values();
  }
}

function isIdle(pid: Child['pid']): boolean {
  return typeof pid !== 'object';
}

function isSupervisor({ spec }: Child): boolean {
  return spec.type === 'supervisor';
}
