import type { ChildSpec } from './child-spec.ts';
import type { Pid } from './pid.ts';

/** A child of a supervisor: its spec, and the process that runs by it now. */
export interface Child {
  readonly spec: ChildSpec;
  /** `undefined` when it does not run, `'restarting'` while its restart failed and is to be tried again. */
  pid: Pid | 'restarting' | undefined;
}

/** The children of a supervisor in start order, found by id and by pid. */
export class Children {
  readonly #byId: Map<string, Child> = new Map();
  readonly #byPid: Map<Pid, Child> = new Map();

  get(id: string): Child | undefined {
    return this.#byId.get(id);
  }

  of(pid: Pid): Child | undefined {
    return this.#byPid.get(pid);
  }

  /** Adds it as the last in start order. */
  add(spec: ChildSpec): Child {
    const child: Child = { spec, pid: undefined };
    this.#byId.set(spec.id, child);
    return child;
  }

  delete(child: Child): void {
    this.setPid(child, undefined);
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

  get inStartOrder(): readonly Child[] {
    return [...this.#byId.values()];
  }
}
