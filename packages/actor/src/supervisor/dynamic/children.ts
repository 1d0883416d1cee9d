import type { AnyChildSpec } from '../../child-spec.ts';
import type { Pid } from '../../process/pid.ts';
import { type Child, kept } from '../children.ts';

/** A child that is known by its pid: while it is to be started again, by the one that it had. */
export interface DynamicChild extends Child {
  key: Pid;
}

/**
 * The children of a dynamic supervisor, found by pid and counted as they come and go: nothing here
 * takes longer the more they are.
 */
export class DynamicChildren {
  readonly #byKey: Map<Pid, DynamicChild> = new Map();
  #restarting = 0;
  #supervisors = 0;

  /** All, those too that are to be started again. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Those that run. */
  get active(): number {
    return this.#byKey.size - this.#restarting;
  }

  get supervisors(): number {
    return this.#supervisors;
  }

  /** The pid may be the one that a child had which is to be started again. */
  get(pid: Pid): DynamicChild | undefined {
    return this.#byKey.get(pid);
  }

  has(child: DynamicChild): boolean {
    return this.#byKey.get(child.key) === child;
  }

  add(spec: AnyChildSpec, pid: Pid, startedAt: number): void {
    this.#byKey.set(pid, {
      spec: kept(spec),
      key: pid,
      pid,
      restarts: 0,
      inARow: 0,
      startedAt,
      retry: undefined,
    });
    this.#supervisors += spec.type === 'supervisor' ? 1 : 0;
  }

  delete(child: DynamicChild): void {
    if (this.#byKey.delete(child.key)) {
      this.#restarting -= child.pid === 'restarting' ? 1 : 0;
      this.#supervisors -= child.spec.type === 'supervisor' ? 1 : 0;
    }
  }

  setRestarting(child: DynamicChild): void {
    this.#restarting += child.pid === 'restarting' ? 0 : 1;
    child.pid = 'restarting';
  }

  /** It has been started again. */
  setPid(child: DynamicChild, pid: Pid, startedAt: number): void {
    this.#restarting -= child.pid === 'restarting' ? 1 : 0;
    this.#byKey.delete(child.key);
    this.#byKey.set(pid, child);
    child.key = child.pid = pid;
    child.startedAt = startedAt;
  }

  [Symbol.iterator](): Iterator<DynamicChild> {
    return this.#byKey.values();
  }
}
