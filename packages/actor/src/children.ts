import type { AnyChildSpec, ChildSpec } from './child-spec.ts';
import type { Pid } from './pid.ts';

/** A child of a supervisor: its spec, and the process that runs by it now. */
export interface Child {
  spec: ChildSpec;
  /** `undefined` when it does not run, `'restarting'` while it is to be started again: its restart failed, or waits for its delay. */
  pid: Pid | 'restarting' | undefined;
  /** Restarts, in all. */
  restarts: number;
  /** Restarts since it last lived long enough: what a restart delay grows with. */
  inARow: number;
  /** When the process was started that runs, or ran last, on the system's clock; `Infinity` when that has had its say in the delay. */
  startedAt: number;
  /** The trial that it waits for while it is `'restarting'`; any other is out of date. */
  retry: object | undefined;
}

/** What is kept of a spec once its child runs: a temporary child is not started again, so not what its start holds. */
export function kept(spec: AnyChildSpec): ChildSpec {
  return spec.restart === 'temporary' ? { ...spec, start: neverAgain } : (spec as ChildSpec);
}

const neverAgain = (): Promise<undefined> => Promise.resolve(undefined);

/** The children of a supervisor in start order, found by id and by pid. */
export class Children {
  readonly #inOrder: Set<Child> = new Set();
  /**
   * `undefined` for an id that was deleted. A `Map` keeps what is deleted in its chains until it is laid out anew: an id that comes and goes, among many that stay,
   * would be sought among all its own remains.
   */
  readonly #byId: Map<string, Child | undefined> = new Map();
  readonly #byPid: Map<Pid, Child> = new Map();

  get(id: string): Child | undefined {
    return this.#byId.get(id);
  }

  of(pid: Pid): Child | undefined {
    return this.#byPid.get(pid);
  }

  /** Adds it as the last in start order. */
  add(spec: ChildSpec): Child {
    const child: Child = {
      spec,
      pid: undefined,
      restarts: 0,
      inARow: 0,
      startedAt: Infinity,
      retry: undefined,
    };
    this.#byId.set(spec.id, child);
    this.#inOrder.add(child);
    return child;
  }

  delete(child: Child): void {
    this.setPid(child, undefined);
    this.#inOrder.delete(child);
    this.#byId.set(child.spec.id, undefined);
    if (this.#byId.size > 2 * this.#inOrder.size + fewRemains) {
      this.#forgetDeleted();
    }
  }

  /** So seldom that it costs next to nothing for each that was deleted. */
  #forgetDeleted(): void {
    for (const [id, child] of this.#byId) {
      if (child === undefined) {
        this.#byId.delete(id);
      }
    }
  }

  setPid(child: Child, pid: Child['pid']): void {
    if (typeof child.pid === 'object') {
      this.#byPid.delete(child.pid);
    }
    child.pid = pid;
    if (typeof pid === 'object') {
      this.#byPid.set(pid, child);
    }
  }

  /** A copy: children may come and go while it is gone through. */
  get inStartOrder(): readonly Child[] {
    return [...this.#inOrder];
  }

  /** The child, and all that were started after it. */
  from(child: Child): readonly Child[] {
    const all = this.inStartOrder;
    return all.slice(all.indexOf(child));
  }
}

const fewRemains = 8;
