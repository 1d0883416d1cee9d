import type { Child } from './children.ts';

/** What a supervisor tells of a child. */
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
