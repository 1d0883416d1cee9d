import type { AnyChildSpec, ChildSpec } from '../child-spec.ts';
import { KeyTable } from '../collections/key-table.ts';
import type { Pid } from '../process/pid.ts';

/** A child of a supervisor: its spec, and the process that runs by it now. */
export interface Child {
  spec: ChildSpec;
  /**
   * `undefined` when it does not run, `'restarting'` while it is to be started again: its restart
   * failed, or waits for its delay.
   */
  pid: Pid | 'restarting' | undefined;
  /** Restarts, in all. */
  restarts: number;
  /** Restarts since it last lived long enough: what a restart delay grows with. */
  inARow: number;
  /**
   * When the process was started that runs, or ran last, on the system's clock; `Infinity` when
   * that has had its say in the delay.
   */
  startedAt: number;
  /** The trial that it waits for while it is `'restarting'`; any other is out of date. */
  retry: object | undefined;
}

/**
 * What is kept of a spec once its child runs: a temporary child is not started again, so not what
 * its start holds.
 */
export function kept(spec: AnyChildSpec): ChildSpec {
  return spec.restart === 'temporary' ? { ...spec, start: neverAgain } : (spec as ChildSpec);
}

const neverAgain = (): Promise<undefined> => Promise.resolve(undefined);

/** The children of a supervisor in start order, found by id and by pid. */
export class Children {
  readonly #inOrder: Set<Child> = new Set();
  readonly #byId: KeyTable<Child> = new KeyTable();
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
    this.#byId.delete(child.spec.id);
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
