import type { AnyChildSpec, ChildSpec } from '../child-spec.ts';
import { KeyTable } from '../collections/key-table.ts';
import type { Pid } from '../process/pid.ts';

/** A child of a supervisor: its spec, and the process that runs by it now. */
export interface Child {
  spec: ChildSpec;
  /**
   * `undefined` while the child does not run, `'restarting'` while the supervisor is about to start
   * it again: its restart failed, or waits for its delay.
   */
  pid: Pid | 'restarting' | undefined;
  /** The last process that ran; `undefined` before the first. */
  lastPid: Pid | undefined;
  /** All restarts since the supervisor was started. */
  restarts: number;
  /**
   * Restarts since the last run that was long enough to be healthy: a restart delay grows by it.
   */
  consecutiveRestarts: number;
  /**
   * When the process was started that runs, or ran last, on the system's clock. `Infinity` once the
   * length of that run has been used to reset the restart delay: it counts once.
   */
  startedAt: number;
  /** The retry that a `'restarting'` child waits for; all others are stale. */
  retry: object | undefined;
  /** How its last process, or its last attempt to start, ended. */
  lastEnd: LastEnd | undefined;
  /** The delay that its restart waits for. */
  wait: RestartWait | undefined;
}

/** An end of a child. As text: an error would keep all that it refers to in memory. */
export interface LastEnd {
  /** On the system's clock. */
  readonly at: number;
  readonly reason: string;
  readonly isAbnormal: boolean;
}

/** The pause before a restart. */
export interface RestartWait {
  /** How long it is, in ms, as it was drawn. */
  readonly delay: number;
  /** When the child is started, on the system's clock. */
  readonly until: number;
}

export function createChild(spec: AnyChildSpec): Child {
  return {
    spec: spec as ChildSpec,
    pid: undefined,
    lastPid: undefined,
    restarts: 0,
    consecutiveRestarts: 0,
    startedAt: Infinity,
    retry: undefined,
    lastEnd: undefined,
    wait: undefined,
  };
}

/**
 * The part of a spec that a supervisor keeps once the child runs. A temporary child is never
 * started again, thus its `start` is dropped with all that the closure holds.
 */
export function specToKeep(spec: ChildSpec): ChildSpec {
  return spec.restart === 'temporary' ? { ...spec, start: neverAgain } : spec;
}

const neverAgain = <None extends undefined>(): Promise<None> => Promise.resolve(undefined as None);

/** The children of a supervisor of any kind. */
export interface ChildTable extends Iterable<Child> {
  has(child: Child): boolean;
  /** The child whose process is `pid` now; not one that ran as `pid` before. */
  runningAs(pid: Pid): Child | undefined;
  setPid(child: Child, pid: Child['pid']): void;
  /** Forgets a child that does not run and is not to be restarted, unless its spec is kept. */
  release(child: Child): void;
}

/** The children of a static supervisor in start order, found by id and by pid. */
export class Children implements ChildTable {
  readonly #inOrder: Set<Child> = new Set();
  readonly #byId: KeyTable<Child> = new KeyTable();
  readonly #byPid: Map<Pid, Child> = new Map();

  get(id: string): Child | undefined {
    return this.#byId.get(id);
  }

  has(child: Child): boolean {
    return this.#inOrder.has(child);
  }

  runningAs(pid: Pid): Child | undefined {
    return this.#byPid.get(pid);
  }

  /** Adds a child as the last in start order. */
  add(spec: ChildSpec): Child {
    const child = createChild(spec);
    this.#byId.set(spec.id, child);
    this.#inOrder.add(child);
    return child;
  }

  setPid(child: Child, pid: Child['pid']): void {
    if (typeof child.pid === 'object') {
      this.#byPid.delete(child.pid);
    }
    child.pid = pid;
    if (typeof pid === 'object') {
      child.lastPid = pid;
      this.#byPid.set(pid, child);
    }
  }

  /** Only the spec of a temporary child is not kept. */
  release(child: Child): void {
    if (child.spec.restart === 'temporary') {
      this.delete(child);
    }
  }

  delete(child: Child): void {
    this.setPid(child, undefined);
    this.#inOrder.delete(child);
    this.#byId.delete(child.spec.id);
  }

  [Symbol.iterator](): Iterator<Child> {
    return this.#inOrder.values();
  }

  /** A copy: children can be added and deleted while a caller goes through it. */
  get inStartOrder(): readonly Child[] {
    return [...this.#inOrder];
  }

  /** The child, and all that were started after it. */
  from(child: Child): readonly Child[] {
    const all = this.inStartOrder;
    return all.slice(all.indexOf(child));
  }
}

/** The answer of a supervisor about one child. */
export interface ChildInfo {
  readonly id: string;
  readonly pid: Child['pid'];
  readonly type: 'worker' | 'supervisor';
}

/** How many children a supervisor has. */
export interface ChildCounts {
  /** All children, running or not. */
  readonly specs: number;
  /** Those that run. */
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

export function infoOf({ spec: { id, type }, pid }: Child): ChildInfo {
  return { id, pid, type };
}

export function countsOf(children: readonly Child[]): ChildCounts {
  const supervisors = children.filter(({ spec }) => spec.type === 'supervisor').length;
  return {
    specs: children.length,
    active: children.filter(({ pid }) => typeof pid === 'object').length,
    supervisors,
    workers: children.length - supervisors,
  };
}
